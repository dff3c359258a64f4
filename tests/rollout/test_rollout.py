"""Two real backends are replaced one after the other behind a real nginx, while customers buy."""

import asyncio
import logging
import time
from collections.abc import AsyncIterator, Awaitable
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory

from backend.db.migrate import migrate
from backend.db.options import DatabaseOptions
from backend.db.pool import Database
from tests.box_office import BoxOffice
from tests.rollout.balancer import LoadBalancer, load_balancer
from tests.rollout.pods import Pods, Times
from tests.rollout.streams import Watched, watch
from tests.rollout.traffic import Traffic, customers
from tools.programs.postgres import Server

LEAST_REQUESTS = 20_000
WATCHING = 40
OLD, NEW = (0, 2), (1, 3)

log = logging.getLogger(__name__)


@dataclass
class Site:
    """A shop of two pods behind the load balancer. event: one with tickets for everybody, for nothing."""

    pods: Pods
    balancer: LoadBalancer
    event: int
    folder: Path
    server: Server

    async def replace(self, *places: int) -> None:
        """Roll out: no pod goes before the one that takes its place gets requests."""
        going: list[Awaitable[None]] = []
        for place in places:
            await self.pods.start(NEW[place], self.balancer)
            going.append(asyncio.create_task(self.pods.end(OLD[place], self.balancer)))
        await asyncio.gather(*going)

    async def visited(self, rate: float, seconds: float) -> Traffic:
        return await customers(self.folder, self.balancer.url, self.event, rate=rate, seconds=seconds)

    async def outage(self, seconds: float) -> tuple[float, float]:
        """Restart PostgreSQL; answers when it went and when it was back, in seconds since 1970."""
        went = time.time()
        await asyncio.to_thread(self.server.stop)
        await asyncio.sleep(seconds)
        await asyncio.to_thread(self.server.start)
        return went, time.time()


@asynccontextmanager
async def running_site(server: Server, times: Times) -> AsyncIterator[Site]:
    await migrate(server.dsn)
    database = await Database.open(DatabaseOptions(dsn=server.dsn, gate_timeout=5.0))
    sale = await BoxOffice(database).publish(capacity=1_000_000)
    await database.close(patience=1.0)
    variables = {
        "ENVIRONMENT": "test",
        "HOST": "127.0.0.1",
        "SECRET_KEY": "a secret for tests only",
        "DATABASE_URL": server.dsn,
        "TRUSTED_HOPS": "1",
        "LOG_SAMPLE": "0",
    }
    with TemporaryDirectory(prefix="rollout-") as folder:
        pods = Pods(Path(folder), variables, times)
        with load_balancer(Path(folder), pods.ports, times.idle) as balancer:
            try:
                await asyncio.gather(*(pods.start(number, balancer, enough=1) for number in OLD))
                yield Site(pods, balancer, sale.event_id, Path(folder), server)
            finally:
                pods.stop()


def quick() -> Times:
    """Those of production, with a load balancer that notices everything sooner."""
    times = Times.of("prod")
    return replace(times, checks=replace(times.checks, interval=0.2), propagation=2.0)


async def broken(server: Server) -> list[str]:
    database = await Database.open(DatabaseOptions(dsn=server.dsn, gate_timeout=5.0))
    try:
        return await BoxOffice(database).broken()
    finally:
        await database.close(patience=1.0)


async def test_no_customer_notices_a_rollout(own_server: Server) -> None:
    times = Times.of("prod")
    async with running_site(own_server, times) as site:
        seconds = times.of_a_rollout + 5
        visits = asyncio.create_task(site.visited(rate=1.1 * LEAST_REQUESTS / seconds, seconds=seconds))
        watched = Watched()
        watching = asyncio.create_task(watch(site.balancer.url, site.event, WATCHING, watched))
        await asyncio.sleep(2)
        await site.replace(0, 1)
        assert not visits.done(), "the rollout took longer than the customers came"
        traffic = await visits
        watching.cancel()
    log.info("%d requests, %d failed, %d customers dropped", traffic.requests, len(traffic.failures), traffic.dropped)
    assert traffic.failures == []
    assert traffic.requests >= LEAST_REQUESTS
    assert (watched.refused, watched.heard) == ([], set(range(WATCHING)))
    assert watched.opened >= 2 * WATCHING, "nobody had to come back, so no pod with streams went"
    assert await broken(own_server) == []


async def test_without_the_sleep_customers_would_notice(own_server: Server) -> None:
    times = replace(Times.of("prod"), pre_stop=0.0)
    async with running_site(own_server, times) as site:
        going = asyncio.create_task(site.pods.end(OLD[0], site.balancer))
        traffic = await site.visited(rate=100, seconds=times.drain + 5)
        going.cancel()
    assert {failure.status for failure in traffic.failures} == {502}
    assert len(traffic.failures) > 20


async def test_when_the_database_restarts_meanwhile_customers_are_told_to_come_back(own_server: Server) -> None:
    times = replace(quick(), pre_stop=3.0, drain=2.0)
    async with running_site(own_server, times) as site:
        seconds = times.of_a_rollout + 3
        visits = asyncio.create_task(site.visited(rate=100, seconds=seconds))
        replacing = asyncio.create_task(site.replace(0, 1))
        await asyncio.sleep(4)
        went, back = await site.outage(2)
        await replacing
        traffic = await visits
    assert {failure.status for failure in traffic.failures} == {503}
    assert [failure for failure in traffic.failures if not failure.retry_after] == []
    assert min(failure.ended for failure in traffic.failures) >= went
    assert max(failure.began for failure in traffic.failures) <= back + 1
    assert await broken(own_server) == []
