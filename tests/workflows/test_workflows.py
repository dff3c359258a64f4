"""The workflows in .github, held against what they call, the stacks, and the table in docs/pipelines.md.

actionlint checks their form (`make lint`).
"""

import re
import subprocess
from collections.abc import Iterator
from importlib.util import find_spec
from itertools import product
from pathlib import Path
from typing import Any

import pytest
import yaml

from cdk import names
from cdk.constructs.github import LONGEST_JOB
from cdk.settings import ENVIRONMENTS, environment
from tools.load.scenarios import SCENARIOS
from tools.release import deploy, green
from tools.setup import ROOT

FOLDER = ROOT / ".github" / "workflows"
WORKFLOWS = {path.stem: yaml.safe_load(path.read_text()) for path in sorted(FOLDER.glob("*.yml"))}
SET_UP = yaml.safe_load((ROOT / ".github" / "actions" / "set-up" / "action.yml").read_text())
JOBS = {f"{name}: {job}": body for name, flow in WORKFLOWS.items() for job, body in flow["jobs"].items()}
STEPS = [step for job in JOBS.values() for step in job["steps"]] + SET_UP["runs"]["steps"]
TEXT = "".join(path.read_text() for path in [*FOLDER.glob("*.yml"), *FOLDER.parent.rglob("action.yml")])
COMMANDS = "\n".join(step["run"] for step in STEPS if "run" in step)
ROLES = {"plan": names.Output.PLAN_ROLE, "push": names.Output.PUSH_ROLE, "": names.Output.DEPLOY_ROLE}


def triggers(flow: Any) -> Any:
    return flow[True]  # YAML takes the word `on` for a truth


def environments(job: Any) -> list[str]:
    """Of GitHub, those that a job runs in, one for each combination of its matrix."""
    named = job.get("environment", "")
    name = named["name"] if isinstance(named, dict) else named
    matrix = dict(job.get("strategy", {}).get("matrix", {}))
    matrix.pop("exclude", None)
    found = []
    for chosen in product(*matrix.values()):
        filled = name
        for key, value in zip(matrix, chosen, strict=True):
            filled = filled.replace(f"${{{{ matrix.{key} }}}}", str(value))
        found.append(filled)
    return sorted({each for each in found if each})


def listed() -> Iterator[tuple[str, str]]:
    """(kind, name) of each row of the table in docs/pipelines.md."""
    section = (ROOT / "docs" / "pipelines.md").read_text().split("## What the workflows need\n")[1].split("\n#")[0]
    for row in re.findall(r"^\| (environment|role|variable|secret) \| (.+?) \|", section, re.MULTILINE):
        yield from ((row[0], name) for name in re.findall(r"`([^`]+)`", row[1]))


def used() -> set[tuple[str, str]]:
    found = {("environment", each) for job in JOBS.values() for each in environments(job)}
    found |= {("variable", name) for name in re.findall(r"\bvars\.(\w+)", TEXT)}
    found |= {("secret", name) for name in re.findall(r"\bsecrets\.(\w+)", TEXT)}
    return found | {("role", role_of(each)) for job in JOBS.values() if takes_a_role(job) for each in environments(job)}


def role_of(github_environment: str) -> str:
    return ROLES[github_environment.partition("-")[2]]


def takes_a_role(job: Any) -> bool:
    return any("configure-aws-credentials" in step.get("uses", "") for step in job["steps"])


def test_all_that_they_need_is_listed_and_nothing_else_is() -> None:
    assert set(listed()) == used()


def test_no_secret_lasts() -> None:
    assert [name for kind, name in used() if kind == "secret"] == []


@pytest.mark.parametrize("name", WORKFLOWS)
def test_a_workflow_is_named_as_its_file_and_nothing_of_it_may_anything_by_default(name: str) -> None:
    flow = WORKFLOWS[name]
    assert flow["name"] == name
    assert flow["permissions"] == {}
    alone = [flow] if "concurrency" in flow else [job for job in flow["jobs"].values() if takes_a_role(job)]
    assert [set(each["concurrency"]) for each in alone] == [{"group", "cancel-in-progress"}] * len(alone)


@pytest.mark.parametrize("name", JOBS)
def test_a_job_says_what_it_may_and_when_it_is_given_up(name: str) -> None:
    job = JOBS[name]
    assert 5 <= job["timeout-minutes"] <= (180 if name.endswith(": deploy") else 100)
    wanted = {"contents": "read"}
    wanted |= {"id-token": "write"} if takes_a_role(job) else {}
    # Of runs they ask; CodeQL asks which workflow it is in, where the repository is private.
    wanted |= {"actions": "read"} if name.endswith((": green", ": promote", ": codeql")) else {}
    wanted |= {"security-events": "write"} if "codeql" in name else {}
    assert job["permissions"] == wanted


