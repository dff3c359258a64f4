"""checkov finds nothing in the manifests but what its list of skipped checks names, and everything on that list."""

import json
import subprocess
from collections.abc import Mapping
from pathlib import Path

import pytest
import yaml

from tools.setup import CHECKOV, ROOT

CONFIG = ROOT / "cdk8s" / "checkov.yaml"
ARGUMENTS = ["--framework", "kubernetes", "--skip-download", "--quiet", "--compact", "--output", "json"]


def test_exactly_the_checks_that_are_skipped_would_fail(folders: Mapping[str, Path]) -> None:
    if not (CHECKOV / ".stamp").exists():
        pytest.skip("checkov could not be installed: its checks of the manifests were LEFT OUT")
    answer = subprocess.run(
        [CHECKOV / "bin" / "checkov", "--directory", folders["dev"].parent, *ARGUMENTS],
        capture_output=True,
        text=True,
        check=False,
        cwd=ROOT,
    )
    failed = {each["check_id"] for each in json.loads(answer.stdout)["results"]["failed_checks"]}
    assert failed == set(yaml.safe_load(CONFIG.read_text())["skip-check"])


def test_every_check_that_is_skipped_has_its_reason_on_the_line() -> None:
    lines = [line for line in CONFIG.read_text().splitlines() if line.strip().startswith("- CKV")]
    assert lines
    assert [line for line in lines if len(line.partition(" # ")[2]) < 30] == []
