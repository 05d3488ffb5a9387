"""A small HTTP/1.1 load generator: keep-alive connections, one request at a time on each, prepared bytes.

Costs about 15 µs of CPU a request, so that it leaves the machine to what is measured.
"""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import partial

import uvloop

NextRequest = Callable[[], bytes]
# A server may hang up on a connection that lies idle (ours after five seconds): such a one is not used again.
FRESH_SECONDS = 3.0


@dataclass(slots=True)
class Outcome:
    """What a run gave: latencies in seconds, replies by status, seconds it took."""

    latencies: list[float] = field(default_factory=list)
    statuses: Counter[int] = field(default_factory=Counter)
    seconds: float = 0.0
    broken: int = 0

    @property
    def rate(self) -> float:
        """Replies a second."""
        return len(self.latencies) / self.seconds if self.seconds else 0.0

    def percentile(self, share: float) -> float:
        """That percentile of the latencies, in milliseconds."""
        ordered = sorted(self.latencies)
        return ordered[min(len(ordered) - 1, int(len(ordered) * share))] * 1000 if ordered else 0.0

    @property
    def errors(self) -> int:
        """Replies of 500 and more, and connections that broke."""
        return self.broken + sum(count for status, count in self.statuses.items() if status >= 500)


class _Connection(asyncio.Protocol):
    def __init__(self, run: _Run) -> None:
        self._run = run
        self._buffer = b""
        self._sent_at = 0.0
        self.transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = transport  # type: ignore[assignment]
        self.send()

    def send(self) -> None:
        request = self._run.next()
        if request is None or self.transport is None:
            if self.transport is not None:
                self.transport.close()
            return
        self._sent_at = time.perf_counter()
        self.transport.write(request)

    def data_received(self, data: bytes) -> None:
        self._buffer = self._buffer + data if self._buffer else data
        head_end = self._buffer.find(b"\r\n\r\n")
        if head_end < 0:
            return
        head = self._buffer[:head_end].lower()
        at = head.find(b"content-length:")
        line_end = head.find(b"\r\n", at)
        length = int(head[at + 15 : line_end if line_end >= 0 else len(head)]) if at >= 0 else 0
        if len(self._buffer) < head_end + 4 + length:
            return
        outcome = self._run.outcome
        outcome.latencies.append(time.perf_counter() - self._sent_at)
        outcome.statuses[int(self._buffer[9:12])] += 1
        self._buffer = b""
        self.send()

    def connection_lost(self, error: Exception | None) -> None:
        self._run.closed(broken=error is not None or not self._run.over)


class _Run:
    def __init__(self, make: NextRequest, connections: int, seconds: float, count: int | None) -> None:
        self._make = make
        self._left = count
        self._deadline = time.perf_counter() + seconds
        self._open = connections
        self.outcome = Outcome()
        self.over = False
        self.done = asyncio.get_running_loop().create_future()

    def next(self) -> bytes | None:
        if self._left is not None:
            if self._left <= 0:
                self.over = True
                return None
            self._left -= 1
        elif time.perf_counter() >= self._deadline:
            self.over = True
            return None
        return self._make()

    def closed(self, *, broken: bool) -> None:
        self._open -= 1
        self.outcome.broken += broken
        if self._open == 0 and not self.done.done():
            self.done.set_result(None)


async def _drive(port: int, make: NextRequest, connections: int, seconds: float, count: int | None) -> Outcome:
    loop = asyncio.get_running_loop()
    run = _Run(make, connections, seconds, count)
    started = time.perf_counter()
    for _ in range(connections):
        await loop.create_connection(partial(_Connection, run), "127.0.0.1", port)
    await run.done
    run.outcome.seconds = time.perf_counter() - started
    return run.outcome


def drive(
    port: int, make: NextRequest, *, connections: int = 100, seconds: float = 5.0, count: int | None = None
) -> Outcome:
    """As fast as the server answers, for that time or that many requests."""
    return uvloop.run(_drive(port, make, connections, seconds, count))


def post(path: str, bodies: Iterator[bytes], headers: str = "") -> NextRequest:
    """Requests with those JSON bodies, one after another."""
    head = (
        f"POST {path} HTTP/1.1\r\nHost: bench\r\nContent-Type: application/json\r\n{headers}Content-Length: ".encode()
    )

    def make() -> bytes:
        body = next(bodies)
        return head + str(len(body)).encode() + b"\r\n\r\n" + body

    return make


def get(paths: Iterator[str]) -> NextRequest:
    """Requests for those paths, one after another."""

    def make() -> bytes:
        return f"GET {next(paths)} HTTP/1.1\r\nHost: bench\r\n\r\n".encode()

    return make


async def _steady(port: int, make: NextRequest, rate: float, seconds: float) -> Outcome:
    """Open model: a request every 1/rate seconds whatever the replies do, on as many connections as that needs."""
    outcome = Outcome()
    idle: list[tuple[asyncio.StreamReader, asyncio.StreamWriter, float]] = []

    async def connection() -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        while idle:
            reader, writer, since = idle.pop()
            if time.perf_counter() - since < FRESH_SECONDS:
                return reader, writer
            writer.close()
        return await asyncio.open_connection("127.0.0.1", port, limit=2**22)

    async def one() -> None:
        started = time.perf_counter()
        reader, writer = await connection()
        try:
            writer.write(make())
            head = (await reader.readuntil(b"\r\n\r\n")).lower()
            length = int(head.split(b"content-length:")[1].split(b"\r\n")[0])
            await reader.readexactly(length)
        except (OSError, asyncio.IncompleteReadError):
            outcome.broken += 1
            return
        outcome.latencies.append(time.perf_counter() - started)
        outcome.statuses[int(head[9:12])] += 1
        idle.append((reader, writer, time.perf_counter()))

    begun = time.perf_counter()
    tasks = []
    for n in range(int(rate * seconds)):
        await asyncio.sleep(max(0.0, begun + n / rate - time.perf_counter()))
        tasks.append(asyncio.create_task(one()))
    await asyncio.gather(*tasks)
    outcome.seconds = time.perf_counter() - begun
    for _, writer, _ in idle:
        writer.close()
    return outcome


def steady(port: int, make: NextRequest, *, rate: float, seconds: float) -> Outcome:
    """A fixed number of requests a second."""
    return uvloop.run(_steady(port, make, rate, seconds))
