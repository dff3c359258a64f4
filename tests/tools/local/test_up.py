"""The whole shop from one command, on real parts: what it answers, and that nothing of it outlives it."""

import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest

from tools.programs.postgres import postgres
from tools.setup import ROOT

UP = [sys.executable, "-m", "tools.local.up"]


def environment(data_dir: Path, **more: str) -> dict[str, str]:
    ours = {name: value for name, value in os.environ.items() if name not in ("MAKELEVEL", "DATABASE_URL")}
    return {**ours, "PORT": "0", "DATA_DIR": str(data_dir), **more}


def wait_until(condition: Callable[[], Any], what: str, *, seconds: float = 60.0) -> None:
    give_up = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < give_up, f"{what}: not after {seconds:.0f} s"
        time.sleep(0.05)


class Shop:
    """A shop started by a command, and every process and port that belongs to it."""

    def __init__(self, data_dir: Path, command: list[str], *, terminal: int | None = None, **env: str) -> None:
        self.data_dir = data_dir
        self.ready_file = data_dir.with_name(f"{data_dir.name}.ready")
        self.output = data_dir.with_name(f"{data_dir.name}.output")
        with self.output.open("w") as output:
            self.command = subprocess.Popen(
                [*command, "--ready-file", str(self.ready_file)],
                cwd=ROOT,
                env=environment(data_dir, **env),
                stdout=output if terminal is None else terminal,
                stderr=subprocess.STDOUT,
            )
        try:
            wait_until(lambda: self.ready_file.exists() or self.command.poll() is not None, "the shop is ready")
            assert self.command.poll() is None, self.output.read_text()
        except BaseException:
            self.end()
            raise
        self.facts: dict[str, Any] = json.loads(self.ready_file.read_text())
        self.processes = psutil.Process(self.command.pid).children(recursive=True)
        self.ports = [int(self.facts["psp_url"].rsplit(":", 1)[1]) + offset for offset in range(-2, 4)]

    def child(self, argument: str) -> psutil.Process:
        return next(process for process in self.processes if argument in process.cmdline())

    def what_is_left(self) -> list[str]:
        processes = [str(process) for process in self.processes if runs(process)]
        ports = [f"port {port}" for port in self.ports if listens(port)]
        database = (self.data_dir / "postgres" / "postmaster.pid").exists()
        return processes + ports + ["the database"] * database

    def end(self) -> None:
        self.command.terminate()
        try:
            self.command.wait(60)
        finally:
            self.command.kill()


def runs(process: psutil.Process) -> bool:
    """False also for one that has ended and waits for its parent to notice."""
    try:
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def listens(port: int) -> bool:
    with socket.socket() as client:
        return client.connect_ex(("127.0.0.1", port)) == 0


def refused(data_dir: Path, **env: str) -> str:
    """The one line with which it refuses to start."""
    answer = subprocess.run(
        UP, cwd=ROOT, env=environment(data_dir, **env), capture_output=True, text=True, check=False, timeout=60
    )
    assert answer.returncode == 1
    assert answer.stderr.count("\n") == 1
    assert answer.stderr.removeprefix("error: ").strip() not in answer.stdout, "said twice"
    return answer.stderr


Start = Callable[..., Shop]


@pytest.fixture(scope="module")
def shop(module_path: Path) -> Iterator[Shop]:
    running = Shop(module_path / "data", UP)
    yield running
    running.end()


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Start]:
    """Starts shops on the test's own data and ends them with the test, however it went."""
    started: list[Shop] = []

    def start_one(command: list[str] = UP, **more: Any) -> Shop:
        started.append(Shop(tmp_path / "data", command, **more))
        return started[-1]

    yield start_one
    for shop in started:
        shop.end()


@pytest.mark.parametrize(
    ("fact", "path"),
    [
        ("url", "/"),
        ("url", "/api/docs"),
        ("url", "/readiness"),
        ("psp_url", "/pay/style.css"),
        ("metrics_url", ""),
        ("worker_metrics_url", ""),
        ("prometheus_url", "/-/ready"),
        ("url", "/status"),
    ],
)
def test_every_address_answers(shop: Shop, fact: str, path: str) -> None:
    with urllib.request.urlopen(shop.facts[fact] + path, timeout=5) as answer:
        assert answer.status == 200


def test_its_prometheus_has_loaded_the_rules(shop: Shop) -> None:
    with urllib.request.urlopen(f"{shop.facts['prometheus_url']}/api/v1/rules?type=alert", timeout=5) as answer:
        groups = json.load(answer)["data"]["groups"]
    assert "SLOAvailabilityFastBurn" in {rule["name"] for group in groups for rule in group["rules"]}


