"""The service as a process: where it refuses to start, and that it stops."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path

import aiohttp
import pytest

from backend.psp.options import PspOptions
from tests.psp.running import API_KEY, PATIENCE_SECONDS, WEBHOOK_SECRET, Psp, options, running_shop
from tests.shop import free_ports

START = "import os; from backend.psp import options, service; service.run(options.PspOptions.from_env(os.environ))"
SECRETS = {"PSP_API_KEY": API_KEY, "PSP_WEBHOOK_SECRET": WEBHOOK_SECRET}


async def start(environ: Mapping[str, str]) -> asyncio.subprocess.Process:
    return await asyncio.create_subprocess_exec(
        sys.executable, "-c", START, env=os.environ | environ, stderr=asyncio.subprocess.PIPE
    )


@asynccontextmanager
async def process(**environ: str) -> AsyncIterator[tuple[Psp, asyncio.subprocess.Process]]:
    (port,) = free_ports(1)
    child = await start({"ENVIRONMENT": "local", "PSP_PORT": str(port), **SECRETS, **environ})
    try:
        async with aiohttp.ClientSession() as client:
            psp = Psp(f"http://127.0.0.1:{port}", client)
            await answers(psp)
            yield psp, child
    finally:
        if child.returncode is None:
            child.kill()
            await child.communicate()


async def answers(psp: Psp) -> None:
    async with asyncio.timeout(PATIENCE_SECONDS):
        while True:
            try:
                await psp.ask("GET", "/v1/control")
            except aiohttp.ClientError:
                await asyncio.sleep(0.02)
            else:
                return


@pytest.mark.parametrize("environment", ["prod", "production", "staging", "", "unset"])
def test_the_test_provider_never_runs_in_production_nor_where_it_does_not_know_itself(environment: str) -> None:
    with pytest.raises(ValueError, match="moves no money and never runs in"):
        options(environment=environment)
    with pytest.raises(ValueError, match="ENVIRONMENT must be one of"):
        PspOptions.from_env(SECRETS | {"ENVIRONMENT": environment})


async def test_the_process_ends_before_it_listens_in_production() -> None:
    child = await start({"ENVIRONMENT": "prod", **SECRETS})
    _, errors = await child.communicate()
    assert child.returncode != 0
    assert b"never runs in 'prod'" in errors


@pytest.mark.parametrize(
    ("environ", "complaint"),
    [
        ({"PSP_API_KEY": ""}, "PSP_API_KEY and PSP_WEBHOOK_SECRET"),
        ({"PSP_WEBHOOK_SECRET": ""}, "PSP_API_KEY and PSP_WEBHOOK_SECRET"),
        ({"PSP_PORT": "http"}, "PSP_PORT must be a number"),
        ({"PSP_LATENCY_MS": "-1"}, "PSP_LATENCY_MS must be a number"),
        ({"PSP_LATE_SECONDS": "nan"}, "PSP_LATE_SECONDS must be a number"),
        ({"PSP_FAILURE_RATE": "2"}, "PSP_FAILURE_RATE must be a share"),
        ({"PSP_CARD": "gold"}, "no test card 'gold'; there are: approve, decline"),
    ],
)
def test_a_bad_setting_is_named(environ: dict[str, str], complaint: str) -> None:
    with pytest.raises(ValueError, match=complaint):
        PspOptions.from_env({"ENVIRONMENT": "local"} | SECRETS | environ)


def test_every_knob_can_be_set_from_the_environment() -> None:
    environ = {
        "ENVIRONMENT": "dev",
        "PSP_HOST": "0.0.0.0",
        "PSP_PORT": "9000",
        "PSP_PUBLIC_URL": "https://pay.example",
        "PSP_JOURNAL": "/tmp/psp.jsonl",
        "PSP_CARD": "late",
        "PSP_LATENCY_MS": "250",
        "PSP_FAILURE_RATE": "0.1",
        "PSP_LATE_SECONDS": "3",
        "PSP_TIMEOUT_SECONDS": "7",
        "PSP_SETTLED_WEBHOOKS": "off",
    }
    assert PspOptions.from_env(environ | SECRETS) == PspOptions(
        environment="dev",
        api_key=API_KEY,
        webhook_secret=WEBHOOK_SECRET,
        host="0.0.0.0",
        port=9000,
        public_url="https://pay.example",
        journal=Path("/tmp/psp.jsonl"),
        card="late",
        latency_seconds=0.25,
        failure_rate=0.1,
        late_seconds=3,
        timeout_seconds=7,
        settled_webhooks=False,
    )


@pytest.mark.parametrize("stop", [signal.SIGTERM, signal.SIGINT])
async def test_it_stops_when_told_though_a_webhook_is_waiting_and_a_connection_is_open(stop: signal.Signals) -> None:
    async with process(PSP_CARD="late") as (psp, child):
        await psp.created(webhook_url="http://127.0.0.1:1/")
        child.send_signal(stop)
        async with asyncio.timeout(PATIENCE_SECONDS):
            _, errors = await child.communicate()
    assert (child.returncode, errors) == (0, b"")


async def test_kill_minus_nine_costs_no_payment_that_was_answered(tmp_path: Path) -> None:
    journal = str(tmp_path / "psp.jsonl")
    async with running_shop() as shop:
        async with process(PSP_JOURNAL=journal) as (psp, child):
            intents = [await psp.created(webhook_url=shop.url) for _ in range(5)]
            await shop.until(lambda: sum(len(call.events) for call in shop.calls) == 5)
            child.kill()
            await child.communicate()
        async with process(PSP_JOURNAL=journal) as (psp, _):
            assert [await psp.status(intent) for intent in intents] == ["succeeded"] * 5
            await psp.created(webhook_url=shop.url)
            await shop.until(lambda: sum(len(call.events) for call in shop.calls) == 6)
    names = {event["id"] for call in shop.calls for event in call.events}
    assert len(names) == 6
