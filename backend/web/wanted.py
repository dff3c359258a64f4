"""Tickets that a request asks for, and why they may not be had: the same wherever tickets are held."""

from typing import Annotated, Final, Self

from pydantic import Field, model_validator

from backend.domain.baskets import Wanted
from backend.web.parsing import Body

HOLD_REFUSALS: Final = (
    "sold-out", "seat-gone", "not-on-sale", "limit-reached", "too-many-holds", "basket-expired", "basket-bought",
    "basket-busy", "currency-mismatch", "waiting-room",
)  # fmt: skip

Identifier = Annotated[int, Field(ge=1, le=2**63 - 1)]


class TicketsWanted(Body):
    """Tickets of one event. Without `ticket_type_id` or `seat_ids`: of the cheapest type on sale."""

    event_id: Identifier
    quantity: Annotated[int, Field(ge=1, le=10, description="Defaults to the number of seat_ids, else 1")] = 1
    ticket_type_id: Identifier | None = None
    seat_ids: Annotated[tuple[Identifier, ...], Field(max_length=10, json_schema_extra={"uniqueItems": True})] = ()

    @model_validator(mode="after")
    def _meant(self) -> Self:
        if self.seat_ids:  # without seats nothing contradicts anything
            self.wanted()
        return self

    def wanted(self) -> Wanted:
        quantity = self.quantity if "quantity" in self.model_fields_set else None
        return Wanted.of(self.event_id, quantity, self.ticket_type_id, self.seat_ids)
