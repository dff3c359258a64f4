"""The pay page, used as a browser without scripts uses it: open, follow links, send forms."""

from __future__ import annotations

import asyncio
import re
from html import unescape

import aiohttp
import pytest

from backend.psp.cards import CARDS, card_named
from tests.psp.running import Psp, Shop, page_of

SHOP = "http://shop.example/orders/7"


def text(html: str) -> str:
    """What a person reads."""
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", html)).split())


async def everything_tried_at(psp: Psp, path: str) -> list[tuple[int, str]]:
    """What a page answers to a look, a card and a word of the bank."""
    return [
        await psp.page(path),
        await psp.submit(path, card="4242 4242 4242 4242"),
        await psp.submit(f"{path}/bank", answer="approve"),
    ]


async def test_the_page_says_what_is_paid_how_much_and_that_no_money_moves(psp: Psp) -> None:
    intent = await psp.created(method="hosted")
    status, html = await psp.page(page_of(intent))
    assert status == 200
    assert "€99.99" in text(html)
    assert "2 tickets, Night at the Opera" in text(html)
    assert "No money moves here. Do not enter a real card." in text(html)


@pytest.mark.parametrize(
    ("minor", "currency", "said"),
    [(14400, "EUR", "€144.00"), (144000, "GBP", "£1,440.00"), (7200, "CHF", "CHF 72.00"), (1200, "JPY", "¥1,200")],
)
async def test_a_sum_is_written_as_the_shop_writes_it(minor: int, currency: str, said: str, psp: Psp) -> None:
    intent = await psp.created(method="hosted", amount=minor, currency=currency)
    _, html = await psp.page(page_of(intent))
    assert f"Pay {said} Back to the shop" in text(html)


async def test_the_approving_card_is_filled_in_and_paying_leads_back_to_the_shop(psp: Psp, shop: Shop) -> None:
    intent = await psp.created(method="hosted")
    _, html = await psp.page(page_of(intent))
    filled = re.search(r'name="card"[^>]* value="([^"]+)"', html)
    assert filled is not None
    assert await psp.pay(intent, filled[1]) == (303, SHOP)
    assert await psp.status(intent) == "succeeded"
    assert await shop.hears(1) == [["succeeded"]]


async def test_whoever_comes_without_a_payment_reads_what_the_cards_do(psp: Psp) -> None:
    status, html = await psp.page("/")
    assert status == 200
    assert all(card.title in text(html) for card in CARDS)


async def test_every_card_of_the_list_can_be_picked_by_a_link(psp: Psp) -> None:
    intent = await psp.created(method="hosted")
    _, html = await psp.page(page_of(intent))
    links = re.findall(r'href="([^"]+\?card=(\w+))"', html)
    assert [name for _, name in links] == [card.name for card in CARDS if card.on_page]
    for path, name in links:
        _, picked = await psp.page(path)
        card = next(card for card in CARDS if card.name == name)
        assert f'value="{card.number[:4]} ' in picked
        assert f"Test card: {card.title}." in picked


@pytest.mark.parametrize("card", ["gold", "", "timeout' --", "<script>"])
async def test_a_link_to_no_card_shows_the_approving_one(psp: Psp, card: str) -> None:
    intent = await psp.created(method="hosted")
    _, html = await psp.page(f"{page_of(intent)}?card={card}")
    assert 'value="4242 4242 4242 4242"' in html
    assert "<script" not in html


async def test_after_a_decline_another_card_can_be_tried_or_the_shop_gone_back_to(psp: Psp, shop: Shop) -> None:
    intent = await psp.created(method="hosted")
    status, onward = await psp.pay(intent, "4000 0000 0000 9995")
    assert (status, onward) == (303, page_of(intent))
    _, html = await psp.page(onward)
    assert "there is not enough money on it. Nothing was charged. Try another card." in text(html)
    assert f'href="{SHOP}"' in html
    assert await psp.status(intent) == "requires_action"
    assert await psp.pay(intent) == (303, SHOP)
    assert await psp.status(intent) == "succeeded"
    assert await shop.hears(2) == [["requires_action"], ["succeeded"]]


async def test_the_bank_can_be_told_yes(psp: Psp, shop: Shop) -> None:
    intent = await psp.created(method="hosted")
    assert await psp.pay(intent, "4000000000003220") == (303, page_of(intent))
    _, html = await psp.page(page_of(intent))
    assert "3-D Secure" in text(html)
    assert await psp.status(intent) == "requires_action"
    assert await psp.submit(page_of(intent) + "/bank", answer="approve") == (303, SHOP)
    assert await psp.status(intent) == "succeeded"
    assert await shop.hears(1) == [["succeeded"]]


async def test_the_bank_can_be_told_no_and_another_card_tried(psp: Psp) -> None:
    intent = await psp.created(method="hosted")
    await psp.pay(intent, "4000000000003220")
    assert await psp.submit(page_of(intent) + "/bank", answer="refuse") == (303, page_of(intent))
    _, html = await psp.page(page_of(intent))
    assert "The bank did not get your approval." in text(html)
    assert await psp.pay(intent) == (303, SHOP)


