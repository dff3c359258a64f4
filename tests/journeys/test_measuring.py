"""What Prometheus finds on the ports that customers never see, after customers were there."""

import re
from uuid import uuid4

from tests.box_office import eventually
from tests.journeys.conftest import OpenShop
from tests.shop import Shop, working

HTTP = {"http_request_duration_seconds", "http_requests_total", "http_requests_in_flight", "requests_shed_total"}
POOL = {
    "db_pool_connections", "db_pool_size", "db_pool_busy_seconds_total", "db_pool_wait_seconds",
    "db_pool_timeouts_total",
}  # fmt: skip
SALES = {
    "holds_total", "holds_expired_total", "orders_total", "tickets_sold_total", "payments_total",
    "payment_duration_seconds", "payment_to_ticket_seconds", "events_relayed_total",
}  # fmt: skip
WATCHED = {
    "tickets_oversold",
    "invariants_broken",
    "outbox_pending",
    "outbox_oldest_seconds",
    "payments_unsettled_seconds",
}
BROWSERS = {"web_vitals_lcp_seconds", "web_vitals_inp_seconds", "web_vitals_cls"}
PROCESS = {"event_loop_lag_seconds", "process_cpu_seconds_total", "process_resident_memory_bytes"}

# What a label may say: words, templates of routes, statuses and the edges of buckets. No identifier, no path.
LABEL = re.compile(r'(?P<name>[a-z]+)="(?P<value>[^"]*)"')
VALUE = re.compile(r"[a-z_]+|[A-Z]+|[1-5][0-9]{2}|[0-2]|/[a-z./{}_]*")


def names(samples: dict[str, float]) -> set[str]:
    return {re.sub(r"(_bucket|_sum|_count)?(\{.*)?$", "", sample) for sample in samples}


async def visit(shop: Shop) -> None:
    """A customer buys two tickets and looks at them; somebody else tries what comes to mind."""
    sale = await shop.box_office.publish(capacity=5, price=1000)
    bought = await shop.check_out(await shop.basket(sale, 2))
    assert bought.status == 200
    await shop.order(bought)
    await shop.ask("GET", bought.body["tickets"][0]["svg_url"])
    await shop.hold(sale, 9)
    for path in (f"/api/orders/{uuid4()}", "/api/events/4711", "/wp-login.php", '/api/"', "/api/events?q=a%22b"):
        await shop.ask("GET", path)
    async with shop.client.request("PROPFIND", f"{shop.url}/api/basket") as answer:
        assert answer.status == 405


async def test_both_ports_together_show_every_metric_of_the_contract(open_shop: OpenShop) -> None:
    async with open_shop(worker=False) as shop, working(shop.settings) as port:
        assert names(await shop.metrics()) >= HTTP | POOL | SALES | BROWSERS | PROCESS

        async def worker_shows_all() -> bool:
            return names(await shop.metrics(port)) >= POOL | SALES | PROCESS | WATCHED

        await eventually(worker_shows_all)


async def test_a_purchase_is_counted_where_it_belongs(shop: Shop) -> None:
    before = await shop.metrics()
    await visit(shop)
    after = await shop.metrics()
    grown = {name: after[name] - before.get(name, 0) for name in after if after[name] != before.get(name, 0)}
    labels = 'journey="book",method="POST",outcome="good",route="/api/checkout"'
    expected = {
        'holds_total{result="held"}': 1,
        'holds_total{result="sold_out"}': 1,
        'orders_total{status="paid"}': 1,
        "tickets_sold_total": 2,
        'payments_total{provider="test",result="succeeded"}': 1,
        'payment_duration_seconds_count{provider="test",result="succeeded"}': 1,
        "payment_to_ticket_seconds_count": 1,
        'http_requests_total{code="200",method="POST",route="/api/checkout"}': 1,
        'http_requests_total{code="401",method="GET",route="/api/orders/{order_id}"}': 1,
        'http_requests_total{code="404",method="GET",route="unmatched"}': 2,
        'http_requests_total{code="405",method="other",route="unmatched"}': 1,
        f"http_request_duration_seconds_count{{{labels}}}": 1,
    }
    assert {name: grown.get(name) for name in expected} == expected


async def test_no_label_tells_who_did_what(shop: Shop) -> None:
    await visit(shop)
    samples = await shop.metrics()
    values = {match["value"] for sample in samples for match in LABEL.finditer(sample) if match["name"] != "le"}
    assert {value for value in values if not VALUE.fullmatch(value)} == set()
    assert len(samples) < 5000


async def test_customers_find_no_metrics_on_their_port(shop: Shop) -> None:
    assert (await shop.ask("GET", "/metrics")).status == 404
