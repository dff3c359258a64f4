"""What checkout takes."""

from typing import Any

import orjson
import pytest
from pydantic import ValidationError

from backend.features.orders.schemas import Checkout
from backend.web.parsing import invalid


def checkout(**fields: Any) -> Checkout:
    return Checkout.model_validate_json(orjson.dumps(fields), strict=True)


def told(**fields: Any) -> str:
    """What a customer reads who sends this."""
    with pytest.raises(ValidationError) as caught:
        checkout(**fields)
    (error,) = invalid(caught.value.errors(), "body").errors
    return error["message"]


@pytest.mark.parametrize("email", ["a@b.de", "first.last+show@example.com", "o'neil@example.ie"])
def test_an_address_is_taken_as_it_is(email: str) -> None:
    assert checkout(email=email).email == email


@pytest.mark.parametrize("domain", ["bücher.example", "BÜCHER.example", "xn--bcher-kva.example", "bücher。example"])
def test_an_address_has_one_spelling_however_its_domain_was_written(domain: str) -> None:
    assert checkout(email=f"ana@{domain}").email == "ana@xn--bcher-kva.example"


@pytest.mark.parametrize("email", ["", "a@b", "a b@c.de", "a@b.de\r\nBcc: c@d.de", "A <a@b.de>", "a@b.de,c@d.de"])
def test_what_a_letter_could_not_be_sent_to_is_no_address(email: str) -> None:
    assert told(email=email) == "Must be an e-mail address"
    assert told(email="jürgen@example.de") == "Must be an e-mail address with plain letters before the @"


@pytest.mark.parametrize("name", ["Zoë O'Neil", "李小龍", "Ada, Countess of Lovelace"])
def test_a_name_is_taken_as_it_is(name: str) -> None:
    assert checkout(name=name).name == name


@pytest.mark.parametrize("name", ["Ada\nLovelace", "Ada\u2029", "\x7f", "Ada\x85"])
def test_a_name_stands_in_one_line(name: str) -> None:
    assert told(name=name) == "Must be a name in one line"


def test_items_are_seats_or_a_number() -> None:
    items = checkout(items=[{"event_id": 1}, {"event_id": 1, "quantity": 3}, {"event_id": 1, "seat_ids": [9, 4]}]).items
    assert [(item.wanted().quantity, item.wanted().seat_ids) for item in items] == [(1, ()), (3, ()), (2, (4, 9))]
    assert "differs" in told(items=[{"event_id": 1, "quantity": 1, "seat_ids": [9, 4]}])
    assert "twice" in told(items=[{"event_id": 1, "seat_ids": [9, 9]}])