def test_it_sells_the_demo_catalogue(shop: Shop) -> None:
    with urllib.request.urlopen(f"{shop.facts['url']}/api/events", timeout=5) as answer:
        names = {event["id"]: event["name"] for event in json.load(answer)["events"]}
    assert {1, 2, 3} <= names.keys()


def test_it_says_where_everything_is(shop: Shop) -> None:
    shown = shop.output.read_text()
    named = ("url", "psp_url", "metrics_url", "worker_metrics_url", "prometheus_url", "mailbox", "database_url")
    assert [fact for fact in named if shop.facts[fact] not in shown] == []


def test_a_second_shop_on_the_same_data_is_refused(shop: Shop) -> None:
    assert f"in use by the shop with process id {shop.command.pid}" in refused(shop.data_dir)


def test_a_port_in_use_is_named(shop: Shop, tmp_path: Path) -> None:
    taken = shop.ports[0]
    assert refused(tmp_path, PORT=str(taken)).startswith(f"error: port {taken} is in use: ")


def test_broken_data_is_named(tmp_path: Path) -> None:
    (tmp_path / "postgres").write_text("not a directory")
    assert "is not a PostgreSQL cluster" in refused(tmp_path)


def test_a_database_that_does_not_answer_is_named(tmp_path: Path) -> None:
    said = refused(tmp_path, DATABASE_URL="postgresql://postgres@127.0.0.1:9/tickets")
    assert said == "error: migrate: the database of DATABASE_URL cannot be reached: Connection refused\n"


def test_a_shop_that_is_being_changed_serves_the_page_from_its_source_and_leaves_nothing(start: Start) -> None:
    shop = start([*UP, "--changing"])
    with urllib.request.urlopen(shop.facts["url"], timeout=5) as answer:
        assert "/@vite/client" in answer.read().decode()
    with urllib.request.urlopen(f"{shop.facts['url']}/api/events", timeout=5) as answer:
        assert json.load(answer)["count"] > 0
    shop.command.send_signal(signal.SIGINT)
    assert shop.command.wait(30) == 0
    assert shop.what_is_left() == []


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_shop_told_to_stop_leaves_nothing_and_exits_well(start: Start, how: signal.Signals) -> None:
    shop = start()
    shop.command.send_signal(how)
    assert shop.command.wait(30) == 0
    assert shop.what_is_left() == []
    assert not shop.ready_file.exists()


def test_a_shop_killed_leaves_nothing_and_starts_again_on_its_data(start: Start) -> None:
    shop = start()
    shop.command.kill()
    shop.command.wait()
    wait_until(lambda: shop.what_is_left() == [], "all of it has ended", seconds=20)
    start()


def test_a_shop_whose_make_was_killed_stops(start: Start) -> None:
    shop = start(["sh", "-c", '"$@"; true', "make", *UP], MAKELEVEL="1")
    shop.command.kill()
    shop.command.wait()
    wait_until(lambda: shop.what_is_left() == [], "all of it has ended", seconds=30)


def test_a_shop_whose_terminal_is_gone_stops(start: Start) -> None:
    ours, its = os.openpty()
    shop = start(terminal=its)
    os.close(its)
    os.close(ours)
    assert shop.command.wait(30) == 0
    assert shop.what_is_left() == []


def test_a_part_that_dies_stops_the_shop_and_is_named(start: Start) -> None:
    shop = start()
    shop.child("worker").kill()
    assert shop.command.wait(30) == 1
    assert "error: worker was ended by SIGKILL" in shop.output.read_text()
    assert shop.what_is_left() == []


def test_a_shop_stopped_while_it_starts_leaves_nothing(tmp_path: Path) -> None:
    with subprocess.Popen(UP, cwd=ROOT, env=environment(tmp_path), stdout=subprocess.PIPE, text=True) as command:
        assert command.stdout is not None
        next(line for line in command.stdout if "preparing the database" in line)
        children = psutil.Process(command.pid).children(recursive=True)
        command.terminate()
        assert command.wait(30) == 0
    assert [child for child in children if runs(child)] == []
    assert not (tmp_path / "postgres" / "postmaster.pid").exists()


def test_a_database_that_is_given_is_used_and_left_running(start: Start, tmp_path: Path) -> None:
    with postgres(tmp_path / "given") as server:
        shop = start(DATABASE_URL=server.dsn)
        assert shop.facts["database_url"] == server.dsn
        assert not (tmp_path / "data" / "postgres").exists()
        shop.end()
        assert server.process.poll() is None
