"""The hosted pay page: the customer picks a card, answers the bank, and goes back to the shop."""

from __future__ import annotations

import hmac
from pathlib import Path
from typing import Final

from aiohttp import web

from backend.psp import html
from backend.psp.cards import CARDS, card_numbered
from backend.psp.intents import Intent, origin_of
from backend.psp.till import TILL

_STYLE: Final = (Path(__file__).parent / "style.css").read_bytes()


def routes() -> list[web.RouteDef]:
    """Every page."""
    return [
        web.get("/", show_front),
        web.get("/pay/style.css", show_style),
        web.get("/pay/{id}/{key}", show_page),
        web.post("/pay/{id}/{key}", pay),
        web.post("/pay/{id}/{key}/bank", answer_bank),
    ]


async def show_front(_: web.Request) -> web.Response:
    """For whoever comes without a payment."""
    return _html(html.front_page())


async def show_style(_: web.Request) -> web.Response:
    """How the page looks."""
    return web.Response(body=_STYLE, content_type="text/css", headers={"Cache-Control": "max-age=300"})


async def show_page(request: web.Request) -> web.Response:
    """The page for where the payment stands."""
    intent = _intent(request)
    if intent is None:
        return _html(html.missing_page(), status=404)
    if not intent.payable:
        return _html(html.outcome_page(intent), intent)
    if intent.asking_bank:
        return _html(html.bank_page(intent), intent)
    chosen = request.query.get("card", "approve")
    return _html(html.card_form(intent, next((card for card in CARDS if card.name == chosen), CARDS[0])), intent)


async def pay(request: web.Request) -> web.Response:
    """Try the card. A second click finds the payment done and goes back to the shop like the first."""
    intent = _intent(request)
    if intent is None:
        return _html(html.missing_page(), status=404)
    if not intent.payable or intent.asking_bank:
        return _onward(intent)
    number = str((await request.post()).get("card", ""))[:32]
    card = card_numbered(number)
    if card is None or not card.on_page:
        return _html(html.unknown_card_form(intent, number), intent, status=422)
    request.app[TILL].pay(intent, card)
    return _onward(intent)


async def answer_bank(request: web.Request) -> web.Response:
    """Approve or refuse at the 3-D Secure step."""
    intent = _intent(request)
    if intent is None:
        return _html(html.missing_page(), status=404)
    answer = (await request.post()).get("answer")
    if intent.payable and intent.asking_bank and answer in ("approve", "refuse"):
        request.app[TILL].answer_bank(intent, approved=answer == "approve")
    return _onward(intent)


def _intent(request: web.Request) -> Intent | None:
    """The payment, for whoever has its page's whole address."""
    intent = request.app[TILL].ledger.find(request.match_info["id"])
    key = request.match_info["key"].encode()
    return intent if intent and hmac.compare_digest(intent.page_key.encode(), key) else None


def _onward(intent: Intent) -> web.Response:
    """Back to the shop when the card did its part, else to the page that says what is next."""
    done = intent.status in ("succeeded", "processing")
    return web.Response(status=303, headers={"Location": intent.return_url if done else intent.page})


def _html(text: str, intent: Intent | None = None, status: int = 200) -> web.Response:
    # Chromium applies form-action to redirects too, and a paid form is answered by one to the shop.
    shop = origin_of(intent.return_url) if intent else ""
    policy = (
        f"default-src 'none'; style-src 'self'; img-src data:; form-action 'self' {shop};"
        " base-uri 'none'; frame-ancestors 'none'"
    )
    headers = {
        "Content-Security-Policy": policy,
        "Cache-Control": "no-store",
        "Referrer-Policy": "no-referrer",
        "X-Content-Type-Options": "nosniff",
    }
    return web.Response(text=text, content_type="text/html", status=status, headers=headers)
