"""docs/cost.md."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import fields
from pathlib import Path

from cdk.cost.bill import HOURS, Line, month, nodes_hour, total
from cdk.cost.bookings import Booking, million
from cdk.cost.lower import steps
from cdk.cost.prices import REGION, Price
from cdk.settings import Environment

PATH = Path(__file__).resolve().parents[2] / "docs" / "cost.md"

_HEAD = """\
# What it costs

<!-- Written by `python -m cdk.cost` from cdk/settings and cdk/cost/prices.csv; do not edit. -->

US dollars before tax, on demand, for the settings as they are committed. **The prices are list prices of US East
(N. Virginia), as the sources at the end have them, and not AWS's own word**: nobody has paid a bill for this shop yet.
A line without a figure is open: no source was found that says when it was true. Look it up, write figure, date and
source into `cdk/cost/prices.csv`, and run `python -m cdk.cost`.
"""

_ASSUMED = {
    "visits": "visits, with those of who look and leave",
    "requests": "requests of a visit",
    "page_kb": "kB of a visit: program, styles, posters, answers, compressed",
    "tickets_kb": "kB of tickets and letters",
    "letters": "letters",
    "events": "events told to the topic; half of them reach the queue",
    "outside_kb": "kB to the payment provider",
    "logs_kb": "kB of flow logs and the firewall's",
    "rows_kb": "kB of rows and indexes",
}

_UNCOUNTED = """\
Not counted: what the payment provider takes of each booking, which is far more than all of this; traffic between zones;
backups beyond the size of the database; images, logs and templates in ECR and S3; logs of the control plane, which EKS
writes all the time, of the database, and of functions; CPU credits of burstable machines; attachments of letters,
should SES ask for them by size; domain and hosted zone; the runner's minutes; support. Free tiers are not taken off.
"""


def document(environments: Sequence[Environment], prices: Mapping[str, Price]) -> str:
    parts = [_HEAD, _monthly(environments, prices), _bookings(environments, prices), _UNCOUNTED]
    return "\n".join([*parts, _lower(environments, prices), _sources(environments, prices)])


def _monthly(environments: Sequence[Environment], prices: Mapping[str, Price]) -> str:
    text = f"## A month\n\nOf {HOURS} hours in which nobody comes, with the least nodes.\n"
    for env in environments:
        (more,) = nodes_hour(env)
        text += f"\n### {env.name}\n\n{_elsewhere(env)}" + _table(month(env), prices)
        text += f"\n{more.what.capitalize()}, the most there can be: {_money(more.usd(prices))} an hour.\n"
    return text


def _bookings(environments: Sequence[Environment], prices: Mapping[str, Price]) -> str:
    booking = Booking()
    assumed = [f"| {_ASSUMED[field.name]} | {getattr(booking, field.name):g} |" for field in fields(booking)]
    text = "## A million bookings\n\nOn top of the month in which they are made, if of one booking we assume:\n\n"
    text += "| assumed, in `cdk/cost/bookings.py` | |\n|---|---:|\n" + "\n".join(assumed) + "\n\n"
    bills = [million(env, booking) for env in environments]
    text += f"| what | {' | '.join(env.name for env in environments)} |\n|---|{'---:|' * len(environments)}\n"
    for lines in zip(*bills, strict=True):
        text += f"| {lines[0].what} | {' | '.join(_money(line.usd(prices)) for line in lines)} |\n"
    return text + f"| together | {' | '.join(_together(bill, prices) for bill in bills)} |\n"


def _lower(environments: Sequence[Environment], prices: Mapping[str, Price]) -> str:
    rows = [
        f"| {env.name} | {step.setting} | {_money(step.saves)} | {step.loses} |"
        for env in environments
        for step in steps(env, prices)
    ]
    head = "## What to turn down\n\n| of | setting | saves a month | loses |\n|---|---|---:|---|\n"
    after = (
        "\nA year's commitment (Savings Plans for nodes, reserved instances for the database) is the largest step for"
        "\n`prod`, and changes nothing here. `make destroy ENV=dev` costs a snapshot and saves the rest. What protects"
        "\n`prod` is no place to save: its settings refuse one NAT gateway and a database without a standby.\n"
    )
    return head + "\n".join(rows) + "\n" + after


def _sources(environments: Sequence[Environment], prices: Mapping[str, Price]) -> str:
    asked = {line.price for env in environments for line in month(env) + nodes_hour(env) + million(env, Booking())}
    rows = [
        f"| {price.what} | {_price(price)} | {price.unit} | {price.dated or 'open'} | {price.source or 'open'} |"
        for price in prices.values()
        if price.id in asked
    ]
    unused = [f"{price.what}, by the {price.unit}" for price in prices.values() if price.id not in asked]
    head = "## Prices\n\n| what | USD | for each | dated | source |\n|---|---:|---|---|---|\n"
    return head + "\n".join(rows) + f"\n\nWithout a line above, because it depends on use alone: {'; '.join(unused)}.\n"


def _table(lines: Sequence[Line], prices: Mapping[str, Price]) -> str:
    rows = [f"| {line.what} | {_money(line.usd(prices))} |" for line in lines]
    head = f"| what | USD in {REGION} |\n|---|---:|\n"
    return head + "\n".join(rows) + f"\n| together | {_together(lines, prices)} |\n"


def _together(lines: Sequence[Line], prices: Mapping[str, Price]) -> str:
    least = f"**{_money(total(lines, prices))}**"
    return f"{least} and what is open" if any(line.usd(prices) is None for line in lines) else least


def _elsewhere(env: Environment) -> str:
    """Plainly, where the prices are of another place than the environment."""
    if env.region == REGION:
        return ""
    return f"It is in {env.region}; the figures are of {REGION} all the same, and most of it costs more there.\n\n"


def _money(usd: float | None) -> str:
    return "open" if usd is None else f"{usd:,.2f}"


def _price(price: Price) -> str:
    return "open" if price.usd is None else f"{price.usd:g}"
