"""Baskets that are closed and sales that are not open: what is said of them is so, and says what to do."""

from __future__ import annotations

import re

from tests.box_office import Sale
from tests.shop import Answer, Shop


async def all_that_is_done_to(shop: Shop, basket: str, sale: Sale) -> dict[str, Answer]:
    return {
        "read": await shop.ask("GET", f"/api/basket?basket_id={basket}"),
        "add": await shop.hold(sale, basket_id=basket),
        "extend": await shop.ask("POST", "/api/basket/extend", {"basket_id": basket}),
    }


async def test_a_basket_that_was_bought_is_not_called_expired_and_leads_nobody_to_the_order(shop: Shop) -> None:
    sale = await shop.box_office.publish(price=1000)
    basket = await shop.basket(sale)
    bought = await shop.check_out(basket)
    answers = await all_that_is_done_to(shop, basket, sale)
    answers["empty"] = await shop.ask("DELETE", f"/api/basket?basket_id={basket}")
    for what, answer in answers.items():
        assert (answer.status, answer.problem, answer.body["title"]) == (
            409, "basket-bought", "The basket has been bought",
        ), what  # fmt: skip
        assert "link" in answer.body["detail"]
        assert bought.body["order_token"] not in str(answer.body)
        assert bought.body["order_id"] not in str(answer.body)


async def test_a_basket_whose_time_is_over_is_called_that(shop: Shop) -> None:
    sale = await shop.box_office.publish(price=1000)
    basket = await shop.basket(sale)
    await shop.box_office.database.execute("UPDATE hold SET expires_at = now()")
    for what, answer in (await all_that_is_done_to(shop, basket, sale)).items():
        assert (answer.status, answer.problem) == (409, "basket-expired"), what
        assert "Nothing was charged" in answer.body["detail"]


async def test_when_a_sale_opens_is_said_as_times_are_everywhere(shop: Shop) -> None:
    early = await shop.hold(await shop.box_office.publish(opens="2 minutes"))
    over = await shop.box_office.publish()
    await shop.box_office.database.execute(
        "UPDATE ticket_type SET off_sale_at = now() WHERE id = %(type)s", {"type": over.type_id}
    )
    late = await shop.hold(over)
    for answer, member in ((early, "on_sale_at"), (late, "off_sale_at")):
        assert answer.problem == "not-on-sale"
        assert re.fullmatch(r"20\d\d-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z", answer.body[member])
        assert answer.body[member] in answer.body["detail"]
