"""Structured logs on stdout, written by a thread of their own so that a slow reader never stalls the event loop."""

import asyncio
import logging
import queue
import random
import re
import sys
from collections.abc import Mapping
from contextvars import ContextVar
from dataclasses import dataclass
from datetime import UTC, datetime
from logging.handlers import QueueHandler, QueueListener
from typing import Any, Literal, TextIO

import orjson
from aiohttp.http_exceptions import HttpProcessingError

REQUEST_ID: ContextVar[str] = ContextVar("request_id", default="")

# Beyond this many lines waiting, new ones are dropped and counted: in an outage the shop matters more than its log.
_QUEUE_SIZE = 10_000

# Whoever has an order's token has the order, and so with a basket's id: neither stands in a log, wherever it came from.
_SECRETS = re.compile(r"((?:[?&]|\b)(?:token|basket_id)=|\bBearer\s+)[^\s&\"'\\]+", re.IGNORECASE)

_access = logging.getLogger("backend.access")


def mask(text: str) -> str:
    """The text without the keys to orders and baskets: `?token=…`, `Authorization: Bearer …` and `?basket_id=…`."""
    return _SECRETS.sub(r"\1***", text)


@dataclass(frozen=True, slots=True)
class LogOptions:
    """sample: share of the ordinary requests that get a line, 0..1; failures and slow ones always do."""

    level: str = "INFO"
    format: Literal["json", "text"] = "json"
    sample: float = 1.0
    slow_seconds: float = 0.8


class _Queue(QueueHandler):
    """Takes the request id along and drops what the writer cannot keep up with."""

    queue: queue.SimpleQueue[logging.LogRecord]
    dropped = 0

    def prepare(self, record: logging.LogRecord) -> logging.LogRecord:
        record.request_id = REQUEST_ID.get()
        return record

    def enqueue(self, record: logging.LogRecord) -> None:
        # Not the queue's own bound: the sentinel that ends the writer must fit into a full queue too.
        if self.queue.qsize() < _QUEUE_SIZE:
            self.queue.put_nowait(record)
        else:
            self.dropped += 1


class JsonFormatter(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        line: dict[str, Any] = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname,
            "logger": record.name,
            "message": record.getMessage(),
        }
        if request_id := getattr(record, "request_id", ""):
            line["request_id"] = request_id
        line |= getattr(record, "fields", {})
        if record.exc_info:
            line["exception"] = self.formatException(record.exc_info)
        return mask(orjson.dumps(line, default=str).decode())


class TextFormatter(logging.Formatter):
    def __init__(self) -> None:
        super().__init__("%(asctime)s %(levelname)-7s %(name)s: %(message)s", "%H:%M:%S")

    def format(self, record: logging.LogRecord) -> str:
        fields: Mapping[str, object] = getattr(record, "fields", {})
        return mask(super().format(record) + "".join(f" {name}={value}" for name, value in fields.items()))


def _without_alarm(record: logging.LogRecord) -> bool:
    """Bytes that are no request are anybody's to send; aiohttp reports them as a failure of ours, with a traceback."""
    error = record.exc_info[1] if record.exc_info else None
    if isinstance(error, HttpProcessingError):
        record.levelno, record.levelname = logging.INFO, "INFO"
        record.msg, record.args = "%s (%s)", (record.getMessage(), type(error).__name__)
        record.exc_info = None
    return logging.getLogger().isEnabledFor(record.levelno)


class Logs:
    """The running log; `stop` writes out what is still waiting."""

    def __init__(self, options: LogOptions, stream: TextIO | None = None) -> None:
        writer = logging.StreamHandler(stream or sys.stdout)
        writer.setFormatter(TextFormatter() if options.format == "text" else JsonFormatter())
        self._handler = _Queue(queue.SimpleQueue())
        self._listener = QueueListener(self._handler.queue, writer)
        logging.getLogger("aiohttp.server").addFilter(_without_alarm)
        self._root = logging.getLogger()
        self._root.addHandler(self._handler)
        self._root.setLevel(options.level)
        self._listener.start()

    def stop(self) -> None:
        self._root.removeHandler(self._handler)
        self._listener.stop()
        if self._handler.dropped:
            sys.stderr.write(f"{self._handler.dropped} log lines were dropped: the log's reader was too slow\n")


@dataclass(frozen=True, slots=True)
class RequestLine:
    """path: as the client sent it, with its query; a key in it is masked. cause: the error behind a 5xx."""

    method: str
    route: str
    path: str
    status: int
    seconds: float
    cause: str = ""

    def fields(self) -> dict[str, object]:
        fields = {"method": self.method, "route": self.route, "path": self.path, "status": self.status}
        cause = {"cause": self.cause} if self.cause else {}
        return {**fields, "ms": round(self.seconds * 1000, 1), **cause}


class RequestLog:
    """One line per request; of the ordinary ones a sample."""

    def __init__(self, options: LogOptions) -> None:
        self._sample = options.sample
        self._slow = options.slow_seconds

    def wants(self, status: int, seconds: float) -> bool:
        """Whether this request gets a line; asked first, so that the others cost nothing more."""
        ordinary = status < 500 and seconds < self._slow
        return not ordinary or random.random() < self._sample  # noqa: S311 - a sample, no secret

    def write(self, line: RequestLine) -> None:
        level = logging.ERROR if line.status >= 500 else logging.INFO
        _access.log(level, "%s %s %s", line.method, line.path, line.status, extra={"fields": line.fields()})


def quiet_driver_noise(loop: asyncio.AbstractEventLoop) -> None:
    """Send to DEBUG what aiopg tells the loop: each cancelled statement and lost connection is a fatal error to it.

    The caller gets the same as a typed error and reports it.
    """
    log = logging.getLogger("backend.loop")

    def handle(loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
        sources = (type(context.get("connection")), type(context.get("exception")))
        if any(source.__module__.partition(".")[0] in {"aiopg", "psycopg2"} for source in sources):
            log.debug("database driver: %s", context.get("message"))
        else:
            loop.default_exception_handler(context)

    loop.set_exception_handler(handle)
