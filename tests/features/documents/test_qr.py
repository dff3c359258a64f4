from uuid import UUID

import pytest
import zxingcpp

from backend.features.orders.documents.qr import (
    TicketClaim,
    TicketError,
    door_keys,
    key_set,
    signing_key,
    ticket_payload,
    ticket_svg,
    verify,
)
from tests.features.documents.scanning import DOOR, KEY, drawn_svg

CODE = UUID("6f1c2a50-9a3b-4d0e-8f1a-0123456789ab")


def test_a_door_verifies_a_ticket_with_nothing_but_the_public_key() -> None:
    door = door_keys(key_set(["a shop's secret"]))
    assert verify(ticket_payload(CODE, 7, KEY), door) == TicketClaim(CODE, 7)


def test_a_ticket_of_a_former_secret_still_opens_the_door() -> None:
    printed = ticket_payload(CODE, 7, KEY)
    after = ["the secret that took its place", "a shop's secret"]
    assert verify(printed, door_keys(key_set(after))) == TicketClaim(CODE, 7)
    with pytest.raises(TicketError, match="none of these keys"):
        verify(printed, door_keys(key_set(after[:1])))


def test_a_ticket_of_another_shop_is_refused() -> None:
    foreign = ticket_payload(CODE, 7, signing_key("another secret"))
    with pytest.raises(TicketError, match="none of these keys"):
        verify(foreign, DOOR)


def test_no_character_of_a_payload_can_be_changed() -> None:
    payload = ticket_payload(CODE, 7, KEY)
    for place, character in enumerate(payload):
        changed = payload[:place] + ("A" if character != "A" else "B") + payload[place + 1 :]
        with pytest.raises(TicketError):
            verify(changed, DOOR)


@pytest.mark.parametrize(
    "payload",
    [
        "",
        "AEG1.",
        "AEG1.ABC",
        "AEG2.AAAA",
        "https://example.com",
        "AEG1." + "A" * 148,
        "AEG1.łódź",
        "AEG1." + "A" * 9999,
    ],
)
def test_what_is_no_ticket_is_refused_with_a_reason(payload: str) -> None:
    with pytest.raises(TicketError, match=r"ticket|damaged|keys"):
        verify(payload, DOOR)


def test_a_ticket_has_one_spelling() -> None:
    payload = ticket_payload(CODE, 7, KEY)
    for other in (payload.lower().replace("aeg1", "AEG1"), payload + "=", payload + "A", payload + " "):
        with pytest.raises(TicketError):
            verify(other, DOOR)


def test_a_scanner_reads_the_payload_from_the_svg() -> None:
    payload = ticket_payload(CODE, 7, KEY)
    (found,) = zxingcpp.read_barcodes(drawn_svg(ticket_svg(payload)))
    assert found.text == payload
    assert found.format == zxingcpp.BarcodeFormat.QRCode


def test_a_scanner_reads_every_ticket_though_none_is_given_the_best_mask() -> None:
    tickets = [
        ticket_payload(UUID(int=number * 0x9E3779B97F4A7C15F39CC0605CEDC835 % 2**128), number, KEY)
        for number in range(1, 60)
    ]
    read = [zxingcpp.read_barcodes(drawn_svg(ticket_svg(ticket), scale=2)) for ticket in tickets]
    assert [[found.text for found in each] for each in read] == [[ticket] for ticket in tickets]


def test_the_svg_stands_alone_and_has_a_quiet_zone() -> None:
    svg = ticket_svg(ticket_payload(CODE, 7, KEY))
    assert svg.startswith('<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 49 49">')  # 41 modules and 4 each side
    assert '<path fill="#fff" d="M0 0h49v49h-49z"/>' in svg
    assert "script" not in svg
