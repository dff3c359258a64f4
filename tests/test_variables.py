"""docs/settings.md: every variable that can be set, what it means and what it is when it is not set."""

import re
from collections.abc import Iterator, Mapping

from backend.psp.options import VARIABLES, PspOptions
from backend.settings import Settings
from backend.variables import settings_page
from tests.shop import ROOT
from tests.test_cli import backend

REQUIRED = {"ENVIRONMENT": "test", "PSP_API_KEY": "key", "PSP_WEBHOOK_SECRET": "secret"}


def rows() -> dict[str, list[str]]:
    """By the variable: its default and its meaning."""
    cells = re.findall(r"^\| `([A-Z_]+)` \| (.*) \| (.*) \|$", settings_page(), re.MULTILINE)
    return {name: [default, meaning] for name, default, meaning in cells}


def test_the_page_is_what_the_settings_say() -> None:
    kept = (ROOT / "docs" / "settings.md").read_text()
    assert kept == settings_page(), "run: python -m backend settings > docs/settings.md"


async def test_the_command_prints_it_and_needs_no_settings() -> None:
    ended = await backend("settings", SECRET_KEY="", DATABASE_URL="")
    assert (ended.code, ended.err, ended.out) == (0, [], settings_page().splitlines())


def test_every_setting_is_there_with_a_sentence() -> None:
    listed = rows()
    assert {name.upper() for name in Settings.model_fields} | set(VARIABLES) == set(listed)
    assert [name for name, (_, meaning) in listed.items() if not re.fullmatch(r"\S.*\.", meaning)] == []


def test_what_must_be_set_and_what_depends_on_the_environment_can_be_seen() -> None:
    listed = rows()
    assert [name for name, (default, _) in listed.items() if default == "required"] == [
        "SECRET_KEY", "DATABASE_URL", "PSP_API_KEY", "PSP_WEBHOOK_SECRET"
    ]  # fmt: skip
    assert listed["LIMIT_REQUESTS_PER_SECOND"][0] == "`0`; in `dev` and `prod` `20`"
    assert listed["HOLD_SECONDS"] == ["`600`", "Seconds for which tickets are held. 1 to 86,400."]
    assert listed["SES"][0] == "`off`"
    assert listed["EVENTS"][1].endswith("One of `postgres`, `sns`.")


class Asked(Mapping[str, str]):
    """Variables that remember which of them were asked for."""

    def __init__(self, variables: Mapping[str, str]) -> None:
        self.variables, self.names = variables, set[str]()

    def __getitem__(self, name: str) -> str:
        self.names.add(name)
        return self.variables[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self.variables)

    def __len__(self) -> int:
        return len(self.variables)


def test_the_test_provider_reads_the_variables_of_its_list_and_their_defaults_are_its_own() -> None:
    asked = Asked(REQUIRED)
    made = PspOptions.from_env(asked)
    assert asked.names == {"ENVIRONMENT", *VARIABLES}
    defaults = {name: default for name, (default, _) in VARIABLES.items() if default != "required"}
    assert PspOptions.from_env({**defaults, **REQUIRED}) == made == PspOptions(
        environment="test", api_key="key", webhook_secret="secret"
    )  # fmt: skip
