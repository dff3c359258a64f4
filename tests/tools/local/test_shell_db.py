import os
import subprocess
import sys
from pathlib import Path

import pytest

from tools.console import Failure
from tools.local.shell_db import embedded
from tools.programs.postgres import postgres
from tools.setup import ROOT


def test_it_opens_the_database_of_a_running_shop(tmp_path: Path) -> None:
    with postgres(tmp_path):
        asked = subprocess.run(
            [sys.executable, "-m", "tools.local.shell_db", "--tuples-only", "--command", "SELECT current_database()"],
            cwd=ROOT,
            env={**os.environ, "DATA_DIR": str(tmp_path), "DATABASE_URL": ""},
            capture_output=True,
            text=True,
            check=False,
        )
    assert (asked.returncode, asked.stdout.split()[-1]) == (0, "tickets"), asked.stderr


def test_without_a_shop_it_says_how_to_start_one(tmp_path: Path) -> None:
    with pytest.raises(Failure, match=r"^no shop runs on .*: start one with `make up`, or name its DATA_DIR=$"):
        embedded(tmp_path)
