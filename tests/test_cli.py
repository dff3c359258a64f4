"""The commands as an operator runs them: what they print, what they exit with, and one line when they cannot."""

import asyncio
import json
from asyncio.subprocess import PIPE
from dataclasses import dataclass
from pathlib import Path

import pytest

from backend.app import openapi_json
from tests.box_office import BoxOffice
from tests.shop import ROOT, backend_process, free_ports
from tools.programs.postgres import Server

SECRET = "a secret for tests only"
AWAY = "postgresql://tickets:hunter2@127.0.0.1:1/tickets"  # nothing listens there


@dataclass(frozen=True)
class Ended:
    code: int
    out: list[str]
    err: list[str]


async def backend(*arguments: str | Path, dsn: str = AWAY, **variables: str) -> Ended:
    """Run `python -m backend` with these arguments to its end."""
    given = {"SECRET_KEY": SECRET, "DATABASE_URL": dsn, **variables}
    async with backend_process(given, *arguments, stdout=PIPE, stderr=PIPE) as process, asyncio.timeout(30):
        out, err = await process.communicate()
    return Ended(process.returncode or 0, out.decode().splitlines(), err.decode().splitlines())


async def test_migrate_applies_what_is_missing_and_then_nothing(server: Server) -> None:
    dsn = server.create_database("to_migrate")
    first = await backend("migrate", "--phase", "pre", dsn=dsn)
    again = await backend("migrate", dsn=dsn)
    server.drop_database("to_migrate")
    assert (first.code, first.out[0], first.out[-1]) == (
        0, "applying 0001_pre_tables", f"{len(first.out) - 1} migrations applied"
    )  # fmt: skip
    assert again == Ended(0, ["the schema is up to date"], [])


async def test_without_the_schema_a_command_says_how_to_get_it(server: Server) -> None:
    dsn = server.create_database("empty")
    check, seed = await asyncio.gather(backend("check", dsn=dsn), backend("seed", dsn=dsn))
    server.drop_database("empty")
    assert check == Ended(1, [], ['check: relation "hold" does not exist: run `python -m backend migrate` first'])
    assert seed == Ended(1, [], ['seed: relation "event" does not exist: run `python -m backend migrate` first'])


async def test_with_the_database_away_each_command_says_so_in_one_line(tmp_path: Path) -> None:
    file = tmp_path / "events.yaml"
    file.write_text("events: []")
    commands: list[list[str | Path]] = [["migrate"], ["seed"], ["check"], ["redrive"], ["events", "apply", file]]
    away = "the database of DATABASE_URL cannot be reached: Connection refused"
    expected = [Ended(1, [], [f"{command[0]}: {away}"]) for command in commands]
    assert await asyncio.gather(*(backend(*command) for command in commands)) == expected


async def test_seed_publishes_the_season_and_changes_nothing_when_run_again(dsn: str, box_office: BoxOffice) -> None:
    first = await backend("seed", dsn=dsn)
    assert (first.code, first.err) == (0, [])
    assert first.out[0] == "published lantern-summer (1)"
    assert len(first.out) == await box_office.value("SELECT count(*) FROM event") > 5
    again = await backend("seed", dsn=dsn)
    assert again == Ended(0, [line.replace("published", "unchanged") for line in first.out], [])


async def test_seed_is_refused_in_production(dsn: str, box_office: BoxOffice) -> None:
    ended = await backend("seed", dsn=dsn, ENVIRONMENT="prod")
    assert (ended.code, ended.out) == (1, [])
    assert ended.err == ["seed: seed puts demonstration events on sale, so it refuses to run in prod"]
    assert await box_office.value("SELECT count(*) FROM event") == 0


async def test_a_bad_file_changes_nothing_and_names_the_line_of_each_fault(
    dsn: str, box_office: BoxOffice, tmp_path: Path
) -> None:
    good = (ROOT / "backend/features/catalogue/demo.yaml").read_text()
    file = tmp_path / "season.yaml"
    file.write_text(good.replace("price: 99.99", "price: -99.99").replace("currency: EUR", "currency: euro", 1))
    ended = await backend("events", "apply", file, dsn=dsn)
    currency, price = (good[: good.index(text)].count("\n") + 1 for text in ("currency: EUR", "price: 99.99"))
    assert (ended.code, ended.out) == (1, [])
    assert [line.removeprefix("events: ").split(": ")[0] for line in ended.err] == [
        f"{file}:{currency}", f"{file}:{price}"
    ]  # fmt: skip
    assert await box_office.value("SELECT count(*) FROM event") == 0


