"""`make grafana` with stand-ins for aws and kubectl that write down what they are asked."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tools.setup import ROOT


@pytest.fixture
def programs(tmp_path: Path) -> Path:
    """A PATH of stand-ins that end well."""
    folder = tmp_path / "bin"
    folder.mkdir()
    for name in ("aws", "kubectl"):
        (folder / name).write_text(f'#!/bin/sh\necho "{name} $*" >> {tmp_path}/asked\n')
        (folder / name).chmod(0o755)
    return folder


def grafana(env: str, path: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "tools.release.grafana"],
        cwd=ROOT,
        env={**os.environ, "ENV": env, "PATH": str(path)},
        capture_output=True,
        text=True,
        check=False,
    )


def test_it_says_where_the_password_is_and_forwards_the_port(programs: Path) -> None:
    answer = grafana("dev", programs)
    assert answer.returncode == 0, answer.stderr
    assert "Grafana of dev: http://localhost:3000" in answer.stdout
    assert "aws secretsmanager get-secret-value --secret-id tickets-dev/grafana --region eu-west-1" in answer.stdout
    aws, kubectl = (programs.parent / "asked").read_text().splitlines()
    assert aws.startswith("aws eks update-kubeconfig --name tickets-dev --role-arn arn:aws:iam::111122223333:role/")
    assert kubectl.endswith("--namespace monitoring port-forward service/grafana 3000:80")


@pytest.mark.parametrize("env", ["", "stage"])
def test_without_an_environment_it_asks_for_one(programs: Path, env: str) -> None:
    answer = grafana(env, programs)
    assert answer.returncode == 1
    assert answer.stderr.startswith("error: environment is ")
    assert answer.stderr.endswith("choose from dev, prod; name one with ENV=\n")


def test_a_program_that_is_missing_is_named(programs: Path) -> None:
    (programs / "kubectl").unlink()
    answer = grafana("dev", programs)
    assert (answer.returncode, answer.stderr) == (1, "error: kubectl is not on PATH: install it and try again\n")


def test_what_aws_refuses_ends_it(programs: Path) -> None:
    (programs / "aws").write_text("#!/bin/sh\necho no credentials >&2\nexit 255\n")
    answer = grafana("dev", programs)
    assert answer.returncode == 1
    assert answer.stderr.endswith("error: `aws eks update-kubeconfig …` failed: see its output above\n")
    assert not (programs.parent / "asked").exists()
