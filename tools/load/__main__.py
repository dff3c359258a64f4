"""`python -m tools.load`: loads a shop by SCENARIO and judges it; exit 1 when the promise was not kept.

SCENARIO (smoke, happy, sale, seats, stress, soak), HOST (a shop; else one of our own), METRICS (its metrics ports), and
what the scripts in loadtests/ take, such as RATE and DURATION.
"""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Mapping

from slo.spec import Spec, load_spec
from tools import console
from tools.bench import machine
from tools.console import Failure, say, step
from tools.load import generator, kept, summary, tables
from tools.load.crosscheck import Comparison, compare
from tools.load.judging import FLOOR, Verdict, judge
from tools.load.remembered import recall
from tools.load.scenarios import SETTINGS, Scenario, chosen
from tools.load.sites import Site, opened
from tools.load.watching import Watched, watching
from tools.setup import ROOT


def main(_arguments: list[str]) -> int:
    os.chdir(ROOT)
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    verdict = load(chosen(os.environ.get("SCENARIO", "smoke")))
    if not verdict.passed:
        raise Failure(f"the promise was not kept: {'; '.join(verdict.problems)}"[:1000])
    return 0


def load(scenario: Scenario, variables: Mapping[str, str] = os.environ) -> Verdict:
    """Carry out one test, say what came of it, and keep that for the report."""
    generator.allow_connections()
    settings = {name: variables[name] for name in SETTINGS if variables.get(name)}
    floor = _number("FLOOR", settings, FLOOR)
    spec, folder, began = load_spec(), kept.new_folder(scenario), time.time()
    waiting = os.getloadavg()[0]  # who else wants the machine's cores is part of what was measured
    with opened(variables) as site:
        step(f"{scenario.name} on {site.url}: {scenario.proves}")
        with watching(site.metrics) as watched:
            generator.run(scenario, site.url, settings, folder)
        moments = watched.moments or (recall(site.prometheus, began, time.time()) if site.prometheus else [])
    figures = summary.read(folder / "summary.json", spec.journeys)
    judged = judge(scenario, figures, moments, floor)
    comparison = _compared(spec, site, figures, watched)
    verdict = Verdict(judged.problems + (comparison.unexplained if site.own else ()), judged.findings)
    _tell(scenario, figures, verdict, comparison)
    about = kept.About(
        scenario=scenario.name,
        host="a shop of its own" if site.own else site.url,
        began=began,
        commit=kept.commit(),
        machine={**machine.describe(), "k6": generator.version(), "load average before": f"{waiting:.1f}"},
        settings=settings,
        problems=verdict.problems,
        findings=verdict.findings,
        comparison=comparison.says,
    )
    kept.keep(folder, about, moments)
    return verdict


def _compared(spec: Spec, site: Site, figures: summary.Summary, watched: Watched) -> Comparison:
    if watched.before is None or watched.after is None:
        return Comparison((f"not compared with the shop's own counters: METRICS names no metrics port of {site.url}",))
    return compare(spec, figures, watched.before, watched.after)


def _tell(scenario: Scenario, figures: summary.Summary, verdict: Verdict, comparison: Comparison) -> None:
    say(f"\n{tables.table(scenario, figures)}\n")
    if not scenario.climbs:
        for limit in figures.others():
            say(f"  {'kept    ' if limit.met else 'NOT KEPT'}  {limit}: {limit.measured}")
    for finding in verdict.findings:
        say(f"  {finding}")
    say("  k6 and the shop:")
    for sentence in comparison.says:
        say(f"    {sentence}")
    say("")
    if verdict.passed:
        step(f"{scenario.name}: the promise was kept")


def _number(name: str, settings: Mapping[str, str], usual: float) -> float:
    try:
        return float(settings.get(name, usual))
    except ValueError:
        raise Failure(f"{name} is {settings[name]!r}: expected a number") from None


if __name__ == "__main__":
    console.run(main)
