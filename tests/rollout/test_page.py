"""Two real nginx with one build of the page give way to two with the next one, while customers open it."""

import asyncio
import logging
import re
import shutil
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import ExitStack, asynccontextmanager, suppress
from pathlib import Path

import pytest
import yaml
from yarl import URL

from tests.images.conftest import running_nginx
from tests.rollout.balancer import LoadBalancer, load_balancer
from tests.rollout.visits import Customer, GoneError, Visits, keep_visiting
from tools.setup import FRONTEND, ROOT

DIST = FRONTEND / "dist"
EDGE = ROOT / "tests" / "manifests" / "snapshots" / "prod" / "0004-edge.k8s.yaml"
AT_ONCE = 6
AT_EACH_STEP = 40
OLD, NEW = (0, 2), (1, 3)
IDLE = 60.0

log = logging.getLogger(__name__)


@pytest.fixture(scope="module")
def builds(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """Ours, and one whose scripts and styles have other names, as after any change; its font has the same one."""
    if not (DIST / "index.html").exists():
        pytest.fail("there is no page in frontend/dist: `make build` makes it")
    following = tmp_path_factory.mktemp("builds") / "following"
    shutil.copytree(DIST, following)
    names = {path.name: f"{path.stem}2{path.suffix}" for path in (DIST / "assets").glob("*.[cj]s*")}
    either = re.compile("|".join(map(re.escape, names)))
    for path in (*following.glob("*.html"), *following.glob("assets/*.[cj]s*")):
        text = either.sub(lambda found: names[found[0]], path.read_text(encoding="utf-8"))
        path.unlink()
        path.with_name(names.get(path.name, path.name)).write_text(text, encoding="utf-8")
    return DIST, following


@pytest.fixture(scope="module")
def ports(builds: tuple[Path, Path]) -> Iterator[list[int]]:
    """Of four pods: at even places with the old build, at odd ones with the new one."""
    with ExitStack() as running:
        urls = [running.enter_context(running_nginx(builds[place % 2]))[0] for place in range(4)]
        yield [int(URL(url).port or 0) for url in urls]


def stays() -> int:
    """Seconds that a customer of the page stays with a pod, by the manifests of prod."""
    bodies = {(each["kind"], each["metadata"]["name"]): each for each in yaml.safe_load_all(EDGE.read_text())}
    text = bodies["Service", "frontend"]["metadata"]["annotations"]["alb.ingress.kubernetes.io/target-group-attributes"]
    targets = dict(each.split("=") for each in text.split(","))
    assert (targets["stickiness.enabled"], targets["stickiness.type"]) == ("true", "lb_cookie")
    return int(targets["stickiness.lb_cookie.duration_seconds"])


@asynccontextmanager
async def visited(balancer: LoadBalancer, visits: Visits) -> AsyncIterator[Callable[[], Awaitable[None]]]:
    """Customers come all the time; what is given waits until some more have come."""
    coming = [asyncio.create_task(keep_visiting(balancer.url, visits)) for _ in range(AT_ONCE)]

    async def some() -> None:
        wanted = visits.all + AT_EACH_STEP
        async with asyncio.timeout(20):
            while visits.all < wanted:
                ended = next((task for task in coming if task.done()), None)
                if ended is not None:
                    ended.result()
                await asyncio.sleep(0.01)

    try:
        yield some
    finally:
        for task in coming:
            task.cancel()
        with suppress(asyncio.CancelledError):
            await asyncio.gather(*coming)


async def roll_out(balancer: LoadBalancer, visits: Visits) -> None:
    """None goes before its successor gets requests; customers come before, between and after."""
    async with visited(balancer, visits) as some:
        await some()
        for old, new in zip(OLD, NEW, strict=True):
            balancer.register(new)
            await some()
            balancer.deregister(old)
            await some()
    log.info("%d pages, %d asked for once more, %d blank", visits.opened, visits.again, len(visits.blank))


async def test_no_customer_gets_a_blank_page_in_a_rollout(ports: list[int], tmp_path: Path) -> None:
    visits = Visits()
    with load_balancer(tmp_path, ports, IDLE, stays=stays()) as balancer:
        for old in OLD:
            balancer.register(old)
        reader = Customer(balancer.url)
        await reader.open()
        await roll_out(balancer, visits)
        # Who opened the page before and only now goes to the checkout needs it anew, and has it then.
        with pytest.raises(GoneError, match="checkout-page"):
            await reader.check_out()
        await reader.open()
        await reader.check_out()
        await reader.close()
    assert visits.blank == []
    assert visits.again <= visits.opened / 10


async def test_without_the_cookie_pages_would_stay_blank(ports: list[int], tmp_path: Path) -> None:
    visits = Visits()
    with load_balancer(tmp_path, ports, IDLE) as balancer:
        for old in OLD:
            balancer.register(old)
        await roll_out(balancer, visits)
    assert len(visits.blank) > visits.all / 10
