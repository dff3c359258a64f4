"""`python -m tools.load.report`: runs the scenarios and writes their figures and plots into docs/performance.md.

SCENARIO=sale,happy runs these alone; of the others, what build/load has from an earlier run is shown again. --kept runs
none.
"""

from __future__ import annotations

import os
import signal
from collections.abc import Mapping
from pathlib import Path

from slo.spec import Spec, load_spec
from tools import console
from tools.bench import machine
from tools.console import Failure, step
from tools.load import kept, pictures, tables
from tools.load.__main__ import load
from tools.load.scenarios import SCENARIOS, Scenario, chosen
from tools.load.summary import read as read_summary
from tools.setup import ROOT

DOCUMENT = ROOT / "docs" / "performance.md"
PLOTS = ROOT / "docs" / "performance"
# What differs from the usual, so that all of it takes six minutes: most of the first steps of a climb, and of a soak.
USUAL: Mapping[str, Mapping[str, str]] = {
    "happy": {"DURATION": "40"},
    "sale": {},
    "seats": {},
    "queue": {},
    "stress": {"START": "76", "STEPS": "9"},
    "soak": {"DURATION": "100"},
}
_BEGIN, _END = "<!-- load: begin -->\n", "<!-- load: end -->"


def main(arguments: list[str]) -> int:
    os.chdir(ROOT)
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    scenarios = [chosen(name.strip()) for name in (os.environ.get("SCENARIO") or ",".join(USUAL)).split(",")]
    if _BEGIN not in DOCUMENT.read_text():
        raise Failure(f"{DOCUMENT.name} has no place for the report: it must contain {_BEGIN.strip()} and {_END}")
    missed = [] if "--kept" in arguments else [each.name for each in scenarios if not load(each, _asked(each)).passed]
    write(DOCUMENT, PLOTS)
    step(f"written: {DOCUMENT.relative_to(ROOT)}, {PLOTS.relative_to(ROOT)}/")
    if missed:
        raise Failure(f"the promise was not kept by {', '.join(missed)}: the report says where")
    return 0


def _asked(scenario: Scenario) -> Mapping[str, str]:
    """The environment, and beneath it what is usual here."""
    given = {name: value for name, value in os.environ.items() if value}
    return {**USUAL.get(scenario.name, {}), **given}


def write(document: Path, plots: Path) -> None:
    """Put what is kept of each scenario between the document's marks, and its plots into this folder."""
    spec = load_spec()
    plots.mkdir(exist_ok=True)
    found = [each for each in SCENARIOS.values() if (kept.KEPT / each.name / "about.json").exists()]
    sections = [_section(spec, scenario, kept.KEPT / scenario.name, plots) for scenario in found]
    before, _, rest = document.read_text().partition(_BEGIN)
    _, _, after = rest.partition(_END)
    document.write_text(before + _BEGIN + "\n\n".join(sections) + "\n" + _END + after)


def _section(spec: Spec, scenario: Scenario, folder: Path, plots: Path) -> str:
    about, moments = kept.read(folder)
    figures = read_summary(folder / "summary.json", spec.journeys)
    name = f"{scenario.name}.svg"
    (plots / name).write_text(pictures.draw(spec, scenario, folder, moments))
    paragraphs = [
        f"### {scenario.name}",
        _verdict(scenario, about, figures.seconds),
        tables.table(scenario, figures),
        "\n".join([f"* NOT KEPT: {problem}" for problem in about.problems] + [f"* {says}" for says in about.findings]),
        "" if scenario.climbs else "; ".join(f"`{limit}`: {limit.measured}" for limit in figures.others()) + ".",
        "k6 and the shop's own counters:\n\n" + "\n".join(f"* {sentence}" for sentence in about.comparison),
        f"![{pictures.SHOWS}]({plots.name}/{name})",
        f"Measured on: {', '.join(f'{part} {what}' for part, what in about.machine.items())}.",
    ]
    return "\n\n".join(filter(None, paragraphs))


def _verdict(scenario: Scenario, about: kept.About, seconds: float) -> str:
    """What it proves, whether it did, for how long, and where and when."""
    kept_or_not = "Not kept" if about.problems else "Kept"
    given = ", with " + ", ".join(f"{name}={value}" for name, value in about.settings.items()) if about.settings else ""
    says = scenario.proves[0].upper() + scenario.proves[1:]
    when = machine.taken(about.began, about.commit)
    return f"{says}. **{kept_or_not}**, on {about.host} for {seconds:.0f} s, {when}{given}."


if __name__ == "__main__":
    console.run(main)
