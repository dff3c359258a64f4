from uuid import UUID

import pytest
from aiohttp import web
from aiohttp.test_utils import make_mocked_request

from backend.web.cookies import basket_cookie, forget_basket, remember_basket

BASKET = UUID("0195c1f0-0000-7000-8000-000000000001")


@pytest.mark.parametrize(
    "cookies",
    [f"basket={BASKET}", f"theme=dark; basket={BASKET}", f'bad=";; basket={BASKET}; x', f"mybasket=1;basket={BASKET}"],
)
def test_the_basket_is_found_beside_whatever_else_the_browser_sends(cookies: str) -> None:
    assert basket_cookie(make_mocked_request("GET", "/", headers={"Cookie": cookies})) == BASKET


@pytest.mark.parametrize("cookies", ["", "basket=", "basket=7", f"mybasket={BASKET}", "basket"])
def test_what_cannot_be_a_basket_is_none(cookies: str) -> None:
    assert basket_cookie(make_mocked_request("GET", "/", headers={"Cookie": cookies})) is None


@pytest.mark.parametrize(("secure", "end"), [(True, "; Secure"), (False, "")])
def test_the_cookie_stays_a_day_and_out_of_scripts(
    secure: bool,  # noqa: FBT001 - a column of the table
    end: str,
) -> None:
    response = web.Response()
    remember_basket(response, BASKET, secure=secure)
    expected = f"basket={BASKET}; Max-Age=86400; Path=/; HttpOnly; SameSite=Lax{end}"
    assert response.headers["Set-Cookie"] == expected


def test_a_forgotten_basket_is_gone_at_once() -> None:
    response = web.Response()
    forget_basket(response, secure=False)
    assert response.headers["Set-Cookie"] == "basket=; Max-Age=0; Path=/; HttpOnly; SameSite=Lax"
