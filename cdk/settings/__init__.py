"""What an environment is: `environment("dev")`. Plain Python without the CDK, so that reading a number costs nothing.

The committed values are examples: enough to synthesize, refused when a real account is given.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from cdk.settings.checks import SettingsError, apart, check, one_of
from cdk.settings.environment import EXAMPLE_ACCOUNT, Environment, examples, refuse_examples

__all__ = ["ENVIRONMENTS", "Environment", "SettingsError", "environment", "examples", "readers", "refuse_examples"]

ENVIRONMENTS = ("dev", "prod")


def environment(name: str, *, account: str | None = None, region: str | None = None) -> Environment:
    """The settings of dev or prod, with the account and region put in their place when given.

    SettingsError, in one line that names the setting: an unknown environment, settings that cannot be, or examples
    beside a real account, which would be deployed.
    """
    one_of("environment", name, ENVIRONMENTS)
    committed = _committed()
    chosen = committed[name]
    moved = replace(chosen, account=account or chosen.account, region=region or chosen.region)
    if moved.account != EXAMPLE_ACCOUNT:
        refuse_examples(moved)
    if moved.account != chosen.account:
        _check_providers({**committed, name: moved}, only=moved.account)
    return moved


def readers(env: Environment) -> tuple[str, ...]:
    """Other accounts that take its images; examples are nobody's to let in."""
    takers = {each.account for each in _committed().values() if each.delivery.images_from == env.name}
    return tuple(sorted(takers - {env.account, EXAMPLE_ACCOUNT}))


def _committed() -> dict[str, Environment]:
    from cdk.settings.dev import DEV  # noqa: PLC0415 - a mistake in there is to be reported, not to break the import
    from cdk.settings.prod import PROD  # noqa: PLC0415

    all_of_them = {each.name: each for each in (DEV, PROD)}
    apart({f"{name}: network.cidr": each.network.cidr for name, each in all_of_them.items()})
    for name, each in all_of_them.items():
        if source := each.delivery.images_from:
            one_of(f"{name}: delivery.images_from", source, tuple(other for other in all_of_them if other != name))
    _check_providers(all_of_them)
    return all_of_them


def _check_providers(environments: Mapping[str, Environment], only: str = "") -> None:
    """Of every account, or of one."""
    for account in {each.account for each in environments.values() if not only or each.account == only}:
        _check_provider(account, [each for each in environments.values() if each.account == account])


def _check_provider(account: str, members: list[Environment]) -> None:
    """An account has exactly one identity provider for GitHub, which none of ours can take with it from another.

    account: of all members.
    """
    who = " and ".join(each.name for each in members)
    makers = sum(each.delivery.makes_provider for each in members)
    setting = "delivery.makes_provider"
    if any(each.delivery.has_provider for each in members):
        check(setting, makers == 0, f"is set in account {account}, of which delivery.has_provider says it has one")
        return
    check(setting, makers <= 1, f"is set twice for one account, {account} of {who}: set it once")
    check(
        setting,
        makers == 1,
        f"is not set for {who}, alone in account {account}, so nobody could deploy there: set it for one of them, "
        "or delivery.has_provider where the account has a provider already",
    )
    for each in members:
        lasts = len(members) == 1 or each.protected or not each.delivery.makes_provider
        others = " and ".join(other.name for other in members if other is not each)
        check(setting, lasts, f"is set for {each.name}, which would take it away from {others}: set it for {others}")
