"""A restart forgets nothing that was written down."""

from __future__ import annotations

from pathlib import Path

import pytest

from backend.psp import ledger
from backend.psp.journal import Journal
from backend.psp.ledger import Ledger
from tests.psp.running import Shop, page_of, running_psp


async def test_payments_and_refunds_survive_a_restart(tmp_path: Path) -> None:
    journal = tmp_path / "deep" / "psp.jsonl"
    async with running_psp(journal=journal) as psp:
        paid, waiting, declined = (
            await psp.created(),
            await psp.created(method="hosted"),
            await psp.created(card="decline"),
        )
        _, refund = await psp.refund(paid, 1000)
        before = [(await psp.ask("GET", f"/v1/intents/{one['id']}"))[1] for one in (paid, declined)]
    async with running_psp(journal=journal) as psp:
        assert [(await psp.ask("GET", f"/v1/intents/{one['id']}"))[1] for one in (paid, declined)] == before
        assert (await psp.refund(paid, 1000, refund_id=refund["refund_id"]))[1] == refund
        assert (await psp.pay(waiting))[0] == 303
        assert await psp.status(waiting) == "succeeded"


async def test_a_journal_is_its_owners_alone(tmp_path: Path) -> None:
    journal = tmp_path / "psp.jsonl"
    journal.touch(0o644)
    journal.with_suffix(".new").touch(0o644)  # an interrupted start left it
    async with running_psp(journal=journal) as psp:
        await psp.created()
        assert oct(journal.stat().st_mode & 0o777) == "0o600"


async def test_a_payment_that_was_being_processed_is_settled_after_the_restart(tmp_path: Path, shop: Shop) -> None:
    journal = tmp_path / "psp.jsonl"
    async with running_psp(shop.url, journal=journal, late_seconds=3600) as psp:
        intent = await psp.created(card="late")
    async with running_psp(shop.url, journal=journal) as psp:
        assert await shop.hears(1) == [["succeeded"]]
        assert await psp.status(intent) == "succeeded"


async def test_the_bank_step_survives_a_restart(tmp_path: Path) -> None:
    async with running_psp(journal=tmp_path / "psp.jsonl") as psp:
        intent = await psp.created(card="three_d_secure")
    async with running_psp(journal=tmp_path / "psp.jsonl") as psp:
        assert "Is this you?" in (await psp.page(page_of(intent)))[1]


async def test_a_line_cut_off_by_a_crash_is_left_out(tmp_path: Path) -> None:
    journal = tmp_path / "psp.jsonl"
    async with running_psp(journal=journal) as psp:
        intent = await psp.created()
    with journal.open("ab") as file:
        file.write(b'{"id": "pi_half')
    async with running_psp(journal=journal) as psp:
        assert await psp.status(intent) == "succeeded"
        other = await psp.created()
    async with running_psp(journal=journal) as psp:
        assert await psp.status(other) == "succeeded"


async def test_the_file_is_rewritten_to_one_line_for_each_payment(tmp_path: Path) -> None:
    journal = tmp_path / "psp.jsonl"
    async with running_psp(journal=journal) as psp:
        hosted = await psp.created(method="hosted")
        await psp.pay(hosted, "4000 0000 0000 0002")
        await psp.pay(hosted)
        assert len(journal.read_bytes().splitlines()) == 3
    Journal(journal).close()
    assert len(journal.read_bytes().splitlines()) == 1


def test_a_file_that_is_no_journal_is_left_alone(tmp_path: Path) -> None:
    file = tmp_path / "notes.txt"
    file.write_text("dear diary\n")
    with pytest.raises(ValueError, match=r"notes\.txt is not a journal"):
        Journal(file)
    assert file.read_text() == "dear diary\n"


async def test_the_oldest_payments_are_forgotten_before_the_memory_is_full(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ledger, "KEPT_INTENTS", 3)
    async with running_psp() as psp:
        intents = [await psp.created() for _ in range(5)]
        found = [(await psp.ask("GET", f"/v1/intents/{one['id']}"))[0] for one in intents]
    assert found == [404, 404, 200, 200, 200]
    assert len(Ledger()) == 0
