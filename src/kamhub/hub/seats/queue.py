"""The requests waiting in this process, by departure."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass, field
from uuid import UUID

from kamhub.hub.seats.types import EngineBusy, HoldAnswer, HoldAsk


@dataclass(slots=True)
class Waiting:
    """One caller: what is asked, where the answer goes, until when it may wait (event loop time)."""

    ask: HoldAsk
    answer: asyncio.Future[HoldAnswer]
    deadline: float


@dataclass(slots=True)
class _Line:
    """Callers of one departure, and how often in a row somebody else had it locked."""

    waiting: deque[Waiting] = field(default_factory=deque)
    skipped: int = 0


@dataclass(frozen=True, slots=True)
class Batch:
    """What one lane serves in one transaction. ``patient`` rounds wait for the lock of their only departure."""

    lines: dict[UUID, list[Waiting]]
    patient: bool

    def callers(self) -> Iterable[Waiting]:
        for waiting in self.lines.values():
            yield from waiting


class SeatQueue:
    """Lines by departure; a departure is in the hands of one lane at a time."""

    # After so many rounds in which another process had the departure, a lane queues for its lock instead.
    PATIENCE = 3
    BACK_OFF = 0.003

    def __init__(self, *, max_batch: int, max_waiting: int, max_patient: int = 1) -> None:
        self._lines: dict[UUID, _Line] = {}
        self._ready: deque[UUID] = deque()
        self._wake = asyncio.Event()
        self._max_batch = max_batch
        self._max_waiting = max_waiting
        self._max_patient = max_patient
        self._patient = 0
        self._count = 0
        self._closed = False

    def __len__(self) -> int:
        return self._count

    def put(self, caller: Waiting) -> None:
        """Join the line. Raises ``EngineBusy`` when more wait than could be served before they give up."""
        if self._closed or self._count >= self._max_waiting:
            raise EngineBusy
        departure_id = caller.ask.departure_id
        line = self._lines.get(departure_id)
        if line is None:
            line = self._lines[departure_id] = _Line()
            self._ready.append(departure_id)
            self._wake.set()
        line.waiting.append(caller)
        self._count += 1

    def close(self) -> list[Waiting]:
        """Let the lanes end after their rounds; returns the callers that were not taken into one."""
        self._closed = True
        self._wake.set()
        left = [caller for line in self._lines.values() for caller in line.waiting]
        for line in self._lines.values():
            line.waiting.clear()
        self._ready.clear()
        self._count = 0
        return left

    async def take(self) -> Batch | None:
        """All that wait at this moment, up to the batch limit, for departures no other lane is serving.

        None when the queue was closed.
        """
        # One turn of the event loop: requests that have arrived already get read, and come along in this round.
        await asyncio.sleep(0)
        while not self._ready:
            if self._closed:
                return None
            self._wake.clear()
            await self._wake.wait()
            await asyncio.sleep(0)
        lines: dict[UUID, list[Waiting]] = {}
        room = self._max_batch
        while self._ready and room > 0:
            line = self._lines[self._ready[0]]
            # One lane always stays free of waiting for locks: departures never block each other.
            patient = line.skipped >= self.PATIENCE and self._patient < self._max_patient
            if patient and lines:
                break
            departure_id = self._ready.popleft()
            taken = [line.waiting.popleft() for _ in range(min(room, len(line.waiting)))]
            self._count -= len(taken)
            room -= len(taken)
            # Who has hung up meanwhile wants no seats any more.
            lines[departure_id] = [caller for caller in taken if not caller.answer.done()]
            if patient:
                self._patient += 1
                return Batch(lines, patient=True)
        return Batch(lines, patient=False)

    def finish(self, batch: Batch, put_back: dict[UUID, list[Waiting]]) -> None:
        """Give the departures free again; callers in ``put_back`` return to the head of their line."""
        self._patient -= batch.patient
        for departure_id in batch.lines:
            line = self._lines[departure_id]
            again = put_back.get(departure_id)
            if again and self._closed:
                for caller in again:
                    if not caller.answer.done():
                        caller.answer.set_exception(EngineBusy())
            elif again:
                line.waiting.extendleft(reversed(again))
                self._count += len(again)
                line.skipped += 1
                asyncio.get_running_loop().call_later(self.BACK_OFF * line.skipped, self._make_ready, departure_id)
                continue
            line.skipped = 0
            if line.waiting:
                self._make_ready(departure_id)
            else:
                del self._lines[departure_id]

    def _make_ready(self, departure_id: UUID) -> None:
        self._ready.append(departure_id)
        self._wake.set()
