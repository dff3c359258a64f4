"""`make changes` with stand-ins for the CDK and git."""

from pathlib import Path

import pytest

from tests.tools.release.stand_ins import World, shown
from tools.release import changes

only_dev = pytest.mark.parametrize("env", ["dev"], indirect=True)


@only_dev
def test_every_stack_is_compared_with_what_the_account_has(world: World) -> None:
    changes.in_the_account(world.site().commands, "dev")
    (asked,) = world.asked
    assert asked.startswith("cdk diff --context env=dev ")
    assert asked.endswith(" --method template")


@only_dev
def test_a_dry_run_runs_nothing(world: World, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    commands = world.site(dry_run=True).commands
    changes.in_the_account(commands, "dev")
    changes.between(commands, "origin/main", tmp_path / "changes.diff")
    assert [line.split()[:2] for line in shown(capsys.readouterr().out)] == [["cdk", "diff"], *[["git", "diff"]] * 2]
    assert world.asked == []
    assert list(tmp_path.glob("changes.diff")) == []
