"""Customers of the page: each opens it with all that it is made of, and then its checkout, as a browser does."""

import asyncio
import re
from dataclasses import dataclass, field

import aiohttp

_FILE = re.compile(r'(?:src|href)="(/[^"]+)"')
_CHECKOUT = re.compile(r"checkout-page-[\w-]+\.js")


class GoneError(Exception):
    """A file of the page is not there."""


@dataclass
class Visits:
    """opened: pages that came whole. again: of those after they were asked for once more. blank: what was missing."""

    opened: int = 0
    again: int = 0
    blank: list[str] = field(default_factory=list)

    @property
    def all(self) -> int:
        return self.opened + len(self.blank)


class Customer:
    """One browser, which keeps its cookies."""

    def __init__(self, url: str) -> None:
        jar = aiohttp.CookieJar(unsafe=True)  # of a server without a name as well
        self._client = aiohttp.ClientSession(url, cookie_jar=jar)
        self._entry = ""

    async def close(self) -> None:
        await self._client.close()

    async def open(self) -> None:
        """The page and all that it names."""
        page = await self._get("/")
        paths = _FILE.findall(page)
        texts = await asyncio.gather(*(self._get(path) for path in paths))
        (self._entry,) = [text for path, text in zip(paths, texts, strict=True) if re.match("/assets/index-.*js", path)]

    async def check_out(self) -> None:
        """What the page that is open needs for it, and fetches only now."""
        found = _CHECKOUT.search(self._entry)
        assert found, "the page has no checkout"
        await self._get(f"/assets/{found[0]}")

    async def _get(self, path: str) -> str:
        async with self._client.get(path) as answer:
            if answer.status == 404:
                assert answer.headers["Cache-Control"] == "no-store", "somebody would keep this 404"
                raise GoneError(path)
            assert answer.status == 200, f"{path}: {answer.status}"
            return await answer.text(errors="replace")


async def keep_visiting(url: str, visits: Visits) -> None:
    """One customer after the other, until cancelled."""
    while True:
        customer = Customer(url)
        try:
            await _visit(customer, visits)
        finally:
            await customer.close()


async def _visit(customer: Customer, visits: Visits) -> None:
    """When something is missing it is all asked for once more, as public/again.js does."""
    try:
        await customer.open()
        await customer.check_out()
    except GoneError:
        try:
            await customer.open()
            await customer.check_out()
        except GoneError as gone:
            visits.blank.append(str(gone))
            return
        visits.again += 1
    visits.opened += 1
