"""A process that sells: ``python -m tests.concurrency.sellers``, told what to do in JSON on its standard input.

It prints ``ready``, waits for a line, sells as fast as it can and prints its outcomes. ``naive`` is the control: it
reads the counters, computes and writes them without any lock.
"""

from __future__ import annotations

import asyncio
import hashlib
import json
import sys
from collections.abc import Awaitable, Callable
from dataclasses import asdict
from datetime import datetime
from uuid import UUID

import psycopg

from kamhub.hub.seats.engine import SeatEngine
from kamhub.hub.seats.types import EngineBusy, HoldAsk, NewHold, SoldOut
from kamhub.kit.clock import ManualClock
from kamhub.kit.ids import new_code, new_id
from kamhub.platform.database.pool import Database
from tests.concurrency.plan import Ask, Outcome, crowd

BUYERS = 40
Sell = Callable[[Ask], Awaitable[Outcome]]


async def buyers(asks: list[Ask], sell: Sell, count: int) -> list[Outcome]:
    """So many buyers at once, each taking the next ask when the last is answered."""
    waiting = iter(asks)
    outcomes: list[Outcome] = []

    async def buyer() -> None:
        outcomes.extend([await sell(ask) for ask in waiting])

    await asyncio.gather(*(buyer() for _ in range(count)))
    return outcomes


def with_engine(engine: SeatEngine, places: list[UUID]) -> Sell:
    """Sell the way the product does."""

    async def sell(ask: Ask) -> Outcome:
        key = hashlib.sha256(ask.key.encode()).digest() if ask.key else None
        wanted = HoldAsk(ask.departure, ask.passengers, "api", places[ask.start], places[ask.end], key, key)
        try:
            held = await engine.hold(wanted)
        except SoldOut as refused:
            return Outcome(ask, "sold_out", free=int(str(refused.extra["seats_available"])))
        except EngineBusy:
            return Outcome(ask, "busy")
        return Outcome(ask, "held" if isinstance(held, NewHold) else "repeated", str(held.id))

    return sell


def without_lock(connections: asyncio.Queue[psycopg.AsyncConnection], organisation: UUID) -> Sell:
    """Sell the way that looks right: one transaction, read, compute, write."""

    async def sell(ask: Ask) -> Outcome:
        connection = await connections.get()
        try:
            async with connection.transaction():
                row = await (
                    await connection.execute("SELECT taken, capacity FROM departures WHERE id = %s", (ask.departure,))
                ).fetchone()
                assert row is not None
                taken, capacity = list(row[0]), row[1]
                free = capacity - max(taken[leg] for leg in ask.legs())
                if free < ask.passengers:
                    return Outcome(ask, "sold_out", free=free)
                for leg in ask.legs():
                    taken[leg] += ask.passengers
                await connection.execute("UPDATE departures SET taken = %s WHERE id = %s", (taken, ask.departure))
                booking = new_id()
                await connection.execute(
                    "INSERT INTO bookings (organisation_id, id, code, departure_id, from_position, to_position, passengers, "
                    "status, price_per_seat, total, currency, expires_at, channel, created_at) VALUES "
                    "(%s, %s, %s, %s, %s, %s, %s, 'on_hold', 100, %s, 'RUB', now() + interval '1 day', 'api', now())",
                    (
                        organisation, booking, new_code(), ask.departure, ask.start, ask.end, ask.passengers,
                        100 * ask.passengers,
                    ),
                )  # fmt: skip
            return Outcome(ask, "held", str(booking))
        finally:
            connections.put_nowait(connection)

    return sell


async def signal() -> None:
    """Say that all is set, and wait until everybody is."""
    print("ready", flush=True)
    await asyncio.to_thread(sys.stdin.readline)


async def main(order: dict[str, object]) -> None:
    url, now = str(order["url"]), datetime.fromisoformat(str(order["now"]))
    departures = [UUID(text) for text in order["departures"]]  # type: ignore[attr-defined]
    places = [UUID(text) for text in order["places"]]  # type: ignore[attr-defined]
    asks = crowd(int(str(order["seed"])), departures, int(str(order["size"])))
    if order["naive"]:
        connections: asyncio.Queue[psycopg.AsyncConnection] = asyncio.Queue()
        for _ in range(4):
            connections.put_nowait(await psycopg.AsyncConnection.connect(url, autocommit=True))
        await signal()
        outcomes = await buyers(asks, without_lock(connections, UUID(str(order["organisation"]))), BUYERS)
    else:
        async with Database(url, application="seller") as database:
            engine = SeatEngine(database, ManualClock(now), patience_seconds=30.0)
            await engine.start()
            await signal()
            outcomes = await buyers(asks, with_engine(engine, places), BUYERS)
            await engine.stop()
    print(json.dumps([asdict(outcome) for outcome in outcomes], default=str), flush=True)


if __name__ == "__main__":
    asyncio.run(main(json.loads(sys.stdin.readline())))
