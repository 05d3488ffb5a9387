"""Group commit for seats: what waits at one moment in this process is served by one transaction."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Collection
from dataclasses import replace
from datetime import datetime
from uuid import UUID

import psycopg
import structlog

from kamhub.hub.departure.types import DepartureNotFound
from kamhub.hub.seats import rules, store
from kamhub.hub.seats.meters import EngineCounters
from kamhub.hub.seats.queue import Batch, SeatQueue, Waiting
from kamhub.hub.seats.types import (
    DepartureSeats,
    EngineBusy,
    Grant,
    HoldAnswer,
    HoldAsk,
    IdempotencyConflict,
    LapsedBooking,
    NewHold,
    PriceTable,
    RepeatedHold,
    RoutePlan,
)
from kamhub.kit.clock import Clock
from kamhub.kit.errors import Refusal
from kamhub.kit.ids import new_code, new_id
from kamhub.platform.database.errors import DatabaseUnavailable
from kamhub.platform.database.pool import Connection, Database

log = structlog.get_logger(__name__)

# A key or a code another process wrote at the same moment: the round is played again and finds it.
_COLLISIONS = (psycopg.errors.UniqueViolation, psycopg.errors.DeadlockDetected)
_ATTEMPTS = 4


class SeatEngine:
    """Serves holds. ``start`` before the first ``hold``; ``stop`` answers who still waits and ends the lanes."""

    def __init__(
        self,
        database: Database,
        clock: Clock,
        *,
        lanes: int = 2,
        max_batch: int = 128,
        max_waiting: int = 4000,
        patience_seconds: float = 3.0,
    ) -> None:
        self._database = database
        self._clock = clock
        self._lanes = lanes
        self._patience = patience_seconds
        self._queue = SeatQueue(max_batch=max_batch, max_waiting=max_waiting, max_patient=max(1, lanes - 1))
        self._tasks: list[asyncio.Task[None]] = []
        self._plans: dict[UUID, RoutePlan] = {}
        self._prices: dict[UUID, PriceTable] = {}
        self.counters = EngineCounters()
        self.on_round: Callable[[int], None] | None = None
        # Organisation and id of departures whose counters a round has moved, once that is committed.
        self.on_moved: Callable[[list[tuple[UUID, UUID]]], None] | None = None

    async def start(self) -> None:
        """Begin serving."""
        self._tasks = [asyncio.create_task(self._lane(), name=f"seat-lane-{n}") for n in range(self._lanes)]

    async def stop(self) -> None:
        """Finish the rounds under way; callers still queued get ``EngineBusy``."""
        left = self._queue.close()
        await asyncio.gather(*self._tasks)
        self._tasks = []
        for caller in left:
            _settle(caller, EngineBusy())

    async def hold(self, ask: HoldAsk) -> HoldAnswer:
        """Hold seats for one party, all or none.

        Raises ``SoldOut``, ``SalesClosed``, ``StretchNotServed``, ``DepartureNotFound``, ``IdempotencyConflict``,
        ``EngineBusy`` (nothing is held) or ``DatabaseUnavailable`` (a repeat with the same key tells what became of it).
        """
        loop = asyncio.get_running_loop()
        answer: asyncio.Future[HoldAnswer] = loop.create_future()
        try:
            self._queue.put(Waiting(ask, answer, loop.time() + self._patience))
        except EngineBusy:
            self.counters.count_busy(0.0)
            raise
        return await answer

    @property
    def waiting(self) -> int:
        """Callers in the line at this moment."""
        return len(self._queue)

    async def _lane(self) -> None:
        while (batch := await self._queue.take()) is not None:
            await self._serve(batch)

    async def _serve(self, batch: Batch) -> None:
        put_back: dict[UUID, list[Waiting]] = {}
        try:
            put_back = await self._serve_together(batch)
        except DatabaseUnavailable as outage:
            for caller in batch.callers():
                _settle(caller, outage)
        except Exception:
            log.exception("seat_round_failed", callers=sum(1 for _ in batch.callers()))
            put_back = await self._serve_apart(batch)
        finally:
            self._queue.finish(batch, put_back)

    async def _serve_apart(self, batch: Batch) -> dict[UUID, list[Waiting]]:
        """A round that fails as a whole is played one caller at a time, so that only the bad one fails."""
        put_back: dict[UUID, list[Waiting]] = {}
        for departure_id, callers in batch.lines.items():
            for caller in callers:
                if caller.answer.done():
                    continue
                try:
                    left = await self._serve_together(Batch({departure_id: [caller]}, patient=False))
                    put_back.setdefault(departure_id, []).extend(left.get(departure_id, ()))
                except Exception as error:  # noqa: BLE001 - told to the caller it is about
                    _settle(caller, error)
        return {departure_id: callers for departure_id, callers in put_back.items() if callers}

    async def _serve_together(self, batch: Batch) -> dict[UUID, list[Waiting]]:
        attempt = 0
        while True:
            attempt += 1
            try:
                async with self._database.engine() as connection:
                    return await self._round(connection, batch)
            except _COLLISIONS:
                if attempt == _ATTEMPTS:
                    raise
            except psycopg.errors.LockNotAvailable:
                return self._requeue(batch.lines)

    async def _round(self, connection: Connection, batch: Batch) -> dict[UUID, list[Waiting]]:
        now, began = self._clock.now(), asyncio.get_running_loop().time()
        keys = [caller.ask.key_hash for caller in batch.callers() if caller.ask.key_hash is not None]
        if batch.patient:
            await connection.execute("SET LOCAL lock_timeout = '1s'")
        departures, lapsed, known = await store.open_round(
            connection, sorted(batch.lines), keys, now, wait=batch.patient
        )
        await self._learn(connection, departures.values())
        answers = _Answers()
        repeats = _Repeats(known, answers)
        lines = {departure_id: repeats.without(callers) for departure_id, callers in batch.lines.items()}
        moved: list[store.Moved] = []
        holds: list[NewHold] = []
        for departure_id, departure in departures.items():
            taken = self._allocate(departure, lapsed, lines[departure_id], now, holds, answers)
            if taken != departure.taken:
                moved.append((departure, taken))
        missing = [
            departure_id for departure_id, callers in lines.items() if callers and departure_id not in departures
        ]
        locked_elsewhere = await store.existing(connection, missing) if missing else set()
        for departure_id in missing:
            if departure_id not in locked_elsewhere:
                for caller in lines[departure_id]:
                    answers.one(caller, DepartureNotFound())
        if holds or lapsed:
            await store.write_round(connection, moved, holds, lapsed, now)
            if self.on_moved is not None:
                self.on_moved([(departure.organisation_id, departure.id) for departure, _ in moved])
        self._count(answers, began, len(locked_elsewhere))
        answers.deliver()
        waiting_on = {departure_id: lines[departure_id] for departure_id in locked_elsewhere}
        for departure_id, callers in repeats.postponed.items():
            waiting_on.setdefault(departure_id, []).extend(callers)
        return self._requeue(waiting_on)

    def _allocate(
        self,
        departure: DepartureSeats,
        lapsed: list[LapsedBooking],
        callers: list[Waiting],
        now: datetime,
        holds: list[NewHold],
        answers: _Answers,
    ) -> tuple[int, ...]:
        gone = [booking.seats for booking in lapsed if booking.departure_id == departure.id]
        fresh = replace(departure, taken=rules.give_back(departure.taken, gone)) if gone else departure
        plan, prices = self._plans[departure.route_id], self._prices[departure.tariff_id]
        taken, outcomes = rules.allocate(fresh, plan, prices, [caller.ask for caller in callers], now)
        for caller, outcome in zip(callers, outcomes, strict=True):
            if isinstance(outcome, Grant):
                ask = caller.ask
                hold = NewHold(
                    new_id(), new_code(), departure, outcome, ask.channel, now, ask.key_hash, ask.request_hash
                )
                holds.append(hold)
                answers.one(caller, hold)
            else:
                answers.one(caller, outcome)
        return taken

    async def _learn(self, connection: Connection, departures: Collection[DepartureSeats]) -> None:
        """Read routes and tariffs not met before; they never change, so they are kept."""
        if routes := {row.route_id for row in departures} - self._plans.keys():
            self._plans.update(await store.load_plans(connection, routes))
        if tariffs := {row.tariff_id for row in departures} - self._prices.keys():
            self._prices.update(await store.load_prices(connection, tariffs))

    def _requeue(self, lines: dict[UUID, list[Waiting]]) -> dict[UUID, list[Waiting]]:
        """Who may wait on goes back to the line, whose time is over is told so."""
        now = asyncio.get_running_loop().time()
        put_back: dict[UUID, list[Waiting]] = {}
        for departure_id, callers in lines.items():
            for caller in callers:
                if caller.deadline <= now:
                    self.counters.count_busy(now - caller.deadline + self._patience)
                    _settle(caller, EngineBusy())
                elif not caller.answer.done():
                    put_back.setdefault(departure_id, []).append(caller)
        return put_back

    def _count(self, answers: _Answers, began: float, skipped: int) -> None:
        now = asyncio.get_running_loop().time()
        joined_before = now + self._patience
        timed = [(joined_before - caller.deadline, answer) for caller, answer in answers.pairs]
        self.counters.count_round(timed, now - began, skipped)
        if self.on_round is not None:
            self.on_round(len(timed))


class _Answers:
    """Answers of a round, told only after its commit."""

    def __init__(self) -> None:
        self.pairs: list[tuple[Waiting, HoldAnswer | Refusal]] = []

    def one(self, caller: Waiting, answer: HoldAnswer | Refusal) -> None:
        self.pairs.append((caller, answer))

    def deliver(self) -> None:
        for caller, answer in self.pairs:
            _settle(caller, answer)


class _Repeats:
    """Callers with a key: one of a round is served, its repeats wait for the next round and find its booking."""

    def __init__(self, known: dict[bytes, store.Known], answers: _Answers) -> None:
        self._known = known
        self._answers = answers
        self._met: set[bytes] = set()
        self.postponed: dict[UUID, list[Waiting]] = {}

    def without(self, callers: list[Waiting]) -> list[Waiting]:
        """The callers to serve now."""
        rest = []
        for caller in callers:
            key = caller.ask.key_hash
            if key is not None and key in self._known:
                self._answers.one(caller, self._answer(caller.ask, self._known[key]))
            elif key is not None and key in self._met:
                self.postponed.setdefault(caller.ask.departure_id, []).append(caller)
            else:
                rest.append(caller)
                if key is not None:
                    self._met.add(key)
        return rest

    @staticmethod
    def _answer(ask: HoldAsk, known: store.Known) -> RepeatedHold | IdempotencyConflict:
        request_hash, organisation_id, booking_id = known
        if request_hash != ask.request_hash:
            return IdempotencyConflict()
        return RepeatedHold(organisation_id, booking_id)


def _settle(caller: Waiting, answer: HoldAnswer | BaseException) -> None:
    if caller.answer.done():
        return
    if isinstance(answer, BaseException):
        caller.answer.set_exception(answer)
    else:
        caller.answer.set_result(answer)
