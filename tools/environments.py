"""The environment of ENV=, refused before anything is installed for it. Plain Python: neither the CDK nor a package."""

from collections.abc import Mapping

from cdk import names
from cdk.settings import ENVIRONMENTS, Environment, SettingsError, environment, refuse_examples
from tools.console import Failure

# By their modules: what changes or looks into one environment, and what takes one by its name where it is given.
NEEDED = frozenset(f"release.{name}" for name in ("deploy", "destroy", "grafana", "promote", "rollback"))
TAKEN = frozenset({"release.changes", "release.green", "synth"})


def refuse(tool: str, variables: Mapping[str, str], *, dry_run: bool) -> None:
    """Failure when this tool could only end with one, and nothing otherwise. Some ask for nothing but a name."""
    if tool in NEEDED:
        chosen(variables, dry_run=dry_run or tool == "release.grafana")
    elif tool in TAKEN and (name := variables.get("ENV", "")):
        _named(name)


def chosen(variables: Mapping[str, str], *, dry_run: bool) -> Environment:
    """Failure when there is none, when it holds examples, or prod lacks its confirmation, unless nothing runs."""
    settings = _named(variables.get("ENV", ""))
    if dry_run:
        return settings
    try:
        refuse_examples(settings)
    except SettingsError as error:
        raise Failure(str(error)) from None
    confirmation = names.prefix(settings.name)
    if settings.protected and variables.get("CONFIRM") != confirmation:
        raise Failure(f"{settings.name} is protected: say CONFIRM={confirmation} if you mean it")
    return settings


def _named(name: str) -> Environment:
    if not name:
        raise Failure(f"name the environment: {' or '.join(f'ENV={each}' for each in ENVIRONMENTS)}")
    try:
        return environment(name)
    except SettingsError as error:
        raise Failure(str(error)) from None
