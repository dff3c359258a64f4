"""The gate before a real Prometheus whose past was written by promtool."""

import json
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import yaml

from slo import series
from slo.gate.measured import places
from slo.spec import Spec
from tests.prometheus import BURN_PAGES, Recorded, running_prometheus, write_past
from tests.slo.gated import BOOK, Gate, labelled, page, recorded

ALLOW, WARN, BLOCK, UNKNOWN = 0, 10, 20, 30


@contextmanager
def remembering(folder: Path, past: list[Recorded]) -> Iterator[str]:
    """A Prometheus with that past, which scrapes nothing and has evaluated pages that never fire; its address."""
    write_past(folder, past)
    config = folder / "prometheus.yml"
    config.write_text("global: {evaluation_interval: 1s}\nscrape_configs: []\nrule_files: [pages.yml]\n")
    pages = [{"alert": name, "expr": "vector(0) > 1"} for name in BURN_PAGES]
    (folder / "pages.yml").write_text(yaml.safe_dump({"groups": [{"name": "burn", "rules": pages}]}))
    with running_prometheus(folder, config) as url:
        give_up = time.monotonic() + 20
        while not evaluated(url):
            assert time.monotonic() < give_up, "the rules are not evaluated after 20 s"
            time.sleep(0.05)
        yield url


def evaluated(url: str) -> bool:
    with urllib.request.urlopen(f"{url}/api/v1/rules", timeout=5) as answer:
        (group,) = json.load(answer)["data"]["groups"]
    return all(rule["health"] == "ok" for rule in group["rules"])


async def code(gate: Gate, past: list[Recorded], *arguments: str) -> int:
    with remembering(gate.folder, past) as url:
        return (await gate.ask(url, *arguments)).code


def well(spec: Spec) -> list[Recorded]:
    return recorded(spec)


def half_spent(spec: Spec) -> list[Recorded]:
    return recorded(spec, BOOK, left=0.4)


def overspent(spec: Spec) -> list[Recorded]:
    return recorded(spec, BOOK, left=-0.1)


def paging(spec: Spec) -> list[Recorded]:
    return [*recorded(spec), page("SLOAvailabilityFastBurn", slo="availability", journey="book")]


def burning(spec: Spec) -> list[Recorded]:
    return recorded(spec, BOOK, burn=20.0)


def stale(spec: Spec) -> list[Recorded]:
    return recorded(spec, age=spec.gate.stale.total_seconds() + 60)


def young(spec: Spec, *, gap: bool = False) -> list[Recorded]:
    """Three hours of history, as its coverage says, unless there is a gap of half of them."""
    hours = 3
    covered = hours / 24 / spec.window.days * (0.5 if gap else 1)
    began = [
        Recorded(series.events(spec.sample_window), {"slo": slo, **({"journey": journey} if journey else {})}, samples)
        for _, (slo, journey) in places(spec)
        for samples in [{float(age): 1.0 for age in range(0, hours * 3600, 60)}]
    ]
    return [*recorded(spec, coverage=covered), *began]


@pytest.mark.parametrize(
    ("past", "expected"),
    [
        (well, ALLOW),
        (half_spent, WARN),
        (overspent, BLOCK),
        (paging, BLOCK),
        (burning, BLOCK),
        (stale, UNKNOWN),
        (young, UNKNOWN),
        (lambda _: [Recorded("up", {}, {0: 1.0})], UNKNOWN),
    ],
    ids=["well", "half spent", "overspent", "paging", "burning", "stale", "young", "empty"],
)
async def test_the_verdict_follows_from_what_it_remembers(
    gate: Gate, spec: Spec, past: Callable[[Spec], list[Recorded]], expected: int
) -> None:
    assert await code(gate, past(spec)) == expected


@pytest.mark.parametrize("order", [1, -1])
async def test_two_environments_in_one_prometheus_are_unknown(gate: Gate, spec: Spec, order: int) -> None:
    both = [labelled(overspent(spec), environment="prod"), labelled(recorded(spec), environment="dev")][::order]
    assert await code(gate, [*both[0], *both[1]]) == UNKNOWN


@pytest.mark.parametrize(("gap", "expected"), [(False, WARN), (True, UNKNOWN)])
async def test_bootstrap_lets_a_young_history_pass_but_none_with_a_gap(
    gate: Gate, spec: Spec, *, gap: bool, expected: int
) -> None:
    tomorrow = (datetime.now(UTC) + timedelta(days=1)).isoformat()
    assert await code(gate, young(spec, gap=gap), "--bootstrap", tomorrow) == expected
