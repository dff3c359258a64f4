import logging

import pytest

from backend.telemetry.logs import LogOptions
from backend.web.health import Health, health_routes
from tests.web.serving import Serve


async def test_a_process_is_alive_while_its_loop_runs(serve: Serve) -> None:
    door = await serve(health_routes(Health()))
    assert (await door.client.get("/healthz")).status == 200


@pytest.mark.parametrize(
    ("health", "status", "said"),
    [
        (Health(), 503, "warming up"),
        (Health(warmed=True), 503, "schema too old"),
        (Health(warmed=True, schema_current=True), 200, "ready"),
        (Health(warmed=True, schema_current=True, draining=True), 503, "draining"),
    ],
)
async def test_traffic_comes_only_when_it_can_be_served(serve: Serve, health: Health, status: int, said: str) -> None:
    door = await serve(health_routes(health))
    answer = await door.client.get("/readiness")
    assert (answer.status, (await answer.json())["status"]) == (status, said)


@pytest.mark.parametrize(("up", "said"), [(True, "up"), (False, "down")])
async def test_a_database_outage_shows_in_the_body_and_not_in_the_status(
    serve: Serve,
    up: bool,  # noqa: FBT001 - a column of the table
    said: str,
) -> None:
    health = Health(warmed=True, schema_current=True, database_up=lambda: up)
    answer = await (await serve(health_routes(health))).client.get("/readiness")
    assert (answer.status, (await answer.json())["database"]) == (200, said)


async def test_probes_leave_no_line_in_the_log(serve: Serve, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    door = await serve(health_routes(Health()), log=LogOptions(sample=1.0))
    assert (await door.client.get("/readiness")).status == 503
    assert (await door.client.get("/healthz")).status == 200
    await door.client.get("/api/nothing")
    lines = [record.getMessage() for record in caplog.records if record.name == "backend.access"]
    assert lines == ["GET /api/nothing 404"]
