"""What the waiting room's routes take and answer."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal

from pydantic import Field

from backend.web.parsing import Body
from backend.web.routes import View


class NewPlace(Body):
    """Nothing to say beyond asking."""


class EstimateView(View):
    """From how many seconds to how many, as admissions go at the moment."""

    since: Annotated[int, Field(alias="from")]
    to: int


class PlaceView(View):
    """A place in the waiting room of an event.

    `state`: `gathering` until the room opens and the order is drawn; `waiting`; `admitted`, when `admission` opens the
    sale until `admission_expires_at`; `expired`, when that time is over, or nobody asked after the place for long;
    `closed`, when nothing is left; `not_needed`, when the event is bought without waiting, and there is no `place`.
    `position`: 1 is next, null while there is no order. `estimate_seconds`: null while nobody is being admitted.
    """

    event_id: int
    state: Literal["gathering", "waiting", "admitted", "expired", "closed", "not_needed"]
    position: int | None
    waiting: int
    estimate_seconds: EstimateView | None
    opens_at: datetime | None
    poll_after_seconds: int
    admission: str | None
    admission_expires_at: datetime | None
    place: str | None