async def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    ended = await backend("events", "apply", tmp_path / "none.yaml")
    assert ended == Ended(1, [], [f"events: {tmp_path}/none.yaml: No such file or directory"])


async def test_check_finds_what_does_not_agree(dsn: str, box_office: BoxOffice) -> None:
    sale = await box_office.publish(capacity=10)
    assert await backend("check", dsn=dsn) == Ended(0, ["stock, orders and money agree"], [])
    await box_office.database.execute("UPDATE pool SET available = available - 1")
    broken = f"stock: pool {sale.pool_id}: capacity 10, available 9, held 0, sold 0"
    assert await backend("check", dsn=dsn) == Ended(1, [broken, "1 invariants broken"], [])


async def test_redrive_has_dead_letters_tried_again(dsn: str, box_office: BoxOffice) -> None:
    await box_office.database.execute(
        "INSERT INTO delivery (sink, outbox_id, status)"
        " VALUES ('mail', 1, 'dead'), ('mail', 2, 'dead'), ('sns', 3, 'dead')"
    )
    mail = await backend("redrive", "--sink", "mail", dsn=dsn)
    rest = await backend("redrive", dsn=dsn)
    assert (mail.out, rest.out) == (["2 deliveries will be tried again"], ["1 deliveries will be tried again"])
    assert await box_office.value("SELECT count(*) FROM delivery WHERE status = 'dead'") == 0


async def test_openapi_prints_the_document_and_needs_no_settings() -> None:
    ended = await backend("openapi", SECRET_KEY="", DATABASE_URL="")
    assert (ended.code, ended.err, ended.out) == (0, [], openapi_json().splitlines())


@pytest.mark.parametrize(("arguments", "complaint"), [((), "COMMAND"), (("sell",), "'sell'"), (("events",), "action")])
async def test_an_unknown_command_is_answered_with_those_there_are(arguments: tuple[str, ...], complaint: str) -> None:
    ended = await backend(*arguments)
    assert (ended.code, ended.out) == (2, [])
    assert ended.err[0].startswith("usage: python -m backend")
    assert complaint in ended.err[-1]


async def test_what_is_wrong_with_the_settings_is_said_before_anything_starts() -> None:
    wrong = {"SECRET_KEY": "hunter2", "PORT": "http", "LOG_LEVEL": ""}
    port = "PORT must be a valid integer, unable to parse string as an integer"
    line = f"{port}; SECRET_KEY must have at least 16 characters"
    commands = ("serve", "worker", "migrate")
    expected = [Ended(1, [], [f"{command}: {line}"]) for command in commands]
    assert await asyncio.gather(*(backend(command, **wrong) for command in commands)) == expected


async def test_a_port_that_is_taken_is_named(dsn: str) -> None:
    taken, other = free_ports(2)
    holder = await asyncio.start_server(lambda _reader, _writer: None, "127.0.0.1", taken)
    async with holder:
        where = {"HOST": "127.0.0.1", "PUBLIC_URL": "http://127.0.0.1"}
        serve, worker = await asyncio.gather(
            backend("serve", dsn=dsn, PORT=str(taken), METRICS_PORT=str(other), **where),
            backend("worker", dsn=dsn, METRICS_PORT=str(taken), **where),
        )
    for ended in (serve, worker):
        assert ended.code == 1
        assert len(ended.err) == 1
        assert "address already in use" in ended.err[0].lower()
        assert f"('127.0.0.1', {taken})" in ended.err[0]


async def test_the_test_provider_refuses_to_run_in_production() -> None:
    ended = await backend("psp", ENVIRONMENT="prod", PSP_API_KEY="k", PSP_WEBHOOK_SECRET="s")
    assert ended.code == 1
    assert "moves no money and never runs in 'prod'" in ended.err[0]


async def test_the_doors_keys_are_printed_the_one_in_force_first() -> None:
    before = await backend("ticket-keys", OLD_SECRET_KEYS="")
    after = await backend("ticket-keys", SECRET_KEY="the secret that took its place", OLD_SECRET_KEYS=SECRET)
    assert (before.code, before.err) == (0, [])
    (old,) = json.loads("".join(before.out))["keys"]
    new, kept = json.loads("".join(after.out))["keys"]
    assert kept == old != new
    assert (old["kty"], old["crv"], old["use"]) == ("OKP", "Ed25519", "sig")
