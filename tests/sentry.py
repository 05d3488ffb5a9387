"""A stand-in of Sentry: keeps what it is sent, over HTTP, as it came."""

from __future__ import annotations

import gzip
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

KEY = "0123456789abcdef0123456789abcdef"


@dataclass(slots=True)
class Sentry:
    """``requests`` are path, headers and unpacked body of each call; ``answer`` is status and headers of the reply."""

    port: int = 0
    requests: list[tuple[str, dict[str, str], bytes]] = field(default_factory=list)
    answer: tuple[int, dict[str, str]] = (200, {})

    @property
    def dsn(self) -> str:
        return f"http://{KEY}@127.0.0.1:{self.port}/7"

    @property
    def text(self) -> str:
        """Everything that was sent, headers included."""
        return "\n".join(f"{path} {headers} {body.decode(errors='replace')}" for path, headers, body in self.requests)

    def items(self, kind: str) -> list[Any]:
        """The payloads of that kind (``event``, ``transaction``) in the order of their coming; of a recording its events."""
        return [_read(kind, payload) for found, payload in self._items() if found == kind]

    def kinds(self) -> set[str]:
        """The kinds of all items."""
        return {kind for kind, _ in self._items()}

    def _items(self) -> Iterator[tuple[str, bytes]]:
        for _, _, body in self.requests:
            rest = body.partition(b"\n")[2]
            while rest:
                line, _, rest = rest.partition(b"\n")
                header = json.loads(line)
                length = header.get("length", rest.find(b"\n") if b"\n" in rest else len(rest))
                yield header["type"], rest[:length]
                rest = rest[length + 1 :]


def _read(kind: str, payload: bytes) -> Any:
    return json.loads(payload.partition(b"\n")[2] if kind == "replay_recording" else payload)


@contextmanager
def sentry_stand_in() -> Iterator[Sentry]:
    """It listens on a free port until the block ends."""
    kept = Sentry()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            if self.headers.get("Content-Encoding") == "gzip":
                body = gzip.decompress(body)
            status, headers = kept.answer
            kept.requests.append((self.path, dict(self.headers), body))
            self.send_response(status)
            for name, value in {"Content-Length": "2", **headers}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(b"{}")

        def log_message(self, *_: object) -> None:
            """In silence."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    kept.port = server.server_address[1]
    threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
    try:
        yield kept
    finally:
        server.shutdown()
        server.server_close()
