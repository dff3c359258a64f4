"""A TCP way to the server that can freeze (it takes connections and bytes and passes nothing on) or lose an answer."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

from psycopg2.extensions import parse_dsn


class Proxy:
    """dsn leads to the same database as the one given, through here. taken: connections so far."""

    def __init__(self, dsn: str) -> None:
        parts = parse_dsn(dsn)
        self._socket = f"{parts['host']}/.s.PGSQL.5432"
        self._database = parts["dbname"]
        self._flowing = asyncio.Event()
        self._flowing.set()
        self._admitting = asyncio.Event()
        self._admitting.set()
        self._tasks: set[asyncio.Task[None]] = set()
        self._port = 0
        self._losing = False
        self.taken = 0

    @property
    def dsn(self) -> str:
        return f"postgresql://postgres@localhost:{self._port}/{self._database}"

    def freeze_new(self) -> None:
        """Connections to come will get no answer; those there are go on."""
        self._admitting.clear()

    def freeze(self) -> None:
        """Nothing gets an answer any more."""
        self._admitting.clear()
        self._flowing.clear()

    def thaw(self) -> None:
        self._admitting.set()
        self._flowing.set()

    def lose_next_answer(self) -> None:
        """The server carries out the next statement, and the connection breaks before its answer arrives."""
        self._losing = True

    @asynccontextmanager
    async def running(self) -> AsyncIterator["Proxy"]:
        server = await asyncio.start_server(self._take, "127.0.0.1", 0)
        self._port = server.sockets[0].getsockname()[1]
        try:
            yield self
        finally:
            server.close()
            for task in self._tasks:
                task.cancel()
            await asyncio.gather(*self._tasks, return_exceptions=True)
            await server.wait_closed()

    def _take(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.taken += 1
        task = asyncio.create_task(self._serve(reader, writer))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        opened = [writer]
        try:
            await self._admitting.wait()
            from_server, to_server = await asyncio.open_unix_connection(self._socket)
            opened.append(to_server)
            pumps = [
                asyncio.create_task(self._pump(reader, to_server)),
                asyncio.create_task(self._pump(from_server, writer, answers=True)),
            ]
            try:
                await asyncio.wait(pumps, return_when=asyncio.FIRST_COMPLETED)
            finally:
                for pump in pumps:
                    pump.cancel()
                await asyncio.gather(*pumps, return_exceptions=True)
        except OSError:
            pass  # the server is away: the client sees its connection end
        finally:
            for end in opened:
                end.close()
                with suppress(OSError):
                    await end.wait_closed()

    async def _pump(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, *, answers: bool = False) -> None:
        while data := await reader.read(65536):
            if answers and self._losing:
                self._losing = False
                return
            await self._flowing.wait()
            writer.write(data)
            await writer.drain()
