"""`python -m tools.bench [--only holds,reads] [--rounds 2] [--record]`: the table; exit 1 on a missed row."""

from __future__ import annotations

import argparse
import os
import resource
import signal
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tools import console
from tools.bench import growing, machine, opening, page, reading, results, sizes, soaking, streaming, synthesis
from tools.bench.results import Measured
from tools.bench.selling import LOADS, Market, sell
from tools.bench.site import migrated, open_shop
from tools.console import Failure, say, step
from tools.programs.postgres import postgres
from tools.setup import ROOT

GROUPS = (*LOADS, "delay", "reads", "size", "sale", "streams", "page", "paint", "synth")
TABLES = ("growth", "soak")  # without targets, each taken alone when it is asked for
JSON = ROOT / "build" / "bench.json"
DOCUMENT = ROOT / "docs" / "performance.md"
_CONNECTIONS = 8192  # files that the generator and the shop may have open


def main(arguments: list[str]) -> int:
    options = _options(arguments)
    os.chdir(ROOT)
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    _allow_connections()
    described = ", ".join(f"{name} {what}" for name, what in machine.describe().items())
    measured_on = f"Measured {machine.taken(time.time(), machine.commit())}, on: {described}."
    step(described)
    if options.only[0] in TABLES:
        return _tabulate(options.only[0], options, measured_on)
    measured = Measured()
    _measure(measured, options.only, options.rounds, options.seconds)
    say(f"\n{results.table(measured.rows)}\n\n{results.costs_table(measured.rows)}\n")
    results.write_json(JSON, measured)
    if options.record:
        how = f"The median of {options.rounds} rounds of {options.seconds:g} s counts. {measured_on}"
        left_out = [group for group in GROUPS if group not in options.only]
        results.write_between(DOCUMENT, "figures", results.figures(measured, how, left_out))
    missed = [*(row.name for row in measured.rows if not row.met), *measured.failures]
    if missed:
        raise Failure(f"missed: {'; '.join(missed)} (the figures are in {JSON.relative_to(ROOT)})")
    step(f"all {len(measured.rows)} rows met")
    return 0


def _tabulate(name: str, options: argparse.Namespace, measured_on: str) -> int:
    """Take one of the tables without targets."""
    with _directory() as directory, postgres(directory) as server:
        if name == "growth":
            table, rounds = sizes.widen(server, directory, options.seconds), f"One round of {options.seconds:g} s each."
        else:
            migrated(server, "shop", "seed")
            with open_shop(server, "shop", directory / "shop") as site:
                table, rounds = soaking.soak(site, options.minutes * 60), "One round."
    say(f"\n{table}\n")
    if options.record:
        results.write_between(DOCUMENT, name, f"{table}\n\n{rounds} {measured_on}")
    return 0


def _options(arguments: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tools.bench", description="Measure the shop against its targets.")
    parser.add_argument(
        "--only",
        type=_groups,
        default=GROUPS,
        metavar="A,B",
        help=f"some of {','.join(GROUPS)}; or {' or '.join(TABLES)}",
    )
    parser.add_argument("--rounds", type=int, default=5, help="measurements of each, of which the median counts")
    parser.add_argument("--seconds", type=float, default=3.0, help="of each measurement")
    parser.add_argument("--minutes", type=float, default=3.0, help="of the soak")
    parser.add_argument("--record", action="store_true", help=f"write the table into {DOCUMENT.relative_to(ROOT)} too")
    return parser.parse_args(arguments)


def _groups(text: str) -> tuple[str, ...]:
    named = tuple(text.split(","))
    if len(named) == 1 and named[0] in TABLES:
        return named
    unknown = [name for name in named if name not in GROUPS]
    if unknown:
        raise argparse.ArgumentTypeError(
            f"{unknown[0]!r} is none of {', '.join(GROUPS)}, nor {' or '.join(TABLES)} alone"
        )
    return named


def _measure(measured: Measured, only: tuple[str, ...], rounds: int, seconds: float) -> None:
    """Take the measurements group by group; one that fails does not cost the others their rows."""
    if "page" in only:
        measured.take("the page", page.weigh)
    if "synth" in only:
        measured.take("writing templates and manifests", synthesis.synthesize)
    if set(only) <= {"page", "synth"}:
        return
    with _directory() as directory, postgres(directory) as server:
        rival = migrated(server, "rival")
        migrated(server, "shop", "seed")
        if "paint" in only:
            measured.take("opening an event's page", lambda: page.paint(server, "shop", directory, rounds))
        with open_shop(server, "shop", directory / "shop") as site:
            _measure_shop(measured, only, Market(server, site, rival, seconds), rounds, directory)
        if "size" in only:
            measured.take("a grown shop", lambda: growing.grow(server, directory, seconds, rounds))


def _measure_shop(measured: Measured, only: tuple[str, ...], market: Market, rounds: int, directory: Path) -> None:
    """What is measured of one running shop."""
    loads = [name for name in LOADS if name in only]
    if loads:
        measured.take("selling from one hot pool", lambda: sell(market, loads, rounds, delayed=False))
    if "delay" in only:
        every = loads or list(LOADS)
        measured.take("the same with slow commits", lambda: sell(market, every, rounds, delayed=True))
    if "reads" in only:
        measured.take("looking at events", lambda: reading.read(market.site, market.seconds, rounds, directory))
    if "streams" in only:
        measured.take("watching an event", lambda: streaming.watch(market.site, market.seconds))
    if "sale" in only:
        measured.take("a sale opens", lambda: opening.open_sales(market.site, rounds))


@contextmanager
def _directory() -> Iterator[Path]:
    """On the disk of the repository: a temporary folder may lie in memory, where a commit costs nothing."""
    JSON.parent.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="bench-", dir=JSON.parent) as folder:
        Path(folder).chmod(0o711)  # PostgreSQL runs as a user of its own when we are root
        yield Path(folder)


def _allow_connections() -> None:
    """Ours and that of the processes that we start."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if hard != resource.RLIM_INFINITY and hard < _CONNECTIONS:
        raise Failure(f"only {hard} open files are allowed, {_CONNECTIONS} are needed: raise the limit (ulimit -Hn)")
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, _CONNECTIONS), hard))


if __name__ == "__main__":
    console.run(main)
