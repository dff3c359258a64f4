"""`python -m backend prescale`, between a real PostgreSQL and a stand-in of the cluster's API."""

import ssl
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from backend.db.pool import Database
from backend.features.catalogue.apply import apply_events
from backend.prescaling import Cluster, Plan, prescale
from tests.features.catalogue.samples import event, season, write
from tests.test_cli import Ended, backend

NOW = datetime(2127, 3, 1, 12, 0, tzinfo=UTC)
PLAN = Plan(least=2, most=10, tickets_a_pod=1000, lead=timedelta(minutes=20), stay=timedelta(minutes=30))


class Api:
    """The one request that the cluster is asked, and what it says."""

    def __init__(self) -> None:
        self.status = 200
        self.asked: list[tuple[str, dict[str, str], Any]] = []

    async def patch(self, request: web.Request) -> web.Response:
        head = {name: request.headers[name] for name in ("Authorization", "Content-Type")}
        self.asked.append((str(request.rel_url), head, await request.json()))
        return web.json_response({"message": "no"}, status=self.status)


@pytest.fixture
def api() -> Api:
    return Api()


@pytest.fixture
async def cluster(api: Api) -> AsyncIterator[Cluster]:
    app = web.Application()
    app.router.add_patch("/{path:.*}", api.patch)
    async with TestServer(app) as server:
        yield Cluster(url=str(server.make_url("")), namespace="tickets-dev", token="a token")


def opening(slug: str, capacity: int, at: datetime) -> str:
    return event(
        slug, tickets=f"- {{name: Floor, price: 20.00, capacity: {capacity}, on_sale_at: '{at:%Y-%m-%d %H:%M}'}}"
    )


@pytest.fixture
async def sale(db: Database, tmp_path: Path) -> datetime:
    """5,001 tickets of two events open at this moment, 100,000 have been on sale for a day."""
    at = NOW + timedelta(days=10)
    text = season(
        opening("first", 5000, at),
        opening("second", 1, at),
        opening("yesterday", 100_000, at - timedelta(days=1)),
    )
    await apply_events(db, write(tmp_path, text), now=NOW)
    return at


@pytest.mark.parametrize(("tickets", "pods"), [(0, 2), (2000, 2), (2001, 3), (9999, 10), (10_001, 10)])
def test_pods_follow_the_tickets_within_their_bounds(tickets: int, pods: int) -> None:
    assert PLAN.pods(tickets) == pods


@pytest.mark.parametrize(
    ("minutes", "pods"), [(-21, 2), (-20, 6), (0, 6), (30, 6), (31, 2)], ids=lambda value: f"{value}"
)
async def test_there_are_more_pods_from_before_a_sale_opens_until_it_has_calmed_down(
    minutes: int, pods: int, *, sale: datetime, db: Database, cluster: Cluster, api: Api
) -> None:
    assert await prescale(db, cluster, "backend", PLAN, sale + timedelta(minutes=minutes)) == pods
    path = "/apis/autoscaling/v2/namespaces/tickets-dev/horizontalpodautoscalers/backend?fieldManager=prescaling"
    head = {"Authorization": "Bearer a token", "Content-Type": "application/merge-patch+json"}
    assert api.asked == [(path, head, {"spec": {"minReplicas": pods}})]


async def test_a_withdrawn_event_needs_no_pods(db: Database, sale: datetime, cluster: Cluster) -> None:
    await db.execute("UPDATE event SET status = 'withdrawn' WHERE slug = 'first'")
    assert await prescale(db, cluster, "backend", PLAN, sale) == 2


async def test_what_the_cluster_refuses_is_one_line(db: Database, cluster: Cluster, api: Api) -> None:
    api.status = 403
    with pytest.raises(ValueError, match=r"^the cluster answers 403 to /apis/autoscaling/.+: \{\"message\": \"no\"\}$"):
        await prescale(db, cluster, "backend", PLAN, NOW)


async def test_a_cluster_that_does_not_answer_is_one_line(db: Database, cluster: Cluster) -> None:
    away = replace(cluster, url="http://127.0.0.1:1")
    with pytest.raises(ValueError, match=r"^the cluster's API cannot be reached: "):
        await prescale(db, away, "backend", PLAN, NOW)


def test_a_pod_knows_its_cluster(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    as_in_python_3_13 = ssl.create_default_context()
    as_in_python_3_13.verify_flags |= ssl.VERIFY_X509_STRICT
    monkeypatch.setattr(ssl, "create_default_context", lambda cafile: as_in_python_3_13)  # noqa: ARG005 - its signature
    (tmp_path / "token").write_text("a token\n")
    (tmp_path / "namespace").write_text("tickets-prod")
    authorities = ssl.get_default_verify_paths().cafile
    assert authorities
    (tmp_path / "ca.crt").symlink_to(authorities)
    variables = {"KUBERNETES_SERVICE_HOST": "172.20.0.1", "KUBERNETES_SERVICE_PORT": "443"}
    found = Cluster.of_pod(variables, tmp_path)
    assert (found.url, found.namespace, found.token) == ("https://172.20.0.1:443", "tickets-prod", "a token")
    assert found.trusted is not None
    assert (found.trusted.verify_mode, found.trusted.check_hostname) == (ssl.CERT_REQUIRED, True)
    assert not found.trusted.verify_flags & ssl.VERIFY_X509_STRICT
    assert "a token" not in repr(found)


async def test_outside_a_cluster_the_command_says_so(dsn: str) -> None:
    numbers = {"least": 2, "most": 4, "tickets-a-pod": 1000, "lead-minutes": 20, "stay-minutes": 30}
    options = [word for name, number in numbers.items() for word in (f"--{name}", str(number))]
    missing = "prescale: this is no pod with access to its cluster's API: 'KUBERNETES_SERVICE_HOST' is missing"
    assert await backend("prescale", "backend", *options, dsn=dsn) == Ended(1, [], [missing])


@pytest.mark.parametrize(("least", "most", "each"), [(0, 4, 1), (5, 4, 1), (1, 4, 0)])
def test_a_plan_that_cannot_be_is_refused(least: int, most: int, each: int) -> None:
    with pytest.raises(ValueError, match=r"^--"):
        Plan(least=least, most=most, tickets_a_pod=each, lead=PLAN.lead, stay=PLAN.stay)