@pytest.mark.parametrize("name", [name for name, job in JOBS.items() if takes_a_role(job)])
def test_a_role_is_taken_in_an_environment_that_it_believes_and_where_it_works(name: str) -> None:
    job = JOBS[name]
    ours = {f"{env}{suffix}" for env in ENVIRONMENTS for suffix in ("", "-push", "-plan")}
    assert environments(job)
    assert set(environments(job)) <= ours
    first, *again = [dict(step["with"]) for step in job["steps"] if "configure-aws-credentials" in step.get("uses", "")]
    (region,) = {environment(env).region for env in ENVIRONMENTS}
    seconds = first.pop("role-duration-seconds", 3600)  # an hour is what the action asks for by itself
    assert job["timeout-minutes"] * 60 <= seconds  # or the keys end in the middle of the job
    assert [each == {"role-to-assume": "${{ vars.ROLE_ARN }}", "aws-region": region} for each in (first, *again)]


@pytest.mark.parametrize("name", [name for name, job in JOBS.items() if takes_a_role(job)])
def test_nobody_asks_aws_before_it_is_said_to_be_there(name: str) -> None:
    job = JOBS[name]
    named = {each.partition("-")[0] for each in environments(job)}
    assert named == {each.lower() for each in re.findall(r"vars\.HAS_(\w+) == 'true'", job["if"])}
    left_out = job.get("strategy", {}).get("matrix", {}).get("exclude", [])
    said = [f"${{{{ vars.HAS_{env.upper()} == 'true' && 'none' || '{env}' }}}}" for env in ENVIRONMENTS]
    assert [each["environment"] for each in left_out] == (said if len(named) > 1 else [])


def test_every_action_is_pinned_to_one_commit_whose_version_is_said() -> None:
    uses = re.findall(r"uses: (\S+)(.*)$", TEXT, re.MULTILINE)
    foreign = [(action, comment) for action, comment in uses if not action.startswith("./")]
    assert [
        each for each in foreign if not re.fullmatch(r"[\w.-]+/[\w./-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+", "".join(each))
    ] == []
    pins = {tuple(action.split("@")) for action, _ in foreign}
    repositories = {(action.split("/")[0], action.split("/")[1], commit) for action, commit in pins}
    assert len(repositories) == len({each[:2] for each in repositories})


def test_no_checkout_leaves_its_token_behind() -> None:
    checkouts = [step for step in STEPS if "actions/checkout@" in step.get("uses", "")]
    assert [step for step in checkouts if step["with"].get("persist-credentials") is not False] == []


def test_our_own_action_gets_inputs_that_it_has() -> None:
    given = {name for step in STEPS if step.get("uses") == "./.github/actions/set-up" for name in step.get("with", {})}
    assert given == set(SET_UP["inputs"])


def test_commands_hold_no_expression_and_are_short() -> None:
    runs = [step["run"] for step in STEPS if "run" in step]
    assert [run for run in runs if "${{" in run or len(run.strip().splitlines()) > 5] == []


def test_every_command_is_one_that_a_person_can_call() -> None:
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    called = re.findall(r"^(?:exec )?make ([a-z-]+)", COMMANDS, re.MULTILINE)
    modules = re.findall(r"python -m ([\w.]+)", COMMANDS)
    assert set(called) <= targets
    assert [module for module in modules if find_spec(module) is None] == []
    others = [line for line in COMMANDS.splitlines() if not line.startswith(("make ", "exec make ", "python -m "))]
    assert set(others) <= {"sudo apt-get update"}


def test_every_make_target_that_is_called_runs_a_tool_that_exists() -> None:
    for target in sorted(set(re.findall(r"^(?:exec )?make ([a-z-]+)", COMMANDS, re.MULTILINE))):
        said = subprocess.run(["make", "-n", target], cwd=ROOT, capture_output=True, text=True, check=True).stdout
        (part, tool) = re.findall(r"tools\.setup (\w+) (\w+)", said)[0]
        assert part
        assert find_spec(f"tools.{tool}") is not None


@pytest.mark.parametrize("env", ENVIRONMENTS)
def test_an_api_is_reached_from_the_runner_that_is_started_for_this_workflow_alone(env: str) -> None:
    """It answers inside the VPC, or besides to the addresses of people; GitHub's runners have thousands of blocks."""
    label = f"codebuild-{names.prefix(env)}-runner-${{{{ github.run_id }}}}-${{{{ github.run_attempt }}}}"
    inside = [name for name, job in JOBS.items() if environments(job) == [env]]
    assert {JOBS[name]["runs-on"] for name in inside} == {label}
    assert {name.partition(":")[0] for name, job in JOBS.items() if job["runs-on"] == label} == {
        environment(env).delivery.runner_workflow
    }


