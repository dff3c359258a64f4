"""nginx: from PATH, else from Debian's package; and the front end's configuration as it runs outside its image."""

import os
from collections.abc import Sequence
from pathlib import Path

from tools.programs import debian
from tools.setup import ROOT

MISSING = debian.missing("nginx", "nginx")
CONFIG = ROOT / "frontend" / "nginx.conf"


def find() -> Path | None:
    """The program, fetched if need be, or None when it cannot be had on this machine."""
    return debian.find("nginx", "nginx", "nginx-common")


def command(program: Path, config: Path, folder: Path) -> Sequence[str | Path]:
    """How it is started: in the foreground, with nothing of the machine's own configuration.

    folder: where it may write.
    """
    user = "user root; " if os.geteuid() == 0 else ""  # else its workers cannot read what root alone may
    return [program, "-p", folder, "-c", config, "-e", "stderr", "-g", f"{user}daemon off;"]


def front_end(folder: Path, build: Path, port: int) -> Path:
    """The front end's configuration with other places: this build, this port, and this folder in place of /tmp."""
    text = CONFIG.read_text(encoding="utf-8")
    for there, here in (
        ("/tmp/", f"{folder}/"),  # noqa: S108 - the container's, which is its own
        ("listen 8080", f"listen 127.0.0.1:{port}"),
        ("root /srv/page;", f"root {build};"),
    ):
        if there not in text:
            raise LookupError(f"{CONFIG} has no {there!r}")
        text = text.replace(there, here)
    config = folder / "nginx.conf"
    config.write_text(text, encoding="utf-8")
    return config
