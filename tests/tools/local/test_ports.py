import socket
from collections.abc import Iterator

import pytest

from tools.console import Failure
from tools.local.ports import free_ports


@pytest.fixture
def listener() -> Iterator[socket.socket]:
    """Listens on the third of five ports that are free otherwise."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", free_ports("0").psp))
        taken.listen()
        yield taken


def test_the_other_ports_follow_from_the_first() -> None:
    ports = free_ports("0")
    first = ports.shop
    others = [ports.metrics, ports.psp, ports.prometheus, ports.worker_metrics]
    assert others == [first + 1, first + 2, first + 3, first + 4]


def test_a_port_in_use_is_named(listener: socket.socket) -> None:
    taken = listener.getsockname()[1]
    with pytest.raises(Failure, match=f"^port {taken} is in use: .* PORT="):
        free_ports(str(taken))


def test_a_port_that_follows_and_is_in_use_is_named_with_its_purpose(listener: socket.socket) -> None:
    taken = listener.getsockname()[1]
    with pytest.raises(Failure, match=rf"^port {taken} \(PORT\+2, the payment provider\) is in use"):
        free_ports(str(taken - 2))


@pytest.mark.parametrize("value", ["", "http", "-1", "65535", "80.5", "8080 "])
def test_a_port_that_is_none_is_refused(value: str) -> None:
    with pytest.raises(Failure, match="it must be a number from 1 to"):
        free_ports(value)
