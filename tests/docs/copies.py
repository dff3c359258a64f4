"""Copies of the repository that a document may be tried on."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

from tests.docs.pages import Block, tracked
from tools.setup import ROOT

# Installed, not kept: a copy uses ours.
INSTALLED = ("frontend/node_modules", "tools/cdk8s-cli/node_modules", "tools/cdk-cli/node_modules")


class Copy:
    """What git keeps, in a folder of its own, with the programs that are installed here."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        for path in tracked():
            there = folder / path
            there.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(ROOT / path, there)
        for path in INSTALLED:
            if (ROOT / path).is_dir():
                (folder / path).symlink_to(ROOT / path)

    def apply(self, block: Block) -> None:
        """Write the file that a block is, or make the change that it says; AssertionError when it has no place."""
        assert block.file is not None
        path = self.folder / block.file
        if block.language != "diff":
            assert not path.exists(), f"{block.file} is there already"
            path.write_text(block.text, encoding="utf-8")
            return
        before, after = _sides(block.text)
        text = path.read_text(encoding="utf-8")
        assert text.count(before) == 1, f"{block.file} has {text.count(before)} places like this:\n{before}"
        path.write_text(text.replace(before, after), encoding="utf-8")

    def run(self, commands: str) -> str:
        """What they say; AssertionError with it at the first that fails."""
        done = subprocess.run(
            ["sh", "-euc", commands],
            cwd=self.folder,
            env=self._environment(),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=120,
            check=False,
        )
        assert done.returncode == 0, done.stdout
        return done.stdout

    def _environment(self) -> dict[str, str]:
        """As in an activated environment, whose packages look for the repository here."""
        inherited = {name: os.environ[name] for name in ("HOME", "LANG", "TMPDIR") if name in os.environ}
        path = os.pathsep.join((str(Path(sys.executable).parent), os.environ["PATH"]))
        return {**inherited, "PATH": path, "PYTHONDONTWRITEBYTECODE": "1"}


def _sides(change: str) -> tuple[str, str]:
    """The lines that are there before a change, and those after it."""
    lines = [(line[:1] or " ", line[1:] + "\n") for line in change.splitlines()]
    assert {sign for sign, _ in lines} <= {" ", "+", "-"}, change
    before = "".join(line for sign, line in lines if sign != "+")
    return before, "".join(line for sign, line in lines if sign != "-")
