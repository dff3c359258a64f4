"""The front end's nginx, real, on a build of a few files."""

import gzip
import os
import socket
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

import aiohttp
import pytest

from tests.shop import free_ports
from tools.processes import Start, start, stop
from tools.programs import nginx

LARGE = 16 * 2**20  # of a file, in bytes: more than what waits on the way to a customer who does not read


@dataclass(frozen=True)
class FrontEnd:
    """logs: of everything that nginx says, in the container on its two outputs."""

    client: aiohttp.ClientSession
    build: Path
    logs: Path


@pytest.fixture(scope="session")
def build() -> Iterator[Path]:
    """What a build looks like once the image's Dockerfile has packed its text, beside a file that is not part of it."""
    with TemporaryDirectory(prefix="front-end-") as folder:
        dist = Path(folder) / "dist"
        (dist / "assets").mkdir(parents=True)
        (Path(folder) / "secret.txt").write_text("secret", encoding="utf-8")
        for name, content in (
            ("index.html", "<!doctype html><title>Shop</title>" + "<p>" * 200),
            ("favicon.svg", "<svg/>"),
            ("again.js", "let asked = 0;"),
            ("licenses.md", "# Licences"),
            ("assets/app-1a2b.js", "let shop = 1;" * 100),
            ("assets/app-1a2b.css", "a{}" * 100),
        ):
            (dist / name).write_text(content, encoding="utf-8")
            (dist / f"{name}.gz").write_bytes(gzip.compress(content.encode()))
        (dist / "assets/font-3c4d.woff2").write_bytes(b"\0font")
        with (dist / "assets/large-5d6e.png").open("wb") as large:
            large.truncate(LARGE)
        yield dist


@pytest.fixture(scope="session")
async def front_end(build: Path) -> AsyncIterator[FrontEnd]:
    with running_nginx(build) as (url, logs):
        async with aiohttp.ClientSession(url) as client:
            yield FrontEnd(client, build, logs)


@contextmanager
def running_nginx(build: Path, change: Callable[[str], str] = str) -> Iterator[tuple[str, Path]]:
    """A real nginx with the front end's configuration, perhaps changed: its address and its log."""
    program = nginx.find()
    if program is None:
        pytest.fail(nginx.MISSING)
    (port,) = free_ports(1)
    with TemporaryDirectory(prefix="nginx-") as folder:
        logs = Path(folder) / "all.log"
        config = nginx.front_end(Path(folder), build, port)
        # As in a container, where it leads to the log; here it may be a socket, which cannot be opened.
        config.write_text(change(config.read_text().replace("/dev/stdout", str(logs))))
        process = start(Start(nginx.command(program, config, Path(folder)), log=logs, env=os.environ))
        try:
            give_up = time.monotonic() + 10
            while not _listens(port):
                assert process.poll() is None, logs.read_text()
                assert time.monotonic() < give_up, "nginx does not listen after 10 s"
                time.sleep(0.01)
            yield f"http://127.0.0.1:{port}", logs
        finally:
            stop(process)


def _listens(port: int) -> bool:
    with suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1):
        return True
    return False
