"""What a sale that opens asks of the backend, so that its pods are there before and not a minute later."""

from __future__ import annotations

from dataclasses import dataclass

from cdk.settings.checks import check, typed
from cdk.settings.workloads import CPU_PERCENT, Workload

# Seconds of the backend's CPU for each, as `python -m tools.bench --only holds,paid,reads --rounds 2` prints them, the
# higher of two rounds on a busy machine (AMD EPYC, 2 cores, which customers and database shared).
READING = 40e-6  # the list of events, or one of them
HOLDING = 85e-6  # and being refused costs no more
BOOKING = 430e-6  # a hold, the checkout, the payment and what its provider reports


@dataclass(frozen=True, slots=True, kw_only=True)
class Sale:
    """How a sale is expected to open. The first two are assumptions: set them right after the first large sale.

    comers: customers for each ticket, who look at the list and at the event and try for it. rush: seconds within which
    they all come. lead: minutes before the sale in which pods are started: a node takes some three to come, and in a
    waiting room customers gather from half an hour before. stay: minutes after its opening, for those who wait for
    others' holds to end.
    """

    comers: int = 10
    rush: int = 5
    lead: int = 32
    stay: int = 30

    def __post_init__(self) -> None:
        typed(self, "sale")
        check("sale.comers", self.comers >= 1, f"is {self.comers}: at least 1 comes for a ticket that is sold")
        check("sale.rush", 1 <= self.rush <= 600, f"is {self.rush}: 1 to 600 seconds")
        check("sale.lead", 5 <= self.lead <= 120, f"is {self.lead}: 5 to 120 minutes, as nodes take some to come")
        check("sale.stay", 0 <= self.stay <= 240, f"is {self.stay}: 0 to 240 minutes")

    def tickets_a_pod(self, backend: Workload) -> int:
        """For so many tickets one pod is enough: their rush takes no more CPU than would bring more pods."""
        work = BOOKING + self.comers * (2 * READING + HOLDING)
        return max(1, int(backend.cores * CPU_PERCENT / 100 * self.rush / work))
