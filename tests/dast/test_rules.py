"""What ZAP may find: every rule with its reason, and a tool that takes nothing lightly. ZAP itself needs Docker."""

import re
from pathlib import Path

import pytest

from tests.tools.release.stand_ins import World, stand_ins
from tools import dast
from tools.console import Failure

LINES = [line for line in dast.RULES.read_text().splitlines() if not line.startswith("#")]


@pytest.fixture
def world(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> World:
    monkeypatch.setattr(dast, "REPORTS", tmp_path / "zap")
    return stand_ins(tmp_path, "dev", tmp_path)


def test_each_rule_has_its_number_what_follows_from_it_and_a_reason() -> None:
    form = re.compile(r"\d+\t(FAIL|INFO|IGNORE)\t\([^\t]+: [A-Z][^\t]+\.\)")
    assert [line for line in LINES if not form.fullmatch(line)] == []


def test_no_rule_stands_there_twice() -> None:
    numbers = [int(line.split("\t")[0]) for line in LINES]
    assert numbers == sorted(set(numbers))


def test_zap_sees_the_shop_by_our_rules(world: World) -> None:
    dast.look(world.site().commands, "http://localhost:8080")
    (asked,) = world.asked
    assert asked.startswith("docker run --rm --network host --volume ")
    assert re.search(r"/zap:/zap/wrk:rw ghcr.io/zaproxy/zaproxy:[\d.]+@sha256:[0-9a-f]{64} zap-baseline.py ", asked)
    assert "-t http://localhost:8080 -c rules.tsv" in asked
    assert (world.folder / "zap" / "rules.tsv").read_text() == dast.RULES.read_text()


@pytest.mark.parametrize(
    ("code", "says"),
    [
        ("1", "a rule that must hold does not"),
        ("2", "something that no rule speaks of"),
        ("3", "could not do its work"),
    ],
)
def test_what_it_finds_ends_it_and_says_where_to_read(world: World, code: str, says: str) -> None:
    with pytest.raises(Failure, match=f"{says}: see above and build/zap/report.html"):
        dast.look(world.changed(ZAP=code).site().commands, "http://localhost:8080")
