"""What an environment is: `environment("dev")`. Plain Python without the CDK, so that reading a number costs nothing.

The committed values are examples: enough to synthesize, refused when a real account is given.
"""

from __future__ import annotations

from dataclasses import replace

from cdk.settings.checks import SettingsError, apart, check, one_of
from cdk.settings.environment import EXAMPLE_ACCOUNT, Environment, examples, refuse_examples

__all__ = ["ENVIRONMENTS", "Environment", "SettingsError", "environment", "examples", "refuse_examples"]

ENVIRONMENTS = ("dev", "prod")


def environment(name: str, *, account: str | None = None, region: str | None = None) -> Environment:
    """The settings of dev or prod, with the account and region put in their place when given.

    SettingsError, in one line that names the setting: an unknown environment, settings that cannot be, or examples
    beside a real account, which would be deployed.
    """
    one_of("environment", name, ENVIRONMENTS)
    chosen = _committed()[name]
    chosen = replace(chosen, account=account or chosen.account, region=region or chosen.region)
    if chosen.account != EXAMPLE_ACCOUNT:
        refuse_examples(chosen)
    return chosen


def _committed() -> dict[str, Environment]:
    from cdk.settings.dev import DEV  # noqa: PLC0415 - a mistake in there is to be reported, not to break the import
    from cdk.settings.prod import PROD  # noqa: PLC0415

    all_of_them = {each.name: each for each in (DEV, PROD)}
    apart({f"{name}: network.cidr": each.network.cidr for name, each in all_of_them.items()})
    makers = [each.account for each in all_of_them.values() if each.delivery.makes_provider]
    check("delivery.makes_provider", len(set(makers)) == len(makers), "is set twice for one account: set it once")
    return all_of_them
