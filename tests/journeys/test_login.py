"""The shop works by the application's own login, which owns nothing."""

from pathlib import Path

from backend.db.logins import LOGINS, Login, allow
from tests.box_office import BoxOffice
from tests.shop import running_shop


async def test_tickets_are_sold_cancelled_and_refunded_by_a_login_that_owns_nothing(
    box_office: BoxOffice, dsn: str, tmp_path: Path
) -> None:
    login = Login(LOGINS[0], "the server of the tests asks for none")
    await allow(dsn, login)
    sale = await box_office.publish(capacity=10, price=4500, fee=1000)
    async with running_shop(box_office, dsn.replace("postgres@", f"{login.user}@"), tmp_path) as shop:
        held = await shop.hold(sale, 2)
        bought = await shop.check_out(held.body["basket_id"], email="a@example.com", name="Ada")
        assert (bought.status, bought.body["status"]) == (200, "paid")
        order = await shop.order(bought)
        cancel = f"/api/orders/{order['order_id']}/cancel?token={bought.body['order_token']}"
        assert (await shop.ask("POST", cancel, {})).body["status"] == "cancelled"
        await shop.at_last(bought, refunds=[{"amount": 81.0, "status": "done", "reason": "cancelled"}])
        assert await box_office.value(
            "SELECT count(*) > 0 FROM pg_stat_activity WHERE usename = %(who)s", who=login.user
        )
        assert await shop.broken() == []
    assert await box_office.available(sale) == 10
