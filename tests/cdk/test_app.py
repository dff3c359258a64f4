"""app.py says in one line what is wrong, and synthesizes a bare clone."""

import json
from pathlib import Path

import pytest

from tests.cdk.assembly import Assembly, finish, start
from tools.setup import ROOT


@pytest.mark.parametrize(
    ("context", "says"),
    [
        ({"env": "stage"}, "error: environment is stage, which is not supported: choose from dev, prod"),
        ({"env": "dev", "account": "123456789012"}, "error: cluster.allowed_cidrs[0], edge.domain, edge.zone_name"),
    ],
)
def test_a_wrong_setting_is_one_line_and_nothing_is_synthesized(
    tmp_path: Path, context: dict[str, str], says: str
) -> None:
    status, _, err = finish(start(tmp_path / "out", **context))
    assert status == 1
    assert err.startswith(says)
    assert err.count("\n") == 1
    assert not (tmp_path / "out" / "manifest.json").exists()


def test_a_bare_clone_says_that_it_was_made_of_examples(assembly: Assembly) -> None:
    env = assembly.env.name
    assert assembly.said.startswith(f"note: {env} is made of example values and cannot be deployed: account, ")


def test_findings_are_errors_and_references_between_stacks_can_be_changed() -> None:
    context = json.loads((ROOT / "cdk.json").read_text())["context"]
    assert context["@aws-cdk/core:validateAgainstDefaultRules"] is True
    assert context["@aws-cdk/core:defaultCrossStackReferences"] == "weak"
    assert context["@aws-cdk/aws-eks:defaultToAL2023"] is True
    assert context["cli-telemetry"] is False


def test_zones_of_the_examples_need_no_account_to_be_known() -> None:
    known = json.loads((ROOT / "cdk.context.json").read_text())
    assert known["availability-zones:account=111122223333:region=eu-west-1"] == [f"eu-west-1{zone}" for zone in "abc"]


def test_the_command_line_is_pinned_and_understands_the_library() -> None:
    package = json.loads((ROOT / "tools" / "cdk-cli" / "package.json").read_text())
    lock = json.loads((ROOT / "tools" / "cdk-cli" / "package-lock.json").read_text())
    assert package["dependencies"] == {"aws-cdk": "2.1148.1"}
    assert lock["packages"]["node_modules/aws-cdk"]["version"] == "2.1148.1"
