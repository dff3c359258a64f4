"""The load balancer's health checks: a target gets requests while enough of them in a row have gone well."""

import asyncio
from dataclasses import dataclass

import aiohttp

from tests.rollout.balancer import LoadBalancer


@dataclass(frozen=True, kw_only=True)
class HealthChecks:
    """interval, timeout: seconds. healthy, unhealthy: so many in a row change what is thought of a target."""

    interval: float
    timeout: float
    healthy: int
    unhealthy: int


async def check(
    checks: HealthChecks, balancer: LoadBalancer, target: int, port: int, *, found: asyncio.Event, enough: int
) -> None:
    """Ask a target again and again, until cancelled. found: set once it is healthy; enough: checks until then."""
    passed = failed = 0
    timeout = aiohttp.ClientTimeout(total=checks.timeout)
    async with aiohttp.ClientSession(timeout=timeout) as client:
        while True:
            went_well = await _asked(client, port)
            passed, failed = (passed + 1, 0) if went_well else (0, failed + 1)
            if passed >= (checks.healthy if found.is_set() else enough):
                balancer.register(target)
                found.set()
            if failed >= checks.unhealthy:
                balancer.deregister(target)
            # Of a process that is only just starting, hear as soon as it answers: that time is not the manifest's.
            await asyncio.sleep(checks.interval if found.is_set() or went_well else min(checks.interval, 0.1))


async def _asked(client: aiohttp.ClientSession, port: int) -> bool:
    try:
        async with client.get(f"http://127.0.0.1:{port}/readiness") as answer:
            return answer.status == 200
    except (aiohttp.ClientError, TimeoutError):
        return False
