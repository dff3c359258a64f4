"""Texts of a form, and days: what is taken, and what whoever sent something else is told."""

from datetime import date
from typing import Annotated

import pytest
from pydantic import BaseModel, ValidationError

from backend.web.parsing import Body, Day, Form, Query, invalid


class Price(Body):
    currency: Annotated[str, Form(r"[A-Z]{3}", "a currency")] = "EUR"


class Search(Query):
    day: Day | None = None


def fault(model: type[BaseModel], value: object) -> dict[str, str]:
    """The only one."""
    with pytest.raises(ValidationError) as caught:
        model.model_validate(value)
    (error,) = invalid(caught.value.errors(), "body").errors
    return dict(error)


def test_text_of_another_form_is_answered_in_words() -> None:
    told = {"field": "currency", "message": "Must be a currency", "expected": "a currency"}
    assert [fault(Price, {"currency": text}) for text in ("eur", "EUR\n", "EURO", "")] == [told] * 4
    assert Price(currency="JPY").currency == "JPY"


def test_what_is_no_text_is_answered_as_such() -> None:
    assert fault(Price, {"currency": 3})["expected"] == "text"


def test_the_document_shows_the_form_to_programs() -> None:
    assert Price.model_json_schema()["properties"]["currency"]["pattern"] == "^[A-Z]{3}$"


@pytest.mark.parametrize("text", ["0", "20270331", "2027-3-31", "2027-03-31T00:00", "1806451200", "tomorrow", ""])
def test_a_day_is_spelled_out(text: str) -> None:
    assert fault(Search, {"day": text}) == {
        "field": "day", "message": "Must be a date such as 2027-03-31", "expected": "a date such as 2027-03-31"
    }  # fmt: skip


def test_a_day_that_no_calendar_has_is_refused() -> None:
    assert fault(Search, {"day": "2027-02-29"})["field"] == "day"
    assert Search.model_validate({"day": "2028-02-29"}).day == date(2028, 2, 29)
