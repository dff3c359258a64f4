"""Whether the shop has seen what k6 has: its own counters before and after, beside k6's figures."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from slo.spec import Spec
from tools.load.exposition import Reading, sum_of
from tools.load.summary import Row, Summary

_REQUESTS = "http_request_duration_seconds_count"
_BUCKETS = "http_request_duration_seconds_bucket"
_SOME = 0.005  # share of the requests that may be missing on a side without a reason


@dataclass(frozen=True)
class Seen:
    """What the shop counted of a journey. within: share of good answers under the first latency objective, 0..1."""

    requests: int
    bad: int
    excluded: int
    within: float


@dataclass(frozen=True)
class Comparison:
    """says: sentences for people. unexplained: those of them that a shop nobody else uses cannot account for."""

    says: tuple[str, ...]
    unexplained: tuple[str, ...] = ()


def compare(spec: Spec, summary: Summary, before: Reading, after: Reading) -> Comparison:
    """Journey by journey."""
    if sum_of(before, "process_start_time_seconds") != sum_of(after, "process_start_time_seconds"):
        return Comparison(("not compared: a backend was started meanwhile, and its counters began anew",))
    says: list[str] = []
    unexplained: list[str] = []
    for journey in spec.journeys:
        row = summary.row(journey=journey)
        if row is None:
            continue
        seen = _seen(spec, journey, before, after)
        told = [*_counted(journey, row, seen, _inside(summary)), *_timed(spec, journey, row, seen)]
        says += [sentence for sentence, _ in told]
        unexplained += [sentence for sentence, explained in told if not explained]
    return Comparison(tuple(says), tuple(unexplained))


def _seen(spec: Spec, journey: str, before: Reading, after: Reading) -> Seen:
    def count(name: str, **labels: str) -> float:
        return sum_of(after, name, journey=journey, **labels) - sum_of(before, name, journey=journey, **labels)

    good = count(_REQUESTS, outcome="good")
    quick = count(_BUCKETS, outcome="good", le=str(float(spec.objectives.latency[0].under)))
    bad, excluded = count(_REQUESTS, outcome="bad"), count(_REQUESTS, outcome="excluded")
    return Seen(int(good + bad), int(bad), int(excluded), quick / good if good else 1.0)


def _inside(summary: Summary) -> float:
    """How many people were in the shop at most: so many requests can be cut when k6 ends."""
    return float(summary.metrics.get("vus", {"values": {}})["values"].get("max", 0))


def _counted(journey: str, row: Row, seen: Seen, inside: float) -> Iterator[tuple[str, bool]]:
    """A sentence on the counts, and whether the difference is explained."""
    if (row.requests, row.failed) == (seen.requests, seen.bad):
        yield f"{journey}: {row.requests:,} requests and {row.failed:,} bad ones on both sides", True
        return
    here, there = f"{row.requests:,} requests and {row.failed:,} bad ones", f"{seen.requests:,} and {seen.bad:,}"
    both = f"{journey}: k6 has {here}, the shop {there}"
    missing = row.requests - seen.requests
    if 0 < missing <= row.failed - seen.bad + seen.excluded:
        yield f"{both}: {missing:,} were refused or cut on the way, or given up by k6, and never ended here", True
    elif missing < 0:
        few = -missing <= max(inside, _SOME * row.requests)
        yield f"{both}: {-missing:,} were not k6's, or k6 had ended before their answer", few
    elif missing == 0:
        yield f"{both}: k6 gave some up that the shop answered, or the other way round", row.failed >= seen.bad
    else:
        yield f"{both}: nothing explains the difference", missing <= _SOME * row.requests


def _timed(spec: Spec, journey: str, row: Row, seen: Seen) -> Iterator[tuple[str, bool]]:
    under = spec.objectives.latency[0].under
    share = row.within.get(f"journey_within_{under * 1000:.0f}ms", 1.0)
    shares = f"{journey}: {share:.2%} under {under:g} s by k6, {seen.within:.2%} by the shop's histogram"
    if abs(seen.within - share) < 0.0001:
        yield shares, True
    elif seen.within > share:
        yield f"{shares}: for k6 a request begins with its connection, for the shop once all of it has come", True
    else:
        yield f"{shares}: the shop is slower by its own clock than for k6", seen.within > share - 0.01
