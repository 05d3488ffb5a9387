"""``GET /health`` and ``GET /metrics`` of a worker: as little HTTP as a probe needs, so that an idle worker stays small."""

from __future__ import annotations

import asyncio
import contextlib
import hmac
import ipaddress
import json
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from prometheus_client import CONTENT_TYPE_LATEST, generate_latest

from kamhub.platform.job import metrics
from kamhub.platform.job.types import QueueState

LOOPBACK = "127.0.0.1"
_READ_WITHIN = 5.0
_REASONS = {
    200: "OK", 401: "Unauthorized", 404: "Not Found", 405: "Method Not Allowed", 503: "Service Unavailable",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class WorkerHealth:
    """``running`` counts the jobs being run, ``abandoned`` the runs that would not end; ``last_heartbeat`` is when the fleet
    last heard of us; ``queues`` are those of the whole fleet, None while the database is away."""

    status: Literal["ok", "recovering", "stopping"]
    last_heartbeat: datetime | None
    database: bool
    running: int
    abandoned: int
    queues: Sequence[QueueState] | None

    @property
    def well(self) -> bool:
        return self.status == "ok" and self.database

    def as_json(self) -> dict[str, object]:
        return {
            "status": self.status,
            "last_heartbeat": self.last_heartbeat.isoformat() if self.last_heartbeat else None,
            "database": self.database,
            "running": self.running,
            "abandoned": self.abandoned,
            "queues": None if self.queues is None else {state.queue: _as_json(state) for state in self.queues},
        }


def _as_json(state: QueueState) -> dict[str, object]:
    return {
        "waiting": state.waiting,
        "scheduled": state.scheduled,
        "running": state.running,
        "dead": state.dead,
        "oldest_waiting_seconds": round(state.oldest_waiting, 1),
    }


class HealthServer:
    """Answers 200 when the worker is well, 503 when it is not; the body says why.

    Another machine is told no more than that, and the metrics only for ``token``. ``more`` is what the process has to tell
    besides its jobs, in Prometheus' text format.
    """

    def __init__(
        self,
        look: Callable[[], Awaitable[WorkerHealth]],
        token: str | None = None,
        more: Callable[[], bytes] = bytes,
    ) -> None:
        self._look = look
        self._token = token
        self._more = more
        self._server: asyncio.Server | None = None

    @property
    def port(self) -> int:
        """The port it listens on."""
        if self._server is None:
            raise RuntimeError("the health server has not been started")
        return int(self._server.sockets[0].getsockname()[1])

    async def start(self, host: str, port: int) -> None:
        """Listen; port 0 takes any free one. Raises ``OSError`` when the port is taken."""
        self._server = await asyncio.start_server(self._serve, host, port, limit=8192)

    async def stop(self) -> None:
        """Stop listening."""
        if self._server is not None:
            self._server.close()
            self._server = None

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        # A client that leaves, dawdles or talks nonsense gets no answer.
        with contextlib.suppress(OSError, TimeoutError, EOFError, asyncio.LimitOverrunError):
            async with asyncio.timeout(_READ_WITHIN):
                head = await reader.readuntil(b"\r\n\r\n")
            local = ipaddress.ip_address(writer.get_extra_info("peername")[0]).is_loopback
            status, kind, content = await self._answer(head.decode("latin-1").split("\r\n"), local=local)
            writer.write(
                f"HTTP/1.1 {status} {_REASONS[status]}\r\nContent-Type: {kind}\r\n"
                f"Content-Length: {len(content)}\r\nCache-Control: no-store\r\n"
                f"Connection: close\r\n\r\n".encode()
                + content
            )
            await writer.drain()
        writer.close()

    async def _answer(self, head: Sequence[str], *, local: bool) -> tuple[int, str, bytes]:
        """Status, content type and body."""
        method, _, rest = head[0].partition(" ")
        path = rest.partition(" ")[0].partition("?")[0]
        hidden = path == "/metrics" and not local and self._token is None
        if path not in ("/health", "/metrics") or hidden:
            return 404, "application/json", b'{"status": "not found"}'
        if method != "GET":
            return 405, "application/json", b'{"status": "method not allowed"}'
        if path == "/metrics" and not local and not self._shown(head[1:]):
            return 401, "application/json", b'{"status": "unauthorized"}'
        health = await self._look()
        if path == "/metrics":
            # While the database is away nothing is said of the queues: zeros would end an alert.
            queues = b"" if health.queues is None else metrics.gauges(health.queues)
            text = generate_latest(metrics.REGISTRY) + queues + self._more()
            return 200, CONTENT_TYPE_LATEST, text
        told = health.as_json() if local else {"status": health.status}
        return (200 if health.well else 503), "application/json", json.dumps(told).encode()

    def _shown(self, headers: Sequence[str]) -> bool:
        """Whether the headers show our token."""
        fields = {name.strip().lower(): value.strip() for name, _, value in (line.partition(":") for line in headers)}
        scheme, _, given = fields.get("authorization", "").partition(" ")
        wanted = (self._token or "").encode()
        return scheme.lower() == "bearer" and hmac.compare_digest(given.strip().encode(), wanted)