def test_a_runner_inside_has_nothing_of_githubs_own_and_needs_no_docker() -> None:
    steps = [step for job in JOBS.values() if job["runs-on"].startswith("codebuild-") for step in job["steps"]]
    called = " ".join(step.get("run") or step["uses"] for step in steps)
    assert re.search(r"set-up|docker|make (images|push|promote)", called) is None


@pytest.mark.parametrize("env", ENVIRONMENTS)
def test_a_release_that_does_not_sell_as_promised_is_taken_back(env: str) -> None:
    steps = JOBS[f"deploy-{env}: deploy"]["steps"]
    runs = [step["run"].removeprefix("exec ").split()[1] for step in steps if "run" in step]
    assert runs == [*(["gate"] if environment(env).protected else []), "deploy", "rollback"]
    keys, back, _ = steps[-3:]
    assert "UNDO" in back["env"]
    # With a word for what was cancelled or took too long; failure() is false of those.
    assert keys["if"] == back["if"] == "${{ !success() && steps.deploy.outcome != 'skipped' }}"
    assert "configure-aws-credentials" in keys["uses"]


@pytest.mark.parametrize("env", ENVIRONMENTS)
def test_there_is_time_to_go_back_whatever_hangs(env: str) -> None:
    job = JOBS[f"deploy-{env}: deploy"]
    begins = next(at for at, step in enumerate(job["steps"]) if step.get("id") == "deploy")
    limits = [step["timeout-minutes"] for step in job["steps"][begins:]]
    before = [step.get("timeout-minutes", 5) for step in job["steps"][:begins]]
    assert sum(before) + sum(limits) <= job["timeout-minutes"]
    assert job["timeout-minutes"] * 60 <= LONGEST_JOB.to_seconds()
    _, keys, back, _ = limits
    assert (keys + back) * 60 <= 3600  # as long as fresh keys last


def test_what_holds_the_lease_takes_the_place_of_bash_which_alone_is_told_to_end() -> None:
    holders = [step["run"] for step in STEPS if re.search(r"make (deploy|rollback|destroy)\b", step.get("run", ""))]
    assert len(holders) == 5
    assert [run for run in holders if not run.startswith("exec make ")] == []


def test_whoever_starts_a_workflow_can_go_on_where_another_one_died() -> None:
    given = triggers(WORKFLOWS["deploy-prod"])["workflow_dispatch"]["inputs"]["take_over"]
    assert (given["type"], given["default"]) == ("string", "")
    steps = [step for job in WORKFLOWS["deploy-prod"]["jobs"].values() for step in job["steps"]]
    holders = [step["env"] for step in steps if step.get("run", "").startswith("exec make ")]
    assert [env.get("TAKE_OVER") for env in holders] == ["${{ inputs.take_over }}"] * 3


@pytest.mark.parametrize("name", ["deploy-dev: green", "deploy-prod: promote"])
def test_who_waits_for_other_workflows_says_so_in_time(name: str) -> None:
    """With minutes to set up before, and to copy images after."""
    assert JOBS[name]["timeout-minutes"] >= green.WAIT / 60 + 10


@pytest.mark.parametrize("name", ["deploy-dev: deploy", "deploy-prod: deploy", "deploy-prod: rollback"])
def test_whoever_is_called_has_in_hand_what_was_done_whatever_became_of_it(name: str) -> None:
    last = JOBS[name]["steps"][-1]
    assert "actions/upload-artifact@" in last["uses"]
    assert (last["if"], last["with"]["if-no-files-found"]) == ("always()", "ignore")
    assert last["with"]["path"].split() == ["build/load*", "build/*.log", "build/rollback", "dist"]


def test_no_two_artifacts_of_a_run_have_one_name() -> None:
    for flow in WORKFLOWS.values():
        named = [
            step["with"]["name"]
            for job in flow["jobs"].values()
            for step in job["steps"]
            if "upload" in step.get("uses", "")
        ]
        assert len(named) == len(set(named))


def test_a_run_that_is_for_nothing_takes_no_ones_place() -> None:
    """A fork's branch called main and the weekly scan start deploy-dev too, and skip its jobs."""
    flow = WORKFLOWS["deploy-dev"]
    assert "concurrency" not in flow
    job = flow["jobs"]["deploy"]
    assert job["concurrency"] == {"group": "deploy-dev", "cancel-in-progress": False}
    assert "github.event.workflow_run.event == 'push'" in job["if"]


def test_what_is_deployed_has_passed_its_tests() -> None:
    commit = "${{ github.event.workflow_run.head_sha }}"
    step = JOBS["deploy-dev: green"]["steps"][-1]
    assert step["run"] == "make green"
    assert step["env"] == {"ENV": "dev", "COMMIT": commit, "GH_TOKEN": "${{ github.token }}"}
    assert JOBS["deploy-dev: deploy"]["needs"] == "green"
    assert WORKFLOWS["deploy-dev"]["run-name"] == "deploy-dev ${{ github.event.workflow_run.head_sha }}"


