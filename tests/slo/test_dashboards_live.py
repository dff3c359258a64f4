"""The dashboards' queries, asked of a real Prometheus that watches a real shop while customers come and go."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from uuid import uuid4

from slo.spec import load_spec
from tests.box_office import BoxOffice, Sale
from tests.shop import Shop, running_shop, working
from tests.slo import grafana, promql
from tests.slo.grafana import Drawn
from tests.slo.test_dashboards import OTHERS
from tests.slo.watching import Prometheus, watching

SPEC = load_spec()
PATIENCE = 60.0

# What shows nothing here, and whose metrics it waits for. Everything else must draw.
ELSEWHERE = {
    ("aegis-routes", "5xx that customers saw and we did not send"): "the CloudWatch exporter",
    ("aegis-resources", "CPU, of what is requested"): "cAdvisor and the kubelet",
    ("aegis-resources", "CPU throttled, share of periods"): "cAdvisor and the kubelet",
    ("aegis-resources", "Memory, of what is allowed"): "cAdvisor and the kubelet",
    ("aegis-resources", "Restarts in the last hour"): "kube-state-metrics",
    ("aegis-resources", "Autoscaler"): "kube-state-metrics",
    ("aegis-resources", "Pods by zone"): "kube-state-metrics",
    ("aegis-resources", "Nodes under pressure"): "kube-state-metrics",
    ("aegis-resources", "Memory of the nodes in use"): "the node exporter",
    ("aegis-resources", "Volumes in use"): "cAdvisor and the kubelet",
    ("aegis-database", "CPU"): "the CloudWatch exporter",
    ("aegis-database", "Connections that RDS counts"): "the CloudWatch exporter",
    ("aegis-database", "Reads and writes"): "the CloudWatch exporter",
    ("aegis-database", "Time of a write"): "the CloudWatch exporter",
    ("aegis-database", "Free storage"): "the CloudWatch exporter",
    ("aegis-database", "Deadlocks"): "the CloudWatch exporter",
    ("aegis-business", "Messages in the queues"): "the CloudWatch exporter",
    ("aegis-business", "Age of the oldest message in a queue"): "the CloudWatch exporter",
    ("aegis-onsale", "Sent by a load test"): "k6, writing to Prometheus",
}


def here(query: Drawn) -> bool:
    """Whether the shop, our rules or Prometheus itself give all that the query names."""
    foreign = set().union(*(names for who, names in OTHERS.items() if who != "Prometheus itself"))
    return not promql.metrics(query.expr) & foreign


async def visit(shop: Shop, sale: Sale, sold_out: Sale) -> None:
    """One customer buys and looks around, one comes too late, and some ask for what does not exist."""
    for path in ("/api/events", f"/api/events/{sale.event_id}", f"/api/events/{sale.event_id}/seats"):
        await shop.ask("GET", path)
    bought = await shop.check_out(await shop.basket(sale))
    assert bought.status == 200
    await shop.order(bought)
    await shop.ask("GET", bought.body["tickets"][0]["svg_url"])
    assert (await shop.hold(sold_out, 2)).status == 409
    assert (await shop.ask("GET", f"/api/orders/{uuid4()}")).status == 401
    assert (await shop.ask("GET", "/api/events/4711")).status == 404
    measured = [{"name": "LCP", "value": 900}, {"name": "INP", "value": 40}, {"name": "CLS", "value": 0.02}]
    assert (await shop.ask("POST", "/api/rum", {"page": "event", "metrics": measured})).status == 204


@asynccontextmanager
async def customers(shop: Shop) -> AsyncIterator[None]:
    """Visits, one after the other, until the block ends."""
    sale, sold_out = (
        await shop.box_office.publish(capacity=100_000, price=1000),
        await shop.box_office.publish(capacity=1),
    )

    async def come() -> None:
        while True:
            await visit(shop, sale, sold_out)

    coming = asyncio.create_task(come())
    try:
        yield
    finally:
        coming.cancel()
        with suppress(asyncio.CancelledError):
            await coming


async def empty(prometheus: Prometheus, queries: set[Drawn]) -> set[Drawn]:
    """Those that still draw nothing after a while."""
    with suppress(TimeoutError):
        async with asyncio.timeout(PATIENCE):
            while queries:
                queries = {each for each in queries if not await prometheus.ask(promql.filled_in(each.expr))}
                await asyncio.sleep(0.2)
    return queries


async def test_every_panel_that_needs_no_cluster_shows_data(box_office: BoxOffice, dsn: str, tmp_path: Path) -> None:
    drawn = set(grafana.queries(SPEC))
    async with (
        running_shop(box_office, dsn, tmp_path, worker=False) as shop,
        working(shop.settings) as worker,
        watching(SPEC, tmp_path, {"backend": shop.settings.metrics_port, "worker": worker}) as prometheus,
        customers(shop),
    ):
        assert await empty(prometheus, {query for query in drawn if here(query)}) == set()


def test_the_list_of_panels_that_need_more_is_exact() -> None:
    away = {(query.board, query.panel): query.expr for query in grafana.queries(SPEC) if not here(query)}
    assert away.keys() == ELSEWHERE.keys()
    for panel, who in ELSEWHERE.items():
        assert promql.metrics(away[panel]) & OTHERS[who], panel
