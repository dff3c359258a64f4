import pytest

from tests import sharing
from tests.shop import ROOT, free_ports


@pytest.mark.parametrize(
    ("test", "group"),
    [
        ("tests/db/test_gate.py::test_a[x/y::z]", "tests/db/test_gate.py"),
        ("tests/cdk/test_app.py::test_a", "tests/cdk"),
        ("tests/cdk/emulated/test_deployed.py::test_a", "tests/cdk"),
    ],
)
def test_what_shares_something_is_run_by_one_worker(test: str, group: str) -> None:
    assert sharing.group(test) == group


def test_what_takes_long_comes_first() -> None:
    assert sharing.turn("tests/rollout/test_rollout.py::test_a") < sharing.turn("tests/web/test_edge.py::test_a")


@pytest.mark.parametrize("place", [*sharing.TOGETHER, *sharing.FIRST])
def test_every_place_named_is_there(place: str) -> None:
    assert (ROOT / place).exists()


def test_no_port_is_given_out_twice() -> None:
    ports = [port for _ in range(20) for port in free_ports(3)]
    assert len(set(ports)) == 60