async def test_a_late_card_leads_back_to_the_shop_before_it_is_settled(psp: Psp, shop: Shop) -> None:
    intent = await psp.created(method="hosted")
    late = next(card for card in CARDS if card.name == "late")
    assert await psp.pay(intent, late.number) == (303, SHOP)
    assert await shop.hears(1) == [["succeeded"]]


@pytest.mark.parametrize("number", ["", "4111 1111 1111 1111", "hello", "<b>", "4242", "4000000000000341", "9" * 500])
async def test_a_number_that_is_no_test_card_is_said_to_be_none_and_nothing_is_charged(psp: Psp, number: str) -> None:
    intent = await psp.created(method="hosted")
    status, html = await psp.pay(intent, number)
    assert status == 422
    assert "That is not one of the test cards." in text(html)
    assert 'aria-invalid="true"' in html
    assert "<b>" not in html
    assert await psp.status(intent) == "requires_action"


async def test_a_double_click_pays_once_and_both_lead_back_to_the_shop(psp: Psp, shop: Shop) -> None:
    intent = await psp.created(method="hosted")
    first, second = await asyncio.gather(psp.pay(intent), psp.pay(intent))
    assert first == second == (303, SHOP)
    await psp.refund(intent)
    assert await shop.hears(2) == [["succeeded"], ["done"]]


async def test_a_late_answer_to_the_bank_changes_nothing(psp: Psp) -> None:
    intent = await psp.created(method="hosted")
    await psp.submit(page_of(intent) + "/bank", answer="approve")
    assert await psp.status(intent) == "requires_action"
    await psp.pay(intent, "4000000000003220")
    await psp.submit(page_of(intent) + "/bank", answer="maybe")
    assert await psp.status(intent) == "requires_action"


async def test_no_card_is_taken_while_the_bank_is_asking(psp: Psp) -> None:
    intent = await psp.created(method="hosted")
    await psp.pay(intent, "4000000000003220")
    assert await psp.pay(intent) == (303, page_of(intent))
    assert await psp.status(intent) == "requires_action"


@pytest.mark.parametrize(
    ("ending", "says"),
    [("approve", "Paid"), ("late", "Being processed"), ("refused", "Not paid"), ("cancel", "The shop has closed")],
)
async def test_an_ended_payment_says_how_it_ended_and_takes_no_card(psp: Psp, ending: str, says: str) -> None:
    await psp.ask("PUT", "/v1/control", {"late_seconds": 3600})
    if ending == "refused":
        intent = await psp.created(card="three_d_secure")
        await psp.submit(page_of(intent) + "/bank", answer="refuse")
    else:
        intent = await psp.created(method="hosted")
        if ending == "cancel":
            await psp.ask("POST", f"/v1/intents/{intent['id']}/cancel", {})
        else:
            await psp.pay(intent, card_named(ending).number)
    before = await psp.status(intent)
    _, html = await psp.page(page_of(intent))
    assert says in text(html)
    assert "<form" not in html
    assert f'href="{SHOP}"' in html
    await psp.pay(intent)
    assert await psp.status(intent) == before


async def test_an_unknown_payment_has_a_page_that_says_so(psp: Psp) -> None:
    for answer in await everything_tried_at(psp, "/pay/pi_7/key"):
        assert answer[0] == 404
        assert "Go back to the shop and pay again." in text(answer[1])


@pytest.mark.parametrize("when", ["before it is paid", "afterwards"])
async def test_the_number_of_a_payment_alone_leads_neither_to_its_page_nor_to_the_order(psp: Psp, when: str) -> None:
    intent = await psp.created(method="hosted", return_url=f"{SHOP}?token=secret")
    if when == "afterwards":
        await psp.pay(intent)
    before = await psp.status(intent)
    for key in ("", "/", "/0", "/\u017c", "/" + "A" * 5000, page_of(await psp.created(method="hosted"))[-23:]):
        for status, answer in await everything_tried_at(psp, f"/pay/{intent['id']}{key}"):
            assert status == 404
            assert "secret" not in answer
    assert await psp.status(intent) == before


async def test_what_the_shop_wrote_is_shown_and_never_run(psp: Psp) -> None:
    intent = await psp.created(
        method="hosted", description='"><script>alert(1)</script>', return_url='http://shop.example/?a=1&b="><i>'
    )
    _, html = await psp.page(page_of(intent))
    assert '"><script>alert(1)</script>' in unescape(html)
    assert "<script" not in html
    assert "<i>" not in html


async def test_the_page_may_load_nothing_run_nothing_and_send_its_form_only_home(psp: Psp) -> None:
    intent = await psp.created(method="hosted", return_url="https://shop.example:8443/orders/7?token=secret")
    async with aiohttp.ClientSession() as client, client.get(intent["pay_url"]) as answer:
        assert answer.headers["Content-Security-Policy"] == (
            "default-src 'none'; style-src 'self'; img-src data:; form-action 'self' https://shop.example:8443;"
            " base-uri 'none'; frame-ancestors 'none'"
        )
        assert answer.headers["Cache-Control"] == "no-store"
        assert answer.headers["Referrer-Policy"] == "no-referrer"


async def test_the_style_is_served(psp: Psp) -> None:
    status, css = await psp.page("/pay/style.css")
    assert (status, "prefers-color-scheme" in css or "light-dark(" in css) == (200, True)
