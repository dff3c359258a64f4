"""A process of the backend that starts again when its code changes, on a small stand-in of a backend."""

import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tools.setup import ROOT

NEEDED = ("__init__.py", "console.py", "processes.py", "setup.py", "local/__init__.py", "local/reload.py")
SERVING = "import time; print('serving {}', flush=True); time.sleep(60)"


class Reloaded:
    """The repository of the stand-in, and what runs there."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.log = root / "log"
        self.said = root / "said"
        (root / "tools" / "local").mkdir(parents=True)
        for name in NEEDED:
            shutil.copy(ROOT / "tools" / name, root / "tools" / name)
        (root / "backend").mkdir()
        (root / "slo.yaml").touch()
        self.write(SERVING.format(1))
        with self.said.open("w") as said:
            command = [sys.executable, "-m", "tools.local.reload", str(self.log), "serve"]
            self.process = subprocess.Popen(command, cwd=root, stdout=said, stderr=subprocess.STDOUT)

    def write(self, code: str) -> None:
        (self.root / "backend" / "__main__.py").write_text(code)

    def wait_for(self, text: str, file: Path) -> None:
        wait(lambda: file.exists() and text in file.read_text(), text)


def wait(condition: Callable[[], bool], what: str) -> None:
    give_up = time.monotonic() + 20
    while not condition():
        assert time.monotonic() < give_up, what
        time.sleep(0.02)


@pytest.fixture
def reloaded(tmp_path: Path) -> Iterator[Reloaded]:
    made = Reloaded(tmp_path)
    yield made
    made.process.terminate()
    made.process.wait(20)


def test_it_starts_again_when_its_code_changes_and_says_what_did(reloaded: Reloaded) -> None:
    reloaded.wait_for("serving 1", reloaded.log)
    reloaded.write(SERVING.format(2))
    reloaded.wait_for("serving 2", reloaded.log)
    assert "WARNING backend/__main__.py changed: starting again" in reloaded.said.read_text()


def test_a_mistake_does_not_end_it_and_its_correction_starts_it_again(reloaded: Reloaded) -> None:
    reloaded.wait_for("serving 1", reloaded.log)
    reloaded.write("this is no Python")
    reloaded.wait_for("SyntaxError", reloaded.log)
    reloaded.wait_for("ERROR it ended, see its log", reloaded.said)
    reloaded.write(SERVING.format(3))
    reloaded.wait_for("serving 3", reloaded.log)


def test_nothing_outlives_it(reloaded: Reloaded) -> None:
    reloaded.write("import os, time; print('process', os.getpid(), 'serves', flush=True); time.sleep(60)")
    reloaded.wait_for("serves", reloaded.log)
    pid = int(reloaded.log.read_text().split()[-2])
    reloaded.process.send_signal(signal.SIGKILL)
    reloaded.process.wait(20)
    wait(lambda: not _runs(pid), "its end")


def _runs(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return "Z" not in Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
