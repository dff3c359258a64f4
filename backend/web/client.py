"""Who is asking: the client's address behind trusted proxies, and how often it may ask."""

import math
import time
from collections.abc import Callable
from functools import lru_cache
from ipaddress import IPv6Address, ip_address, ip_network

from aiohttp import web

_ROUNDING = 1e-6  # seconds, so that sums of floats do not cost a client its last token
_IPV6_NETWORK = 64  # one subscriber has at least so much, so a single address would be no limit


def client_address(request: web.Request, trusted_hops: int) -> str:
    """The address that limits apply to: IPv4 as it is, IPv6 as its /64 network.

    trusted_hops: how many proxies of ours stand in front, each of which appends the address it was called from to
    X-Forwarded-For. What stands further left is the client's own claim and is not believed. A request that came
    through fewer proxies than that is taken by the address of its connection.
    """
    peer = request.remote or ""
    if trusted_hops:
        hops = ",".join(request.headers.getall("X-Forwarded-For", ())).split(",")
        if len(hops) >= trusted_hops:
            return _limited(hops[-trusted_hops].strip()) or _limited(peer) or peer
    return _limited(peer) or peer


@lru_cache(maxsize=4096)
def _limited(text: str) -> str:
    """'' when it is no address."""
    host = text[1:].partition("]")[0] if text.startswith("[") else text
    if host.count(":") == 1:  # 192.0.2.1:4711
        host = host.partition(":")[0]
    try:
        address = ip_address(host.partition("%")[0])
    except ValueError:
        return ""
    if isinstance(address, IPv6Address):
        if address.ipv4_mapped is None:
            return str(ip_network((address, _IPV6_NETWORK), strict=False))
        address = address.ipv4_mapped
    return str(address)


class AddressLimiter:
    """A bucket of tokens for each address, as the time at which the bucket will be full again.

    rate: requests a second in the long run. burst: seconds of it that may come at once.
    """

    def __init__(
        self, rate: float, *, burst: float = 2.0, capacity: int = 50_000, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._interval = 1 / rate
        self._burst = max(burst, self._interval)
        self._capacity = capacity
        self._clock = clock
        self._full_at: dict[str, float] = {}

    def wait(self, address: str) -> int:
        """0 when this request is within the limit, else the whole seconds to wait for the next one."""
        now = self._clock()
        full_at = max(self._full_at.pop(address, now), now) + self._interval
        excess = full_at - now - self._burst - _ROUNDING
        # Written anew at the end, so that the first of the dict is whoever has been quiet for longest.
        self._full_at[address] = full_at if excess <= 0 else full_at - self._interval
        if len(self._full_at) > self._capacity:
            del self._full_at[next(iter(self._full_at))]
        return 0 if excess <= 0 else math.ceil(excess)
