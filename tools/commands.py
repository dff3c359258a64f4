"""Other people's programs as steps of ours: each is shown before it runs, and the first that fails ends everything."""

import shlex
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from tools.console import Failure, say
from tools.setup import ROOT

Word = str | Path


@dataclass(frozen=True)
class Commands:
    """How they run. env: all their environment variables. dry_run: they are shown, and none runs."""

    env: Mapping[str, str]
    dry_run: bool = False

    def run(self, *command: Word, how: "How | None" = None) -> None:
        """Let it say what it has to say; a Failure when it does not end with 0."""
        if self.code(*command, how=how) != 0:
            raise _failed(command)

    def code(self, *command: Word, how: "How | None" = None) -> int:
        """The same, for those whose exit code is an answer. 0 when nothing runs."""
        how = how or How()
        self._show(command, how)
        if self.dry_run:
            return 0
        return self._started(command, how, stdout=None).returncode

    def ask(self, *command: Word, example: str) -> str:
        """What it prints, without the end of the line. example: such an answer, for when nothing runs."""
        answer = self.find(*command, absent="", example=example)
        if answer is None:
            raise _failed(command)
        return answer

    def find(self, *command: Word, absent: str, example: str | None) -> str | None:
        """What it prints, or None when it fails with this word, because there is no such thing."""
        self._show(command, How())
        if self.dry_run:
            return example
        answer = self._started(command, How(), stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        if answer.returncode == 0:
            return answer.stdout.decode().strip()
        problem = answer.stderr.decode(errors="replace").strip()
        if absent and absent in problem:
            return None
        say(problem)
        raise _failed(command)

    def pipe(self, source: Sequence[Word], target: Sequence[Word]) -> None:
        """Give what one prints to the other, where nobody sees it."""
        say(f"  $ {_line(source)} | {_line(target)}")
        if self.dry_run:
            return
        answer = self._started(source, How(), stdout=subprocess.PIPE)
        if answer.returncode != 0:
            raise _failed(source)
        if self._started(target, How(), stdout=None, feed=answer.stdout).returncode != 0:
            raise _failed(target)

    def _show(self, command: Sequence[Word], how: "How") -> None:
        given = "".join(f"{name}={shlex.quote(value)} " for name, value in how.variables.items())
        say(f"  $ {given}{_line(command)}")

    def _started(
        self, command: Sequence[Word], how: "How", *, stdout: int | None, stderr: int | None = None, feed: bytes = b""
    ) -> subprocess.CompletedProcess[bytes]:
        env = {**self.env, **how.variables}
        words = [str(word) for word in command]
        try:
            return subprocess.run(words, env=env, cwd=how.cwd, input=feed, stdout=stdout, stderr=stderr, check=False)
        except OSError as error:
            raise Failure(f"{words[0]} cannot be started ({error.strerror}): install it and try again") from None


@dataclass(frozen=True)
class How:
    """Where a command runs, and with which variables beside all the others."""

    cwd: Path = ROOT
    variables: Mapping[str, str] = field(default_factory=dict)


def _line(command: Sequence[Word]) -> str:
    """As one would type it at the root of the repository."""
    return shlex.join(str(word).removeprefix(f"{ROOT}/") for word in command)


def _failed(command: Sequence[Word]) -> Failure:
    """Named by the program, what it was to do, and to what; not by the options that all its commands begin with."""
    program, *words = map(str, command)
    while words and words[0].startswith("--"):
        words = words[2:]
    said = _line((program, *words[:3]))
    return Failure(f"`{said} …` failed: see its output above, mend it and start again; nothing is lost")
