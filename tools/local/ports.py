"""The five ports of a shop: PORT and the four that follow it; and a sixth for the page while it is being written."""

import secrets
import socket
from dataclasses import dataclass
from itertools import count

from tools.console import Failure

ANY = range(20_000, 32_000, 6)  # below those that the system gives to outgoing connections
USES = ("the shop", "its metrics", "the payment provider", "Prometheus", "the worker's metrics")


@dataclass(frozen=True)
class Ports:
    shop: int

    @property
    def metrics(self) -> int:
        return self.shop + 1

    @property
    def psp(self) -> int:
        return self.shop + 2

    @property
    def prometheus(self) -> int:
        return self.shop + 3

    @property
    def worker_metrics(self) -> int:
        return self.shop + 4

    @property
    def page(self) -> int:
        """Of Vite's server, which `make dev` alone has."""
        return self.shop + 5


def free_ports(wanted: str) -> Ports:
    """The ports from PORT's value on, all of them free; "0" looks for five free ones in a row."""
    if not wanted.isdecimal() or int(wanted) > 65_535 - len(USES):
        raise Failure(f"PORT is {wanted!r}, it must be a number from 1 to {65_535 - len(USES)}, or 0 for any")
    first = int(wanted)
    if first == 0:
        tries = (Ports(ANY[secrets.randbelow(len(ANY))]) for _ in count())
        return next(ports for ports in tries if _taken(ports) is None)
    taken = _taken(Ports(first))
    if taken is not None:
        port = f"port {first + taken}" + (f" (PORT+{taken}, {USES[taken]})" if taken else "")
        raise Failure(
            f"{port} is in use: stop what uses it, or choose others with PORT=, for example PORT={first + 10}"
        )
    return Ports(first)


def _taken(ports: Ports) -> int | None:
    """How far from the first the first port in use is."""
    return next((offset for offset in range(len(USES)) if not _is_free(ports.shop + offset)), None)


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("", port))
        except PermissionError as error:
            raise Failure(f"port {port} is for root alone: choose one from 1024 on with PORT=") from error
        except OSError:
            return False
        return True
