"""Moves every pin and lock as far as its first number allows, then runs the tests: `python -m tools.care.upgrade`.

With `--dry-run` it only says what would move. A new first number may break what it likes, so those come one at a time,
each as a change of its own (renovate.json). Nothing is committed; where the tests fail, `git diff` says what moved.
"""

import argparse
import json
import os
import re
import shutil
import signal
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tools import console
from tools.care.audit import NPM_FOLDERS
from tools.commands import Commands, How
from tools.console import say, step
from tools.setup import CARE, ROOT, environment

REQUIREMENTS = ("requirements.txt", "backend/requirements.txt")
LOCK = "requirements.lock"
APART = ("tools/care.txt", "tools/checkov.txt")
_ASKED = re.compile(r"^#\s+echo (.+?) \|.*$", re.MULTILINE)  # how such a list says what it was made for
_PIN = re.compile(r"^([\w.-]+)(\[[\w,-]+\])?==((\d+)[\w.]*)$", re.MULTILINE)
_COMPILE = (CARE / "bin" / "uv", "pip", "compile", "--universal", "--python-version", "3.11", "--no-annotate")


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="make upgrade", description=__doc__)
    parser.add_argument("--dry-run", action="store_true", help="only say what would move")
    options = parser.parse_args(arguments)
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    commands = Commands(environment())
    with _looked_at(options.dry_run) as root:
        moved = python(commands, root) + apart(commands, root) + npm(commands, root)
    for name, old, new in moved:
        say(f"  {name} {old} -> {new}")
    tell(moved)
    if options.dry_run or not moved:
        step(f"{len(moved)} pins can move" if moved else "nothing to move: every pin is at its newest")
        return 0
    step(f"{len(moved)} pins moved; now everything is tested")
    return commands.code("make", "test")


Moved = list[tuple[str, str, str]]


def python(commands: Commands, root: Path) -> Moved:
    """Let uv find the newest of every requirement within its first number, write these pins, and lock them."""
    step("Python packages")
    with tempfile.TemporaryDirectory() as folder:
        loose = Path(folder)
        for name in REQUIREMENTS:
            path = loose / name
            path.parent.mkdir(exist_ok=True)
            path.write_text(_PIN.sub(_loosened, (root / name).read_text()))
        commands.run(*_COMPILE, "--quiet", REQUIREMENTS[0], "--output-file", "newest", how=How(cwd=loose))
        newest = {_plain(match[1]): match[3] for match in _PIN.finditer(_bare((loose / "newest").read_text()))}
    moved: Moved = []
    for name in REQUIREMENTS:
        text = (root / name).read_text()
        moved += [
            (match[1], match[3], newest[_plain(match[1])])
            for match in _PIN.finditer(text)
            if newest[_plain(match[1])] != match[3]
        ]
        (root / name).write_text(
            _PIN.sub(lambda match: f"{match[1]}{match[2] or ''}=={newest[_plain(match[1])]}", text)
        )
    lock = ("--quiet", "--upgrade", REQUIREMENTS[0], "--output-file", LOCK)
    commands.run(*_COMPILE, *lock, how=How(cwd=root))
    return moved


def apart(commands: Commands, root: Path) -> Moved:
    """Likewise the programs that have an environment of their own: by the names in the first lines of their lists."""
    moved: Moved = []
    for name in APART:
        step(f"packages of {name}")
        text = (root / name).read_text()
        asked = re.findall(r"[\w-]+", _ASKED.findall(text)[0].replace("==…", "").replace("==VERSION", ""))
        pins = {match[1]: match for match in _PIN.finditer(_bare(text))}
        with tempfile.TemporaryDirectory() as folder:
            wanted, newest = Path(folder) / "wanted.in", Path(folder) / "newest"
            wanted.write_text("".join(f"{_loosened(pins[each])}\n" for each in asked))
            commands.run(*_COMPILE, "--quiet", "--no-header", "--output-file", newest, wanted)
            made = newest.read_text()
        versions = {match[1]: match[3] for match in _PIN.finditer(_bare(made))}
        moved += [(each, pins[each][3], versions[each]) for each in asked if versions[each] != pins[each][3]]
        head = [line for line in text.splitlines(keepends=True) if line.startswith("#")]
        (root / name).write_text("".join(head) + made)
    return moved


def tell(moved: Moved) -> None:
    """Where a pipeline has a page for what a job found, write it there for people."""
    if page := os.environ.get("GITHUB_STEP_SUMMARY"):
        rows = [f"| {name} | {old} | {new} |" for name, old, new in moved]
        with Path(page).open("a") as summary:
            summary.write(
                "\n".join([f"{len(moved)} pins can move", "", "| what | from | to |", "|---|---|---|", *rows, ""])
            )


def npm(commands: Commands, root: Path) -> Moved:
    """The same of each package.json, by npm."""
    moved: Moved = []
    for folder in NPM_FOLDERS:
        step(f"packages of {folder}")
        file = root / folder / "package.json"
        about = json.loads(file.read_text())
        for section in ("dependencies", "devDependencies"):
            for name, pinned in about.get(section, {}).items():
                newest = _newest(commands, name, pinned)
                if newest != pinned:
                    moved.append((name, pinned, newest))
                    about[section][name] = newest
        file.write_text(json.dumps(about, indent=2, ensure_ascii=False) + "\n")
        commands.run("npm", "install", "--package-lock-only", "--ignore-scripts", how=How(cwd=file.parent))
        commands.run("npm", "update", "--package-lock-only", "--ignore-scripts", how=How(cwd=file.parent))
    return moved


def _newest(commands: Commands, name: str, pinned: str) -> str:
    """The last of the versions that npm finds within the first number of this one."""
    answer = json.loads(commands.ask("npm", "view", "--json", f"{name}@^{pinned}", "version", example=f'"{pinned}"'))
    versions = [answer] if isinstance(answer, str) else answer
    return str(max(versions, key=_order))


def _order(version: str) -> tuple[int, ...]:
    """1.10.2 after 1.9.0, and what comes before a release before it."""
    release, _, before = version.partition("-")
    return (*map(int, release.split(".")), 0 if before else 1)


def _loosened(pin: re.Match[str]) -> str:
    """At least this version, and nothing with another first number."""
    name, extras, version, first = pin.groups()
    return f"{name}{extras or ''}>={version},<{int(first) + 1}"


def _bare(lock: str) -> str:
    """Without the conditions under which a line counts."""
    return re.sub(r" ;.*$", "", lock, flags=re.MULTILINE)


def _plain(name: str) -> str:
    """As package indexes compare names."""
    return re.sub(r"[-_.]+", "-", name).lower()


@contextmanager
def _looked_at(dry_run: bool) -> Iterator[Path]:  # noqa: FBT001 - a flag of the command line
    """The repository, or for a dry run a copy of what names packages in it."""
    if not dry_run:
        yield ROOT
        return
    with tempfile.TemporaryDirectory() as folder:
        files = [*REQUIREMENTS, LOCK, *APART]
        files += [f"{each}/{name}" for each in NPM_FOLDERS for name in ("package.json", "package-lock.json", ".npmrc")]
        for name in filter(lambda name: (ROOT / name).exists(), files):
            (Path(folder) / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(ROOT / name, Path(folder) / name)
        yield Path(folder)


if __name__ == "__main__":
    console.run(main)
