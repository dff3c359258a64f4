"""The verdict: what of the promise was not kept."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median

from tools.load.scenarios import Scenario
from tools.load.summary import Summary
from tools.load.watching import Moment

FLOOR = 45.0  # visits a second that a shop must carry at the least; two busy cores, which k6 shared, carried 76
_GROWTH = 0.10  # of the memory from one third of a soak to the last
_LEAST_MOMENTS = 30


@dataclass(frozen=True)
class Verdict:
    """problems: none when the test has passed. findings: what else it has shown, a sentence each."""

    problems: tuple[str, ...]
    findings: tuple[str, ...] = ()

    @property
    def passed(self) -> bool:
        return not self.problems


def judge(scenario: Scenario, summary: Summary, moments: Sequence[Moment], floor: float = FLOOR) -> Verdict:
    """floor: for a scenario that climbs, the visits a second that must be carried."""
    if scenario.climbs:
        return _climbed(summary, floor)
    missed = tuple(f"{limit}: {limit.measured}" for limit in summary.limits if not limit.met)
    if scenario.watches_memory:
        problems, findings = _memory(moments)
        return Verdict(missed + problems, findings)
    return Verdict(missed, _sold(summary) + _admitted(summary))


def carried(summary: Summary) -> tuple[float, float | None]:
    """Visits a second of the last step that kept the promise before any that did not, and of that one, if any."""
    best = 0.0
    for step in steps(summary):
        if not step_kept(summary, step):
            return best, float(step)
        best = float(step)
    return best, None


def steps(summary: Summary) -> list[str]:
    """Those that were reached, from the slowest."""
    return list(dict.fromkeys(row.tag("step") for row in summary.rows() if row.tag("step")))


def step_kept(summary: Summary, step: str) -> bool:
    of = {("step", step), ("scenario", f"step_{step}")}
    return all(limit.met for limit in summary.limits if of & set(limit.tags))


def _climbed(summary: Summary, floor: float) -> Verdict:
    best, broke_at = carried(summary)
    missed = [f"{limit}: {limit.measured}" for limit in summary.limits if not limit.met and not _of_a_step(limit.tags)]
    if best < floor:
        missed.append(f"carried {best:,.0f} visits a second, {floor:,.0f} are demanded")
    if broke_at is None:
        return Verdict(tuple(missed), (f"the promise was kept up to {best:,.0f} visits a second, the end of the test",))
    first = next(
        f"{limit} ({limit.measured})"
        for limit in summary.limits
        if not limit.met and {("step", f"{broke_at:.0f}"), ("scenario", f"step_{broke_at:.0f}")} & set(limit.tags)
    )
    return Verdict(
        tuple(missed),
        (f"the promise was kept up to {best:,.0f} visits a second and broke at {broke_at:,.0f}: {first}",),
    )


def _of_a_step(tags: Sequence[tuple[str, str]]) -> bool:
    return any(name == "step" or value.startswith("step_") for name, value in tags)


def _sold(summary: Summary) -> tuple[str, ...]:
    """What was sold in a sale, and how fast."""
    if "sale_tickets" not in summary.metrics:
        return ()
    after = summary.metrics["sale_bought_after"]["values"]["max"] / 1000
    tickets, buyers = summary.count("sale_tickets"), summary.count("sale_buyers")
    return (f"{tickets:,.0f} tickets to {buyers:,.0f} buyers, the last one {after:.2f} s after the first arrival",)


def _admitted(summary: Summary) -> tuple[str, ...]:
    """How many were let in from a waiting room, and how long they had waited."""
    if "queue_waited" not in summary.metrics:
        return ()
    waited = summary.metrics["queue_waited"]["values"]
    admitted, bought = summary.count("queue_admitted"), summary.count("queue_bought")
    median, last = waited["med"] / 1000, waited["max"] / 1000
    waits = f"half of them within {median:.1f} s, all within {last:.1f} s"
    return (f"{admitted:,.0f} were admitted, {waits}; {bought:,.0f} bought",)


def _memory(moments: Sequence[Moment]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Problems and findings. The first third fills caches and is not counted.

    What nobody has seen may have grown, so that is a problem too.
    """
    if len(moments) < _LEAST_MOMENTS:
        seen = f"it was seen {len(moments)} times and must be {_LEAST_MOMENTS} times"
        return (f"the memory cannot be judged: {seen}, by METRICS or PROMETHEUS, in a test that is long enough",), ()
    third = len(moments) // 3
    early = median(moment.memory for moment in moments[third : 2 * third])
    late = median(moment.memory for moment in moments[2 * third :])
    says = f"memory {early / 2**20:,.0f} MiB in the second third, {late / 2**20:,.0f} MiB in the last"
    if late > early * (1 + _GROWTH):
        return (f"{says}: it grows by more than {_GROWTH:.0%}",), ()
    return (), (says,)
