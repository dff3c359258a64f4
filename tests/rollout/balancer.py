"""A real nginx as the load balancer: it keeps connections on both sides, and sends nothing a second time.

Targets come and go without a reload, which would end customers' connections: a target gets requests while there is a
file of its name.
"""

import os
import socket
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.shop import free_ports
from tools.processes import Start, start, stop
from tools.programs import nginx

COOKIE = "AWSALB"  # as the real one's is called


@dataclass(frozen=True)
class LoadBalancer:
    url: str
    _folder: Path

    def register(self, target: int) -> None:
        (self._folder / f"target{target}").touch()

    def deregister(self, target: int) -> None:
        """Requests under way go on; no new one comes."""
        (self._folder / f"target{target}").unlink(missing_ok=True)


@contextmanager
def load_balancer(folder: Path, ports: Sequence[int], idle: float, *, stays: int = 0) -> Iterator[LoadBalancer]:
    """In front of targets on these ports, none of them registered yet. idle: seconds that connections may be.

    stays: seconds that a customer stays with a target, by a cookie; 0 has none.
    """
    program = nginx.find()
    if program is None:
        pytest.fail(nginx.MISSING)
    (port,) = free_ports(1)
    config = folder / "nginx.conf"
    config.write_text(_config(folder, port, ports, idle, stays))
    process = start(Start(nginx.command(program, config, folder), log=folder / "nginx.log", env=os.environ))
    try:
        give_up = time.monotonic() + 10
        while not _listens(port):
            assert process.poll() is None, (folder / "nginx.log").read_text()
            assert time.monotonic() < give_up, "nginx does not listen after 10 s"
            time.sleep(0.01)
        yield LoadBalancer(f"http://127.0.0.1:{port}", folder)
    finally:
        stop(process)


def _config(folder: Path, port: int, ports: Sequence[int], idle: float, stays: int) -> str:
    """One target is drawn for each request; if it is not registered, the next one that is."""
    names = [f"target{number}" for number in range(len(ports))]
    upstreams = "\n".join(
        f"upstream {name} {{ server 127.0.0.1:{port}; keepalive 64; keepalive_timeout {idle:g}s; }}"
        for name, port in zip(names, ports, strict=True)
    )
    drawn = " ".join(f"{100 // len(names)}% {name};" for name in names[1:]) + f" * {names[0]};"
    following = " ".join(f"{name} {after};" for name, after in zip(names, [*names[1:], names[0]], strict=True))
    maps = "\n".join(
        f"map {before} {after} {{ {following} }}"
        for before, after in [("$drawn", "$second"), ("$second", "$third"), ("$third", "$fourth")]
    )
    choose = "\n".join(
        f"if (!-f {folder}/$target) {{ set $target {other}; }}" for other in ("$second", "$third", "$fourth")
    )
    stay = f'add_header Set-Cookie "{COOKIE}=$target; Path=/; Max-Age={stays}" always;' if stays else ""
    known = f"if (-f {folder}/$cookie_{COOKIE}) {{ set $target $cookie_{COOKIE}; }}" if stays else ""
    return f"""
pid {folder}/nginx.pid;
error_log stderr warn;
events {{ worker_connections 1024; }}
http {{
    access_log off;
    client_body_temp_path {folder}/body;
    proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi;
    scgi_temp_path {folder}/scgi;
    {upstreams}
    split_clients "$request_id" $drawn {{ {drawn} }}
    {maps}
    server {{
        listen 127.0.0.1:{port};
        keepalive_timeout {idle:g}s;
        keepalive_requests 1000000;
        set $target $drawn;
        {known}
        {choose}
        {stay}
        location / {{
            proxy_pass http://$target;
            proxy_http_version 1.1;
            proxy_set_header Connection "";
            proxy_set_header X-Forwarded-For $remote_addr;
            proxy_next_upstream off;
            proxy_buffering off;
            proxy_read_timeout {idle:g}s;
        }}
    }}
}}
"""


def _listens(port: int) -> bool:
    with suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1):
        return True
    return False
