"""``GET /health`` of a worker: as little HTTP as a probe needs, so that an idle worker stays small."""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from prometheus_client import CONTENT_TYPE_LATEST, generate_latest

from kamhub.platform.job import metrics
from kamhub.platform.job.types import QueueState

HOST = "127.0.0.1"
_READ_WITHIN = 5.0
_REASONS = {200: "OK", 404: "Not Found", 405: "Method Not Allowed", 503: "Service Unavailable"}


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
    """Answers 200 when the worker is well, 503 when it is not; the body says why."""

    def __init__(self, look: Callable[[], Awaitable[WorkerHealth]]) -> None:
        self._look = look
        self._server: asyncio.Server | None = None

    @property
    def port(self) -> int:
        """The port it listens on."""
        if self._server is None:
            raise RuntimeError("the health server has not been started")
        return int(self._server.sockets[0].getsockname()[1])

    async def start(self, port: int) -> None:
        """Listen on loopback; 0 takes any free port. Raises ``OSError`` when the port is taken."""
        self._server = await asyncio.start_server(self._serve, HOST, port, limit=8192)

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
            status, kind, content = await self._answer(head.split(b"\r\n", 1)[0].decode("latin-1"))
            writer.write(
                f"HTTP/1.1 {status} {_REASONS[status]}\r\nContent-Type: {kind}\r\n"
                f"Content-Length: {len(content)}\r\nCache-Control: no-store\r\n"
                f"Connection: close\r\n\r\n".encode()
                + content
            )
            await writer.drain()
        writer.close()

    async def _answer(self, request_line: str) -> tuple[int, str, bytes]:
        """Status, content type and body."""
        method, _, rest = request_line.partition(" ")
        path = rest.partition(" ")[0].partition("?")[0]
        if path not in ("/health", "/metrics"):
            return 404, "application/json", b'{"status": "not found"}'
        if method != "GET":
            return 405, "application/json", b'{"status": "method not allowed"}'
        health = await self._look()
        if path == "/metrics":
            # While the database is away nothing is said of the queues: zeros would end an alert.
            queues = b"" if health.queues is None else metrics.gauges(health.queues)
            text = generate_latest(metrics.REGISTRY) + queues
            return 200, CONTENT_TYPE_LATEST, text
        return (200 if health.well else 503), "application/json", json.dumps(health.as_json()).encode()
