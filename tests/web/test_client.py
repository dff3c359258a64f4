from unittest.mock import Mock

import pytest
from aiohttp.test_utils import make_mocked_request

from backend.web.client import AddressLimiter, client_address


def address(peer: str, forwarded: list[str], hops: int) -> str:
    headers = [("X-Forwarded-For", value) for value in forwarded]
    transport = Mock()
    transport.get_extra_info.side_effect = lambda name, default=None: (peer, 4711) if name == "peername" else default
    return client_address(make_mocked_request("GET", "/", headers=dict(headers), transport=transport), hops)


@pytest.mark.parametrize(
    ("forwarded", "hops", "expected"),
    [
        ([], 0, "10.0.0.9"),
        (["192.0.2.1"], 0, "10.0.0.9"),
        (["192.0.2.1"], 1, "192.0.2.1"),
        (["198.51.100.66, 192.0.2.1"], 1, "192.0.2.1"),
        (["198.51.100.66, 192.0.2.1, 10.0.0.5"], 2, "192.0.2.1"),
        (["192.0.2.1"], 2, "10.0.0.9"),
        ([], 1, "10.0.0.9"),
        (["nonsense"], 1, "10.0.0.9"),
        (["192.0.2.1:4711"], 1, "192.0.2.1"),
        (["[2001:db8:0:7:8::1]:443"], 1, "2001:db8:0:7::/64"),
        (["2001:db8:0:7:1234::1"], 1, "2001:db8:0:7::/64"),
        (["::ffff:192.0.2.1"], 1, "192.0.2.1"),
    ],
)
def test_only_what_our_own_proxies_wrote_is_believed(forwarded: list[str], hops: int, expected: str) -> None:
    assert address("10.0.0.9", forwarded, hops) == expected


class Clock:
    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


def test_a_burst_is_admitted_and_then_the_rate() -> None:
    clock = Clock()
    limiter = AddressLimiter(10, burst=2.0, clock=clock)
    assert [limiter.wait("a") for _ in range(21)] == [0] * 20 + [1]
    clock.now += 0.5
    assert [limiter.wait("a") for _ in range(6)] == [0] * 5 + [1]


def test_being_refused_does_not_prolong_the_wait() -> None:
    clock = Clock()
    limiter = AddressLimiter(1, burst=1.0, clock=clock)
    assert [limiter.wait("a") for _ in range(50)] == [0] + [1] * 49
    clock.now += 1
    assert limiter.wait("a") == 0


def test_addresses_do_not_share_a_bucket() -> None:
    limiter = AddressLimiter(1, burst=1.0, clock=Clock())
    assert [limiter.wait(name) for name in "aabb"] == [0, 1, 0, 1]


def test_a_slow_rate_still_admits_one() -> None:
    limiter = AddressLimiter(0.1, burst=2.0, clock=Clock())
    assert [limiter.wait("a") for _ in range(2)] == [0, 10]


def test_memory_is_bounded_and_who_asks_most_is_not_forgotten() -> None:
    clock = Clock()
    limiter = AddressLimiter(1, burst=1.0, capacity=10, clock=clock)
    limiter.wait("busy")
    for number in range(100):
        limiter.wait(f"192.0.2.{number}")
        assert limiter.wait("busy") == 1
    assert len(limiter._full_at) == 10
