"""One build from one file: all that follows changes together, and nothing else is left lying about."""

from pathlib import Path

import pytest

from slo import build
from slo.spec import load_spec
from tests.slo.edited import edited

RULES, RULE_TESTS, DASHBOARDS = "slo/out/rules.yaml", "slo/out/tests", "slo/out/dashboards"
EXPORT, THRESHOLDS, PROMISE, POLICY = (
    "slo/out/openslo.yaml", "loadtests/thresholds.js", "docs/slos.md", "docs/error-budgets.md",
)  # fmt: skip


Files = dict[Path, str]


@pytest.fixture(scope="module")
def made() -> Files:
    """What follows from slo.yaml as it is."""
    return build.files(load_spec())


def kinds(paths: set[Path]) -> set[str]:
    """The files, those of one folder together."""
    folders = (RULE_TESTS, DASHBOARDS)
    return {next((folder for folder in folders if path.is_relative_to(folder)), str(path)) for path in paths}


@pytest.mark.parametrize(
    ("change", "follows"),
    [
        (
            ("availability: {target: 0.999}", "availability: {target: 0.9995}"),
            {RULES, RULE_TESTS, DASHBOARDS, EXPORT, THRESHOLDS, PROMISE},
        ),
        (
            ("- {target: 0.95, under: 0.8}", "- {target: 0.96, under: 0.6}"),
            {RULES, RULE_TESTS, DASHBOARDS, EXPORT, THRESHOLDS, PROMISE},
        ),
        (("coverage: 0.9 ", "coverage: 0.8 "), {RULES, RULE_TESTS, DASHBOARDS, PROMISE, POLICY}),
    ],
    ids=["a target", "a threshold", "a limit of the gate"],
)
def test_a_change_reaches_everything_that_follows_from_it(
    made: Files, change: tuple[str, str], follows: set[str], tmp_path: Path
) -> None:
    others = build.files(load_spec(edited(tmp_path, change)))
    assert kinds({path for path, text in others.items() if made.get(path) != text}) >= follows


def test_what_is_committed_follows_from_slo_yaml(made: Files) -> None:
    assert build.differing(made) == [], "run `make slo`"


def test_a_second_build_only_removes_what_nothing_makes(made: Files, tmp_path: Path) -> None:
    assert build.build(load_spec(), tmp_path) == sorted(made)
    left_over = tmp_path / "slo" / "out" / "dashboards" / "former.json"
    left_over.write_text("{}")
    assert build.build(load_spec(), tmp_path) == [left_over.relative_to(tmp_path)]
    assert not left_over.exists()
