"""Pods times connections fit the database, by the numbers that the backend itself uses."""

from collections import Counter
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backend.settings import Settings
from cdk.settings import ENVIRONMENTS, environment
from cdk.settings.database import RESERVED_CONNECTIONS
from cdk.settings.workloads import BESIDE_THE_POOL, Workload, connections_allowed, connections_needed
from tests.box_office import BoxOffice
from tests.shop import running_shop, together

SESSIONS = """
SELECT application_name, count(*) FROM pg_stat_activity
WHERE datname = current_database() AND backend_type = 'client backend' GROUP BY 1
"""

counts = st.integers(1, 200)


def workload(most: int, surge: int = 1, pool: int = 10) -> Workload:
    return Workload(least=1, most=most, surge=surge, pool=pool, cpu="1", memory="1Gi")


def test_every_pod_that_there_can_be_is_counted_with_its_pool_and_what_is_beside_it() -> None:
    """Those that come in a rollout, and those that go: they keep their pool until they have drained."""
    assert connections_needed(workload(20, surge=5, pool=10)) == (20 + 5 + 5) * 12 + 6


def test_a_pod_that_never_sees_the_database_needs_no_connection() -> None:
    assert connections_needed(workload(50, pool=0)) == connections_needed()


@pytest.mark.parametrize(("most", "reserved", "allowed"), [(200, 10, 133), (110, 10, 70), (10, 10, 0)])
def test_seven_tenths_of_what_is_not_reserved_may_be_planned(most: int, reserved: int, allowed: int) -> None:
    assert connections_allowed(most, reserved) == allowed


@given(most=counts, surge=counts, pool=st.integers(2, 100), max_connections=st.integers(50, 1600))
def test_an_environment_is_accepted_exactly_when_its_pods_fit(
    most: int, surge: int, pool: int, max_connections: int
) -> None:
    prod = environment("prod")
    backend = replace(prod.backend, least=1, most=most, surge=surge, pool=pool, cpu="10m")
    fits = connections_needed(backend, prod.worker, prod.frontend) <= connections_allowed(
        max_connections, RESERVED_CONNECTIONS
    )
    database = replace(prod.database, max_connections=max_connections)
    if fits:
        assert replace(prod, backend=backend, database=database).backend.most == most
    else:
        with pytest.raises(ValueError, match=r"^database\.max_connections is "):
            replace(prod, backend=backend, database=database)


@pytest.mark.parametrize("name", ENVIRONMENTS)
def test_the_service_takes_the_pools_of_the_settings(name: str) -> None:
    env = environment(name)
    for pods in (env.backend, env.worker):
        taken = Settings.from_env(
            {"DATABASE_URL": "postgresql://x/y", "SECRET_KEY": "0" * 16, "DB_POOL_SIZE": str(pods.pool)}
        )
        assert taken.db_pool_size == pods.pool


async def test_a_process_holds_no_more_beside_its_pool_than_is_planned_for(
    box_office: BoxOffice, dsn: str, tmp_path: Path
) -> None:
    """A whole shop, serve and worker, with buyers and somebody who asks for a fresh check all the time."""
    pool = 2
    sale = await box_office.publish(capacity=1000)
    most: Counter[str] = Counter()
    async with running_shop(box_office, dsn, tmp_path, db_pool_size=pool) as shop:
        for _ in range(10):
            await together(*(shop.hold(sale) for _ in range(20)), shop.ask("GET", "/api/status?fresh=1"))
            for name, held in await box_office.rows(SESSIONS):
                most[name] = max(most[name], held)
    of_the_shop = {name: held for name, held in most.items() if name != "aegistickets"}  # that one is the test's own
    assert {"aegistickets-serve", "aegistickets-worker"} <= set(of_the_shop)
    assert all(of_the_shop[f"aegistickets-{name}"] <= pool for name in ("serve", "worker"))
    assert sum(of_the_shop.values()) <= 2 * (pool + BESIDE_THE_POOL)
