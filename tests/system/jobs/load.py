"""Jobs that never stop coming, each put in together with a row that says what must become of it."""

from __future__ import annotations

import asyncio
import contextlib
import random
import threading
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from types import TracebackType
from typing import Any, Self
from uuid import UUID

import psycopg

from kamhub.platform.database.pool import Connection
from kamhub.platform.job.queue import enqueue
from kamhub.platform.job.types import Job
from tests.system.jobs import program

ORGANISATION = UUID("01900000-0000-7000-8000-00000000c1a1")
OBJECTS = 6  # business objects with ordered jobs, for each client

SCHEMA = b"""
CREATE TABLE expected (
  job uuid PRIMARY KEY, kind text NOT NULL, fate text NOT NULL, parts integer NOT NULL, object integer, seq integer,
  due timestamptz NOT NULL);
CREATE INDEX ON expected (object, seq);
CREATE TABLE effects (
  id bigserial, job uuid NOT NULL, attempt integer NOT NULL, version text NOT NULL,
  at timestamptz NOT NULL DEFAULT clock_timestamp());
CREATE INDEX ON effects (at);
CREATE TABLE parts (job uuid, number integer, PRIMARY KEY (job, number));
GRANT SELECT, INSERT ON expected, effects, parts TO kamhub_system, kamhub_tenant;
GRANT USAGE ON SEQUENCE effects_id_seq TO kamhub_system, kamhub_tenant;
"""


@dataclass(frozen=True, slots=True)
class Wish:
    """A job to put in, and its fate: ``done``, or the reason of its dead letter."""

    job: Job[Any]
    arguments: dict[str, str | int] = field(default_factory=dict)
    fate: str = "done"
    parts: int = 0
    delay: float = 0.0
    object: int | None = None


def prepare(owner_url: str) -> None:
    """Make the tables and the organisation."""
    with psycopg.connect(owner_url, autocommit=True) as connection:
        connection.execute(SCHEMA)
        connection.execute(
            "INSERT INTO organisations (id, slug, name_ru, name_en) VALUES (%s, 'kills', 'Kills', 'Kills')",
            (ORGANISATION,),
        )


def clear(owner_url: str) -> None:
    """Forget every job and worker, before another test."""
    with psycopg.connect(owner_url, autocommit=True) as connection:
        connection.execute(
            "TRUNCATE expected, effects, parts, procrastinate_jobs, procrastinate_workers, job_workers, job_history, dead_jobs, "
            "job_failures CASCADE"
        )


def put_now(url: str, wish: Wish) -> UUID:
    """Put one in, from a program without a loop."""

    async def put_one() -> UUID:
        async with await psycopg.AsyncConnection.connect(url) as connection:
            return await put(connection, wish)

    return asyncio.run(put_one())


def any_wish(dice: random.Random, objects: range) -> Wish:
    """One of the mixture: half of it short, a quarter ordered, the rest of every other temper."""
    chosen = dice.random()
    if chosen < 0.25:
        return _ordered(dice, objects)
    if chosen < 0.47:
        return _other(dice)
    return Wish(program.SHORT, delay=dice.uniform(0.5, 3.0) if dice.random() < 0.1 else 0.0)


def _ordered(dice: random.Random, objects: range) -> Wish:
    how = dice.choices(("well", "long", "fails", "again", "gives up"), (70, 12, 8, 5, 5))[0]
    fate = "gave_up" if how == "gives up" else "done"
    return Wish(program.ORDERED, {"how": how}, fate, object=dice.choice(objects))


def _other(dice: random.Random) -> Wish:
    failures = program.FOR_EVER if dice.random() < 0.15 else dice.randint(1, 3)
    count = dice.randint(2, 6)
    wishes = (
        Wish(program.LONG, {"milliseconds": dice.choice((500, 800, 1200, 3000))}),
        Wish(program.PARTS, {"count": count}, parts=count),
        Wish(program.HELD, {"milliseconds": 150}),
        Wish(program.FAIL, {"times": failures}, "out_of_attempts" if failures == program.FOR_EVER else "done"),
        Wish(program.AGAIN, {"times": dice.randint(1, 2)}),
        Wish(program.GIVE_UP, {}, "gave_up"),
        Wish(program.HANG, {}, "out_of_attempts"),
        Wish(program.SWALLOW),
    )
    return dice.choices(wishes, (22, 22, 8, 22, 14, 7, 4, 1))[0]


async def put(connection: Connection, wish: Wish) -> UUID:
    """Put one in and write down what must become of it, in the caller's transaction."""
    seq = None
    if wish.object is not None:
        # Whether an earlier one of this object is saved is known once its transaction is over.
        await connection.execute("SELECT pg_advisory_xact_lock(%s)", (wish.object,))
        row = await (
            await connection.execute("SELECT coalesce(max(seq), 0) + 1 FROM expected WHERE object = %s", (wish.object,))
        ).fetchone()
        seq = row[0] if row else 1
    due = datetime.now(UTC) + timedelta(seconds=wish.delay)
    job_id = await enqueue(
        connection,
        wish.job.kind,
        organisation_id=ORGANISATION if wish.job.kind.scope == "tenant" else None,
        lock=None if wish.object is None else f"object:{wish.object}",
        run_at=due,
        **wish.arguments,
    )
    await connection.execute(
        "INSERT INTO expected (job, kind, fate, parts, object, seq, due) VALUES (%s, %s, %s, %s, %s, %s, %s)",
        (job_id, wish.job.kind.name, wish.fate, wish.parts, wish.object, seq, due),
    )
    return job_id


class Load:
    """Clients that put jobs in for the length of the block. ``acknowledged`` are those whose commit was answered."""

    def __init__(self, url: str, *, clients: int = 2, rate: float = 25.0) -> None:
        self.acknowledged: list[UUID] = []
        self.refused = 0
        self._url = url
        self._clients = clients
        self._pause = clients / rate
        self._over = threading.Event()
        self._thread = threading.Thread(target=lambda: asyncio.run(self._work()), name="load", daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def stop(self) -> None:
        """Put in no more; may be called twice."""
        self._over.set()
        self._thread.join(30)
        assert not self._thread.is_alive(), "the load does not end"

    async def _work(self) -> None:
        await asyncio.gather(*(self._client(number) for number in range(self._clients)))

    async def _client(self, number: int) -> None:
        dice = random.Random()
        objects = range(number * OBJECTS, (number + 1) * OBJECTS)
        while not self._over.is_set():
            # The database is away: whoever wanted something comes again.
            with contextlib.suppress(psycopg.Error, OSError):
                async with await psycopg.AsyncConnection.connect(
                    self._url, options="-c role=kamhub_system", connect_timeout=5
                ) as connection:
                    await self._put_many(connection, dice, objects)
                continue
            self.refused += 1
            await asyncio.sleep(0.1)

    async def _put_many(self, connection: Connection, dice: random.Random, objects: range) -> None:
        while not self._over.is_set():
            async with connection.transaction():
                job_id = await put(connection, any_wish(dice, objects))
            self.acknowledged.append(job_id)
            await asyncio.sleep(dice.uniform(0, 2 * self._pause))
