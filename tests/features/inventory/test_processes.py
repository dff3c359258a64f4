"""Several processes sell the same tickets, and one of them is killed in the middle of it."""

import asyncio
import sys
from pathlib import Path

from tests.box_office import BoxOffice, Sale, eventually

ROOT = Path(__file__).parents[3]


async def crowd(dsn: str, sale: Sale) -> asyncio.subprocess.Process:
    script = ROOT / "tests/features/inventory/crowd.py"
    arguments = (sys.executable, script, dsn, str(sale.type_id), str(sale.pool_id))
    return await asyncio.create_subprocess_exec(
        *arguments, cwd=ROOT, env={"PYTHONPATH": str(ROOT)}, stdout=asyncio.subprocess.PIPE
    )


async def test_three_processes_sell_exactly_what_there_is(box_office: BoxOffice, dsn: str) -> None:
    sale = await box_office.publish(capacity=3000)
    processes = [await crowd(dsn, sale) for _ in range(3)]
    outputs = [(await process.communicate())[0] for process in processes]
    assert [process.returncode for process in processes] == [0, 0, 0]
    assert sum(output.count(b"held") for output in outputs) == 3000
    assert await box_office.available(sale) == 0
    assert await box_office.broken() == []


async def test_a_process_killed_in_the_middle_of_a_batch_leaves_nothing_half_done(
    box_office: BoxOffice, dsn: str
) -> None:
    sale = await box_office.publish(capacity=100_000)
    process = await crowd(dsn, sale)
    assert process.stdout is not None
    for _ in range(500):
        await process.stdout.readline()
    process.kill()
    await process.communicate()
    # What the process had sent may still be committed after its end.
    others = (
        "SELECT count(*) = 0 FROM pg_stat_activity"
        " WHERE datname = current_database() AND pid <> pg_backend_pid() AND state = 'active'"
    )
    await eventually(lambda: box_office.value(others))
    held = 100_000 - await box_office.available(sale)
    assert held >= 500
    assert await box_office.value("SELECT count(*) FROM hold WHERE state = 'held'") == held
    assert await box_office.broken() == []
