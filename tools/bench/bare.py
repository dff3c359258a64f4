"""The least that aiohttp can do, to compare with: a small dict as JSON, no middleware, the shop's event loop.

`python -m tools.bench.bare PORT`
"""

from __future__ import annotations

import sys

import uvloop
from aiohttp import web

PATH = "/bare"


async def answer(_request: web.Request) -> web.Response:
    return web.json_response({"id": 1, "name": "Winter Evening", "price": 99.99, "available_tickets": 100_000})


def main(port: int) -> None:
    app = web.Application()
    app.router.add_get(PATH, answer)
    web.run_app(app, host="127.0.0.1", port=port, access_log=None, print=None, loop=uvloop.new_event_loop())


if __name__ == "__main__":
    main(int(sys.argv[1]))
