"""Stops the database of a shop that sells, and tells when alerts, status and gate notice: `python -m tools.outage`.

A real Prometheus scrapes a real shop under load, with the rules of slo.yaml. It takes three quarters of an hour, nearly
all of them after the recovery: an alert ends when its windows are clean again. --faster 100 divides every window.
"""

import argparse
import asyncio
import os
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from datetime import timedelta
from pathlib import Path
from typing import Any

import aiohttp
import yaml

from backend.telemetry.prometheus import Prometheus, PrometheusError
from backend.telemetry.promise import promise_file
from slo.spec import Spec, load_spec
from tools import console
from tools.console import Failure, say
from tools.local.running import running_shop
from tools.programs.postgres import Server, postgres
from tools.setup import ROOT

ALERT = "SLOAvailabilityFastBurn"
BLOCK = 20
_BOOKINGS_APART = 0.3  # seconds
_AT_LEAST = timedelta(seconds=30)
_NOTICED_WITHIN = timedelta(minutes=4)
_HEALTHY_FOR = timedelta(minutes=2)

Condition = Callable[[], Awaitable[bool]]


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="python -m tools.outage", description=__doc__)
    parser.add_argument("--faster", type=int, default=1, metavar="N", help="divide every window of slo.yaml by N")
    faster = max(1, parser.parse_args(arguments).faster)
    with tempfile.TemporaryDirectory(prefix="aegis-outage-") as folder:
        promise = Path(folder) / "slo.yaml"
        promise.write_text(_divided(promise_file().read_text(encoding="utf-8"), faster))
        os.environ["SLO_FILE"] = str(promise)
        with postgres(Path(folder) / "database") as server:
            settings = {"DATABASE_URL": server.dsn, "SLO_FILE": str(promise)}
            with running_shop(Path(folder) / "shop", settings) as shop:
                if "prometheus_url" not in shop:
                    raise Failure("Prometheus is missing: install the package `prometheus`")
                asyncio.run(_Outage(shop, server, load_spec(), faster).run())
    return 0


class _Outage:
    """One run of it, with its timeline counted from the moment when the database is stopped."""

    def __init__(self, shop: dict[str, Any], server: Server, spec: Spec, faster: int) -> None:
        self._shop = shop
        self._server = server
        self._spec = spec
        self._faster = faster
        self._began = time.monotonic()

    async def run(self) -> None:
        async with _driven(self._shop["url"]) as self._session, self._connected() as self._prometheus:
            self._tell("customers come")
            await self._until(self._measured, "the status measures them", timedelta(minutes=3))
            await asyncio.sleep(max(5.0, (_HEALTHY_FOR / self._faster).total_seconds()))
            if await self._states():
                raise Failure(f"{ALERT} is active before anything was broken")
            self._tell(f"all is well; {self._gate()[1]}")
            await self._break()
            await self._recover()

    async def _break(self) -> None:
        await asyncio.to_thread(self._server.stop)
        self._began = time.monotonic()
        self._tell("PostgreSQL is stopped")
        await asyncio.gather(
            self._until(self._burning, "the status shows the burn", _NOTICED_WITHIN),
            self._until(self._pending, f"{ALERT} is pending", _NOTICED_WITHIN),
            self._until(self._firing, f"{ALERT} fires", _NOTICED_WITHIN),
        )
        await self._until(self._shown, "the status shows the alert", timedelta(minutes=1))
        code, says = self._gate()
        self._tell(says)
        if code != BLOCK:
            raise Failure(f"the gate answers {code} while {ALERT} fires, expected is {BLOCK}")

    async def _recover(self) -> None:
        await asyncio.to_thread(self._server.start)
        self._tell("PostgreSQL runs again")
        alerting = self._spec.alerting
        clean = max(window.short for window in alerting.of("page")) + alerting.keep_firing.page
        await self._until(self._ended, f"{ALERT} has ended", self._faster * clean + timedelta(minutes=5))
        await self._until(self._not_shown, "the status shows no such alert", timedelta(minutes=1))
        self._tell(self._gate()[1])

    async def _until(self, condition: Condition, what: str, within: timedelta) -> None:
        """Wait for it and tell when it came; a Failure when it does not."""
        give_up = time.monotonic() + self._at_most(within)
        while not await condition():
            if time.monotonic() > give_up:
                raise Failure(f"not within {self._at_most(within):.0f} s: {what}")
            await asyncio.sleep(0.5)
        self._tell(what)

    def _at_most(self, time: timedelta) -> float:
        """Scrapes and evaluations come no faster than each second, however short the windows are."""
        return max(_AT_LEAST, time / self._faster).total_seconds()

    def _tell(self, what: str) -> None:
        minutes, seconds = divmod(int(time.monotonic() - self._began), 60)
        say(f"  {minutes:3d}:{seconds:02d}  {what}")

    @asynccontextmanager
    async def _connected(self) -> AsyncIterator[Prometheus]:
        prometheus = Prometheus(self._shop["prometheus_url"], seconds=5.0)
        try:
            yield prometheus
        finally:
            await prometheus.close()

    async def _states(self) -> set[str]:
        """Of the alert, for whatever journey."""
        try:
            alerts = await self._prometheus.alerts()
        except PrometheusError as error:
            raise Failure(f"Prometheus: {error}") from None
        return {str(alert.state) for alert in alerts if alert.labels["alertname"] == ALERT}

    async def _pending(self) -> bool:
        return bool(await self._states())

    async def _firing(self) -> bool:
        return "firing" in await self._states()

    async def _ended(self) -> bool:
        return not await self._states()

    async def _status(self) -> Any:
        async with self._session.get(f"{self._shop['url']}/api/status") as response:
            return await response.json()

    async def _measured(self) -> bool:
        return await self._burns(lambda rate, _limit: rate is not None)

    async def _burning(self) -> bool:
        return await self._burns(lambda rate, limit: rate is not None and rate > limit)

    async def _burns(self, wanted: Callable[[float | None, float], bool]) -> bool:
        """Whether the availability of buying tickets burns like that, over the shorter of the paging windows."""
        lines = [line for line in (await self._status())["budgets"] if line["slo"] == "availability"]
        burns = [line["burn"][0] for line in lines if line["journey"] == "book"]
        return any(wanted(burn["rate"], burn["limit"]) for burn in burns)

    async def _shown(self) -> bool:
        return ALERT in [alert["name"] for alert in (await self._status())["alerts"]]

    async def _not_shown(self) -> bool:
        return not await self._shown()

    def _gate(self) -> tuple[int, str]:
        """Its exit code, and the first line that it prints."""
        command = [sys.executable, "-m", "slo", "gate", "--prometheus", self._shop["prometheus_url"]]
        answer = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False, timeout=60)
        first = (answer.stdout or answer.stderr).partition("\n")[0]
        return answer.returncode, f"the gate answers {answer.returncode}, {first}"


