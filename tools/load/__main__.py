"""`python -m tools.load [--dry-run]`: loads a shop by SCENARIO and judges it; exit 1 when the promise was not kept.

SCENARIO (a script in loadtests/), HOST (a shop; else one of our own), METRICS (its metrics ports), and what the scripts
take, such as RATE and DURATION.
"""

from __future__ import annotations

import argparse
import os
import signal
import time
from collections.abc import Mapping
from pathlib import Path

from slo.spec import Spec, load_spec
from tools import console
from tools.bench import machine
from tools.commands import Commands, How
from tools.console import Failure, say, step
from tools.load import generator, kept, loaded_shop, summary, tables
from tools.load.crosscheck import Comparison, compare
from tools.load.judging import FLOOR, Verdict, judge
from tools.load.loaded_shop import LoadedShop
from tools.load.prometheus_history import recall
from tools.load.scenarios import SETTINGS, Scenario, chosen
from tools.load.watching import Watched, watching
from tools.setup import ROOT


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="python -m tools.load")
    parser.add_argument("--dry-run", action="store_true", help="show every command and run none")
    options = parser.parse_args(arguments)
    os.chdir(ROOT)
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    scenario = chosen(os.environ.get("SCENARIO", "smoke"))
    if options.dry_run:
        say_how(scenario)
        return 0
    verdict = load(scenario)
    if not verdict.passed:
        raise Failure(f"the promise was not kept: {'; '.join(verdict.problems)}"[:1000])
    return 0


def say_how(scenario: Scenario, variables: Mapping[str, str] = os.environ) -> None:
    """Show what would be started, and start none of it."""
    commands = Commands(variables, dry_run=True)
    url = "http://127.0.0.1:PORT"
    if variables.get("HOST"):
        url = loaded_shop.address(variables["HOST"])
    else:
        step("a shop of its own, which is gone afterwards")
        free = {"PORT": "0", "DATA_DIR": "build/load-NEW/shop"}
        commands.run("python", "-m", "tools.local.up", how=How(variables={**free, **loaded_shop.SETTINGS}))
        commands.run("python", "-m", "backend", "events", "apply", loaded_shop.EVENTS)
    step(f"{scenario.name} on {url}: {scenario.proves}")
    folder = Path(os.path.relpath(kept.KEPT)) / scenario.name
    commands.run(*generator.command(scenario, url, _settings(variables), folder))
    step("dry run: nothing was done")


def load(scenario: Scenario, variables: Mapping[str, str] = os.environ) -> Verdict:
    """Carry out one test, say what came of it, and keep that for the report."""
    generator.allow_connections()
    if scenario.watches_memory:
        loaded_shop.demand_metrics(variables)
    settings = _settings(variables)
    floor = _number("FLOOR", settings, FLOOR)
    spec, folder, began = load_spec(), kept.new_folder(scenario), time.time()
    waiting = os.getloadavg()[0]  # who else wants the machine's cores is part of what was measured
    with loaded_shop.opened(variables) as shop:
        step(f"{scenario.name} on {shop.url}: {scenario.proves}")
        with watching(shop.metrics, shop.workers) as watched:
            generator.run(scenario, shop.url, settings, folder)
        moments = watched.moments or (recall(shop.prometheus, began, time.time()) if shop.prometheus else [])
    figures = summary.read(folder / "summary.json", spec.journeys)
    judged = judge(scenario, figures, moments, floor)
    comparison = _compared(spec, shop, figures, watched)
    verdict = Verdict(judged.problems + (comparison.unexplained if shop.own else ()), judged.findings)
    _tell(scenario, figures, verdict, comparison)
    about = kept.About(
        scenario=scenario.name,
        host="a shop of its own" if shop.own else shop.url,
        began=began,
        commit=machine.commit(),
        machine={**machine.describe(), "k6": generator.version(), "load average before": f"{waiting:.1f}"},
        settings=settings,
        problems=verdict.problems,
        findings=verdict.findings,
        comparison=comparison.says,
    )
    kept.keep(folder, about, moments)
    return verdict


def _compared(spec: Spec, shop: LoadedShop, figures: summary.Summary, watched: Watched) -> Comparison:
    if watched.before is None or watched.after is None:
        return Comparison((f"not compared with the shop's own counters: METRICS names no metrics port of {shop.url}",))
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


def _settings(variables: Mapping[str, str]) -> dict[str, str]:
    return {name: variables[name] for name in SETTINGS if variables.get(name)}


def _number(name: str, settings: Mapping[str, str], usual: float) -> float:
    try:
        return float(settings.get(name, usual))
    except ValueError:
        raise Failure(f"{name} is {settings[name]!r}: expected a number") from None


if __name__ == "__main__":
    console.run(main)
