"""Serves our own static files from memory: they are few, and phones on poor connections want them compressed once."""

from __future__ import annotations

import gzip
import mimetypes
from dataclasses import dataclass

from litestar import Request, Response, get

from kamhub.app.static_files import STATIC_DIR
from kamhub.platform.web.problems import NotFound
from kamhub.platform.web.rules import rule

_COMPRESSIBLE = ("text/", "application/javascript", "application/json", "image/svg+xml")
_FOR_EVER = "public, max-age=31536000, immutable"
_SHORTLY = "public, max-age=300"


@dataclass(frozen=True, slots=True)
class _File:
    content: bytes
    compressed: bytes | None
    media_type: str


def _load() -> dict[str, _File]:
    files = {}
    for path in STATIC_DIR.rglob("*"):
        if path.is_file():
            media_type = mimetypes.guess_type(path.name)[0] or "application/octet-stream"
            content = path.read_bytes()
            small = gzip.compress(content, 9, mtime=0) if media_type.startswith(_COMPRESSIBLE) else None
            files[path.relative_to(STATIC_DIR).as_posix()] = _File(content, small, media_type)
    return files


_FILES = _load()


@get("/static/{name:path}", opt=rule(access="public", rate="none", reply="file", refusals=(404,)))
async def serve(request: Request, name: str) -> Response[bytes]:
    """A file by its name; kept for ever by the browser when asked for with its hash."""
    file = _FILES.get(name.lstrip("/"))
    if file is None:
        raise NotFound
    # A vendored file has its version in its name, ours the hash of its content in the query.
    lasting = "v" in request.query_params or name.lstrip("/").startswith("vendor/")
    headers = {"Cache-Control": _FOR_EVER if lasting else _SHORTLY, "Vary": "Accept-Encoding"}
    if file.media_type == "text/css":
        # A replay of a page (monitoring.js) names its style sheet; Sentry's own page has to get it.
        headers["Cross-Origin-Resource-Policy"] = "cross-origin"
    content = file.content
    if file.compressed is not None and "gzip" in request.headers.get("accept-encoding", ""):
        content = file.compressed
        headers["Content-Encoding"] = "gzip"
    return Response(content, media_type=file.media_type, headers=headers)
