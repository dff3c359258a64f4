"""The security rules find nothing that is not accepted, and nothing is accepted that they no longer find."""

import json
from collections.abc import Mapping

import pytest

from cdk.settings import ENVIRONMENTS
from tests.cdk.assembly import Assembly

Findings = Mapping[str, Mapping[str, list[list[str]]]]


def covers(accepted: list[str], found: list[str]) -> bool:
    path, rule, _ = accepted
    return found[1] == rule and (found[0] == path or found[0].startswith(f"{path}/"))


def test_the_report_of_the_synthesis_lists_no_violation(assembly: Assembly) -> None:
    report = json.loads((assembly.folder / "validation-report.json").read_text())
    assert report["pluginReports"]
    assert [violation for plugin in report["pluginReports"] for violation in plugin["violations"]] == []


@pytest.mark.parametrize("env", ENVIRONMENTS)
def test_every_finding_is_accepted(findings: Findings, env: str) -> None:
    found = findings[env]["found"]
    assert len(found) > 20  # that many come with the controller and the CDK's own functions: the rules did run
    assert [each for each in found if not any(covers(one, each) for one in findings[env]["accepted"])] == []


@pytest.mark.parametrize("env", ENVIRONMENTS)
def test_nothing_is_accepted_that_is_no_longer_found(findings: Findings, env: str) -> None:
    accepted = findings[env]["accepted"]
    assert [one for one in accepted if not any(covers(one, each) for each in findings[env]["found"])] == []


@pytest.mark.parametrize("env", ENVIRONMENTS)
def test_every_acceptance_gives_a_reason_in_a_sentence(findings: Findings, env: str) -> None:
    reasons = [reason for _, _, reason in findings[env]["accepted"]]
    assert [reason for reason in reasons if len(reason) < 30 or not reason.endswith(".")] == []
