"""What is seen of a shop while it is loaded, and what is drawn of it."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import count
from pathlib import Path
from typing import ClassVar
from xml.etree import ElementTree as ET

import pytest

from slo.spec import load_spec
from tools.load import pictures, watching
from tools.load.scenarios import SCENARIOS
from tools.load.watching import Moment

BEGAN = 1_795_437_459
MOMENTS = [Moment(BEGAN + at, 100.0, 1.0, 0.2, 0.5, 2.0**26, waiting=30 - at, inlet=20, admitted=1) for at in range(9)]


class Worker(BaseHTTPRequestHandler):
    """Says at each scrape that ten more were admitted, and that three wait."""

    admitted: ClassVar[Iterator[int]] = count(10, 10)

    def do_GET(self) -> None:
        text = f"waiting_room_admitted_total {next(self.admitted)}\nwaiting_room_waiting 3\n"
        text += "waiting_room_inlet_per_second 20\n"
        self.send_response(200)
        self.end_headers()
        self.wfile.write(text.encode())

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base class's name
        pass


@pytest.fixture
def worker() -> Iterator[str]:
    """The address of its metrics."""
    with ThreadingHTTPServer(("127.0.0.1", 0), Worker) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}/metrics"
        server.shutdown()
        thread.join()


@pytest.fixture
def samples(tmp_path: Path) -> Path:
    """A folder with what k6 has written of three requests."""
    head = "metric_name,timestamp,metric_value,scenario,status,extra_tags,metadata"
    lines = [
        f"{metric},{BEGAN + at}000,{value},crowd,,journey=queue,"
        for at in (0, 4, 8)
        for metric, value in (("journey_requests", 1), ("journey_failed", 0), ("journey_duration", 12.5))
    ]
    (tmp_path / "samples.csv").write_text("\n".join([head, *lines]) + "\n")
    return tmp_path


def titles(drawn: str) -> list[str | None]:
    texts = ET.fromstring(drawn).iter("{http://www.w3.org/2000/svg}text")
    return [text.text for text in texts if text.get("class") == "title"]


def test_who_waits_and_who_is_let_in_is_drawn_where_somebody_waited(samples: Path) -> None:
    queue = pictures.draw(load_spec(), SCENARIOS["queue"], samples, MOMENTS)
    assert titles(queue)[-2:] == ["people who wait", "admissions a second"]
    assert all(f">{line}<" in queue for line in ("waiting rooms", "allowed", "made"))
    nobody = [Moment(each.at, 100.0, 1.0, 0.2, 0.5, each.memory) for each in MOMENTS]
    assert titles(pictures.draw(load_spec(), SCENARIOS["happy"], samples, nobody))[-1] == "saturation"


def test_the_waiting_rooms_are_seen_by_what_the_worker_says(worker: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(watching, "_EVERY", 0.02)
    give_up = time.monotonic() + 5
    with watching.watching([worker], [worker]) as watched:
        while len(watched.moments) < 2 and time.monotonic() < give_up:
            threading.Event().wait(0.01)
    latest = watched.moments[-1]
    assert (latest.waiting, latest.inlet) == (3, 20)
    assert latest.admitted > 0
