"""The built front end, served from memory, packed where browsers take it: for one machine with nothing in front."""

import gzip
import hashlib
import mimetypes
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from aiohttp import web

from backend.web.headers import PAGE
from backend.web.routes import Routes

_ENCODINGS = {"br": ".br", "gzip": ".gz"}  # the better one first
_TEXT = ("text/", "application/javascript", "application/json", "application/manifest+json", "image/svg+xml")
_HASHED = "assets/"  # whose names change with their content

_MISSING = """<!doctype html>
<html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>AegisTickets</title>
<h1>The front end is not built yet</h1>
<p>Run <code>make build</code>, then load this page again.
The API works: see <a href="/api/docs">its documentation</a>.</p>
</html>"""


@dataclass(frozen=True, slots=True)
class _File:
    """bodies: by content encoding, '' for none."""

    bodies: Mapping[str, bytes]
    headers: Mapping[str, str]
    etag: str

    def answer(self, request: web.Request) -> web.Response:
        headers = {**self.headers, "ETag": self.etag}
        if self.etag in request.headers.get("If-None-Match", ""):
            return web.Response(status=304, headers=headers)
        accepted = request.headers.get("Accept-Encoding", "")
        encoding = next((name for name in self.bodies if name and name in accepted), "")
        if encoding:
            headers["Content-Encoding"] = encoding
        return web.Response(body=self.bodies[encoding], headers=headers)


class FrontEnd:
    """The files of a build. Only what was found below its folder can be asked for, so no path leads out of it."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._index = folder / "index.html"
        self._built: int | None = None
        self._files: dict[str, _File] = {}

    def answer(self, request: web.Request, path: str) -> web.Response:
        """The file, else the page itself: its script knows what to show for the address."""
        self._refresh()
        file = self._files.get(path)
        if file is None and (path.startswith(_HASHED) or "." in path.rpartition("/")[2]):
            raise web.HTTPNotFound
        file = file or self._files.get("index.html")
        if file is None:
            return web.Response(text=_MISSING, status=503, content_type="text/html", headers={"Retry-After": "5"})
        return file.answer(request)

    def _refresh(self) -> None:
        """Read the build, and again when it was built anew."""
        built = self._index.stat().st_mtime_ns if self._index.is_file() else None
        if built != self._built:
            self._built = built
            self._files = _read(self._folder) if built is not None else {}


def _read(folder: Path) -> dict[str, _File]:
    files = (path for path in sorted(folder.rglob("*")) if path.is_file() and path.suffix not in _ENCODINGS.values())
    return {path.relative_to(folder).as_posix(): _file(path, path.relative_to(folder).as_posix()) for path in files}


def _file(path: Path, name: str) -> _File:
    content = path.read_bytes()
    kind = mimetypes.guess_type(name)[0] or "application/octet-stream"
    text = kind.startswith(_TEXT)
    cache = "public, max-age=31536000, immutable" if name.startswith(_HASHED) else "no-cache"
    headers = {"Content-Type": f"{kind}; charset=utf-8" if text else kind, "Cache-Control": cache}
    if kind == "text/html":
        headers |= PAGE
    packed = {encoding: Path(f"{path}{suffix}") for encoding, suffix in _ENCODINGS.items()}
    bodies = {encoding: file.read_bytes() for encoding, file in packed.items() if file.is_file()}
    if text and not bodies:
        bodies["gzip"] = gzip.compress(content, mtime=0)
    if bodies:
        headers["Vary"] = "Accept-Encoding"
    return _File({**bodies, "": content}, headers, f'"{hashlib.sha256(content).hexdigest()[:16]}"')


def front_end_routes(folder: Path) -> Routes:
    """Everything outside /api that no other route answers."""
    front_end = FrontEnd(folder)
    routes = Routes()

    @routes.get("/{path:page}", answers={200: "text/html"}, kind="page")
    async def front_end_file(request: web.Request, path: str) -> web.Response:
        """Give a file of the front end, or its page."""
        return front_end.answer(request, path or "index.html")

    return routes