def test_prod_runs_what_dev_sold_with_and_builds_nothing() -> None:
    steps = [step for job in WORKFLOWS["deploy-prod"]["jobs"].values() for step in job["steps"]]
    assert [step for step in steps if re.search(r"make (images|push)", step.get("run", ""))] == []
    step = JOBS["deploy-prod: promote"]["steps"][-1]
    assert step["run"] == "make promote ENV=prod CONFIRM=tickets-prod"
    assert step["env"] == {"GH_TOKEN": "${{ github.token }}"}, "by which it asks for the tests, and for dev"
    assert JOBS["deploy-prod: deploy"]["needs"] == "promote"


def test_whoever_builds_images_begins_with_what_main_has_built() -> None:
    for name in ("images", "push"):
        steps = JOBS[f"build-and-scan: {name}"]["steps"]
        kept = next(at for at, step in enumerate(steps) if step.get("with", {}).get("path") == "build/layers")
        build = steps[kept + 1]
        assert (build["run"], build["env"]) == ("make images", {"LAYERS": "build/layers"})
        inputs = re.findall(r"'([^']+)'", steps[kept]["with"]["key"])
        assert [each for each in inputs if not list(ROOT.glob(each))] == []


def test_a_way_back_waits_for_what_touches_the_cluster_and_for_nothing_else() -> None:
    groups = {name: job.get("concurrency", {}).get("group") for name, job in WORKFLOWS["deploy-prod"]["jobs"].items()}
    assert "concurrency" not in WORKFLOWS["deploy-prod"]
    assert groups["deploy"] == groups["rollback"] == "deploy-prod"
    assert groups["promote"] != "deploy-prod"
    assert "needs" not in JOBS["deploy-prod: rollback"]
    assert WORKFLOWS["deploy-prod"]["run-name"] == "deploy-prod ${{ inputs.action }}", "which make promote looks for"


def test_a_load_test_offers_what_can_be_run_and_asks_first_whose_shop_it_is() -> None:
    flow = WORKFLOWS["load-test"]
    assert set(triggers(flow)["workflow_dispatch"]["inputs"]["scenario"]["options"]) <= set(SCENARIOS)
    inputs = triggers(flow)["workflow_dispatch"]["inputs"]
    job = flow["jobs"]["load"]
    assert [step["run"] for step in job["steps"] if "run" in step] == ["make check-host", "make load"]
    assert job["env"] == {name.upper(): f"${{{{ inputs.{name} }}}}" for name in inputs}
    assert job["if"] == "github.ref == 'refs/heads/main'"


def test_a_load_test_takes_by_itself_what_costs_nothing_as_slowly_as_one_address_may() -> None:
    inputs = triggers(WORKFLOWS["load-test"])["workflow_dispatch"]["inputs"]
    usual = {name.upper(): given["default"] for name, given in inputs.items() if "default" in given}
    assert usual == deploy.LOAD


def test_a_hole_hides_no_licence() -> None:
    """Each question is asked, whatever another one answered, and what it answered is kept."""
    night, push = (
        {step.get("run") or step["uses"].partition("@")[0]: step.get("if") for step in JOBS[name]["steps"]}
        for name in ("nightly: dependencies", "build-and-scan: dependencies")
    )
    assert [night["make audit"], night["make licences"]] == ["always()"] * 2
    assert [push["make licences"], push["actions/upload-artifact"]] == ["always()"] * 2


def test_dev_gets_what_was_scanned_on_main_and_nothing_of_a_fork() -> None:
    flow = WORKFLOWS["deploy-dev"]
    assert triggers(flow)["workflow_run"]["workflows"] == ["build-and-scan"]
    condition = flow["jobs"]["deploy"]["if"]
    assert "workflow_run.event == 'push'" in condition
    assert "workflow_run.conclusion == 'success'" in condition


def test_whoever_holds_a_role_has_scanned_first() -> None:
    order = [step.get("run") or step["uses"].split("@")[0] for step in JOBS["build-and-scan: push"]["steps"]]
    assert order.index("make images") < order.index("aws-actions/configure-aws-credentials")


def test_what_a_person_types_is_checked_before_anything_is_loaded() -> None:
    check = ["make", "--silent", "check-host"]
    for host in ("https://example.org", "https://tickets.example.com.evil.example", "$(touch made)", ""):
        env = {"PATH": "/usr/bin:/bin", "HOST": host, "SCENARIO": "smoke"}
        refused = subprocess.run(check, cwd=ROOT, env=env, capture_output=True, text=True, check=False)
        assert "is no shop of ours" in refused.stderr
    assert not Path(ROOT / "made").exists()
