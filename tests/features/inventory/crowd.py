"""A process full of buyers: holds single tickets of one type until they are sold out, and prints each it got."""

import asyncio
import sys

from backend.db.errors import LockTimeout
from backend.db.options import DatabaseOptions
from backend.db.pool import Database
from backend.features.inventory.holds import HoldLimits, HoldLine, HoldRequest, Holds


async def main(dsn: str, type_id: int, pool_id: int) -> None:
    holds = Holds(await Database.open(DatabaseOptions(dsn=dsn, maxsize=2)), HoldLimits())

    async def hold() -> bool:
        request = HoldRequest((HoldLine(type_id, pool_id, 1),))
        while True:
            try:
                return (await holds.submit(request)).held
            except LockTimeout:
                continue  # the other processes had the pool for too long: a 503, and the customer asks again

    async def buy() -> None:
        while await hold():
            sys.stdout.write("held\n")
            sys.stdout.flush()

    await asyncio.gather(*(buy() for _ in range(32)))


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], int(sys.argv[2]), int(sys.argv[3])))
