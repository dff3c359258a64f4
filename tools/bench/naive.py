"""The obvious way to sell, driven by pgbench: lock the pool's row, take tickets off it, insert the hold, commit."""

from __future__ import annotations

import re
import subprocess

from tools.bench.stock import Event
from tools.console import Failure
from tools.programs.postgres import Server

CLIENTS = 64
_SCRIPT = """\
WITH taken AS (
    UPDATE pool SET available = available - 2 WHERE id = {pool} AND available >= 2 RETURNING id, event_id
)
INSERT INTO hold (id, basket_id, event_id, ticket_type_id, pool_id, quantity, unit_price_minor, currency, expires_at)
SELECT uuidv7(), uuidv7(), event_id, {type}, id, 2, 0, 'EUR', now() + interval '10 minutes' FROM taken;
"""
_RATE = re.compile(r"tps = ([0-9.]+) \(without initial connection time\)")
_FAILED = re.compile(r"number of failed transactions: 0 ")


def holds_per_second(server: Server, dsn: str, event: Event, seconds: float) -> float:
    """As many as 64 clients manage at once, each transaction one prepared statement and durable."""
    script = server.log.with_name("naive.sql")
    script.write_text(_SCRIPT.format(pool=event.pool_id, type=event.type_id))
    options = ["-n", "-M", "prepared", "-c", str(CLIENTS), "-j", "2", "-T", str(round(seconds)), "-f", str(script)]
    run = subprocess.run([server.bin_dir / "pgbench", *options, dsn], capture_output=True, text=True, check=False)
    rate = _RATE.search(run.stdout)
    if run.returncode != 0 or rate is None or not _FAILED.search(run.stdout):
        raise Failure(f"pgbench failed: {(run.stderr or run.stdout).strip().splitlines()[-1]}")
    return float(rate[1])
