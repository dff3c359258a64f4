"""What a million bookings add to a month. The assumptions are ours: change them to what your shop shows."""

from __future__ import annotations

from dataclasses import dataclass

from cdk.cost.bill import Line
from cdk.settings import Environment

MILLION = 1_000_000
GB = 1_000_000  # kB


@dataclass(frozen=True, slots=True)
class Booking:
    """What one booking takes; docs/cost.md says each in words."""

    visits: float = 10
    requests: float = 25
    page_kb: float = 200
    tickets_kb: float = 200
    letters: float = 2
    events: float = 4
    outside_kb: float = 20
    logs_kb: float = 4
    rows_kb: float = 8


def million(env: Environment, booking: Booking) -> list[Line]:
    """What they cost in the month in which they are made."""
    requests = booking.visits * booking.requests
    out_kb = booking.visits * booking.page_kb + booking.tickets_kb
    copies = 2 if env.database.multi_az else 1
    return [
        Line("data to the customers", "internet-gb", out_kb * MILLION / GB),
        Line("requests through the firewall", "waf-million", requests),
        Line("load through the load balancer", "alb-gb", out_kb * MILLION / GB),
        Line("letters", "mail-thousand", booking.letters * MILLION / 1_000),
        Line("events", "sns-million", booking.events),
        Line("queue: send, receive, delete", "sqs-million", booking.events / 2 * 3),
        Line("payment provider, through the NAT", "nat-gb", booking.outside_kb * MILLION / GB),
        Line("logs", "logs-gb", booking.logs_kb * MILLION / GB),
        Line("rows, for each month they are kept", "rds-gp3-month", copies * booking.rows_kb * MILLION / GB),
    ]
