"""What the process itself costs: CPU, memory, files, garbage collection, and how late its event loop runs."""

import asyncio
import gc
import os
import resource
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path

from aioprometheus.collectors import Registry

from backend.telemetry.instruments import Counter, Gauge, Histogram, Sample, collect

_STARTED = time.time()
_LAG_INTERVAL = 0.1


def collect_process(registry: Registry) -> None:
    """process_* and python_gc_*, read from the system at each scrape."""
    readings: list[tuple[type, str, str, Callable[[], float | None]]] = [
        (Counter, "process_cpu_seconds_total", "User and system CPU time", time.process_time),
        (Gauge, "process_resident_memory_bytes", "Resident memory", _resident_bytes),
        (Gauge, "process_open_fds", "Open file descriptors", _open_files),
        (Gauge, "process_max_fds", "Most file descriptors the process may open", _most_files),
        (Gauge, "process_start_time_seconds", "Start of the process, Unix time", lambda: _STARTED),
    ]
    for kind, name, doc, read in readings:
        collect(registry, kind, name, doc, _only(read))
    collect(registry, Counter, "python_gc_collections_total", "Garbage collections, by generation", _collections)


def _only(read: Callable[[], float | None]) -> Callable[[], Iterator[Sample]]:
    def samples() -> Iterator[Sample]:
        value = read()
        if value is not None:
            yield {}, value

    return samples


def _resident_bytes() -> float | None:
    with suppress(OSError):  # no /proc, as on macOS
        return int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1]) * os.sysconf("SC_PAGE_SIZE")
    return None


def _open_files() -> float | None:
    with suppress(OSError):
        return len(list(Path("/proc/self/fd").iterdir())) - 1  # one of them is this very listing
    return None


def _most_files() -> float:
    return resource.getrlimit(resource.RLIMIT_NOFILE)[0]


def _collections() -> Iterator[Sample]:
    for generation, stats in enumerate(gc.get_stats()):
        yield {"generation": str(generation)}, stats["collections"]


@asynccontextmanager
async def watch_loop(lag: Histogram) -> AsyncIterator[None]:
    """Observe ten times a second how much later than asked the event loop wakes a sleeper."""
    task = asyncio.create_task(_sample(lag), name="event-loop-lag")
    try:
        yield
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task


async def _sample(lag: Histogram) -> None:
    while True:
        asleep = time.perf_counter()
        await asyncio.sleep(_LAG_INTERVAL)
        lag.observe(time.perf_counter() - asleep - _LAG_INTERVAL)