@asynccontextmanager
async def _driven(url: str) -> AsyncIterator[aiohttp.ClientSession]:
    """Customers who look and buy until the block ends, whatever the shop answers."""
    timeout = aiohttp.ClientTimeout(total=5)
    async with aiohttp.ClientSession(cookie_jar=aiohttp.DummyCookieJar(), timeout=timeout) as session:
        driving = asyncio.create_task(_drive(session, url))
        try:
            yield session
        finally:
            driving.cancel()
            await asyncio.wait([driving])


async def _drive(session: aiohttp.ClientSession, url: str) -> None:
    while True:
        with suppress(aiohttp.ClientError, TimeoutError):
            await _buy(session, url)
        await asyncio.sleep(_BOOKINGS_APART)


async def _buy(session: aiohttp.ClientSession, url: str) -> None:
    async with session.get(f"{url}/api/events/1") as response:
        await response.read()
    async with session.post(f"{url}/api/basket", json={"event_id": 1}) as response:
        basket = await response.json()
    if "basket_id" not in basket:
        return
    async with session.post(f"{url}/api/checkout", json={"basket_id": basket["basket_id"]}) as response:
        order = await response.json()
    if "order_id" in order:
        async with session.get(f"{url}/api/orders/{order['order_id']}?token={order['order_token']}") as response:
            await response.read()


def _divided(promise: str, faster: int) -> str:
    """The promise with each of its times divided, but measured each second, so that a second is the shortest."""
    if faster == 1:
        return promise
    content = yaml.safe_load(promise)
    kept = {**content.pop("prometheus"), "scrape_interval": "1s", "evaluation_interval": "1s"}
    return yaml.safe_dump({**_times(content, faster), "prometheus": kept}, sort_keys=False)


def _times(content: Any, faster: int) -> Any:
    if isinstance(content, dict):
        return {key: _times(value, faster) for key, value in content.items()}
    if isinstance(content, list):
        return [_times(value, faster) for value in content]
    match = re.fullmatch(r"(\d+)([smhd])", content) if isinstance(content, str) else None
    if match is None:
        return content
    seconds = int(match[1]) * {"s": 1, "m": 60, "h": 3600, "d": 86400}[match[2]]
    return f"{max(1, round(seconds / faster))}s"


if __name__ == "__main__":
    console.run(main)
