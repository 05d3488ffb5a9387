"""An update while people buy: the schema first, then every process in turn, and no request that fails, no job that is lost."""

from __future__ import annotations

import asyncio
import threading
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import partial
from types import TracebackType
from typing import Self
from unittest.mock import patch
from uuid import UUID, uuid4

import httpx
import psycopg

from kamhub.app.backups import count_all
from kamhub.platform.database import migrate as migrations
from kamhub.platform.database.migrate import Migration, load_migrations, migrate
from tests.builders import World, build_world
from tests.system.house import House
from tests.system.product import wait_for
from tests.system.scenarios import Result

EVERYTHING = (("web-1", "worker-1"), ("web-2", "worker-2"))
_DEPARTURES = 20
_MAILS_WITHIN = 60.0
_BOOKS_EVERY = 10  # of so many holds one becomes a booking, with its mail
_TIMEOUT = 20.0


@dataclass(slots=True)
class Answers:
    """What callers saw; ``held`` and ``booked`` are ids of bookings, ``slowest`` is in seconds."""

    sent: int = 0
    statuses: Counter[int] = field(default_factory=Counter)
    failed: list[str] = field(default_factory=list)
    held: list[str] = field(default_factory=list)
    booked: list[str] = field(default_factory=list)
    slowest: float = 0.0


class SteadyLoad:
    """So many requests a second, whatever the replies do: half of them holds, half searches, and no second try."""

    def __init__(self, url: str, world: World, departures: list[UUID], rate: float) -> None:
        self._url = url
        self._world = world
        self._departures = departures
        self._rate = rate
        self.answers = Answers()
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=lambda: asyncio.run(self._run()))

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stopping.set()
        self._thread.join(_TIMEOUT * 3)

    async def _run(self) -> None:
        limits = httpx.Limits(max_connections=400, max_keepalive_connections=100)
        began = time.monotonic()
        async with (
            httpx.AsyncClient(base_url=self._url, timeout=_TIMEOUT, limits=limits) as client,
            asyncio.TaskGroup() as group,
        ):
            while not self._stopping.is_set():
                number = self.answers.sent
                self.answers.sent += 1
                group.create_task(self._hold(client, number) if number % 2 else self._search(client))
                await asyncio.sleep(max(0.0, began + self.answers.sent / self._rate - time.monotonic()))

    async def _hold(self, client: httpx.AsyncClient, number: int) -> None:
        body = {"departure_id": str(self._departures[number % len(self._departures)]), "passengers": 1}
        held = await self._call(client, "POST", "/api/transfers/hold", 201, json=body)
        if held is None:
            return
        self.answers.held.append(held["id"])
        if len(self.answers.held) % _BOOKS_EVERY == 1:
            contact = {"name": "Anna Chernaya", "phone": f"+7914{number:07}", "email": f"{uuid4().hex}@t.example"}
            booking = {"booking_id": held["id"], "contact": contact, "passenger_list": [{"name": "Anna Chernaya"}]}
            rights = {"Authorization": f"Booking {held['token']}"}
            if await self._call(client, "POST", "/api/transfers/book", 201, json=booking, headers=rights):
                self.answers.booked.append(held["id"])

    async def _search(self, client: httpx.AsyncClient) -> None:
        day = self._world.now.date().isoformat()
        where = {"from": "airport", "to": "city", "date": day, "passengers": 1}
        await self._call(client, "GET", "/api/transfers/search", 200, params=where)

    async def _call(
        self, client: httpx.AsyncClient, method: str, path: str, good: int, **more: object
    ) -> dict[str, str] | None:
        began = time.monotonic()
        try:
            reply = await client.request(method, path, **more)  # type: ignore[arg-type]
        except httpx.HTTPError as error:
            self.answers.failed.append(f"{method} {path}: {error!r}")
            return None
        self.answers.slowest = max(self.answers.slowest, time.monotonic() - began)
        self.answers.statuses[reply.status_code] += 1
        if reply.status_code != good:
            self.answers.failed.append(f"{method} {path}: {reply.status_code} {reply.text[:200]}")
            return None
        content: dict[str, str] = reply.json()
        return content


def expand(house: House) -> str:
    """Apply what the next program would: a column that this one knows nothing of, and works beside. Returns its name."""
    carried = load_migrations()
    newest = carried[-1].version
    text = f"-- Oldest program: {newest:04}\nALTER TABLE bookings ADD COLUMN of_the_next_program text;"
    later = Migration(newest + 1, f"{newest + 1:04}_next.sql", text)
    with patch.object(migrations, "load_migrations", lambda: [*carried, later]):
        (applied,) = migrate(house.owner_url)
    return applied


def roll(
    house: House, *, rate: float, turns: Sequence[Sequence[str]] = EVERYTHING, settle: float = 1.0
) -> tuple[Result, Answers]:
    """Update under load, turn by turn; what was promised to callers is held against the database afterwards.

    ``settle``: seconds of load between two turns.
    """
    world = build_world(house.owner_url, house.keys, datetime.now(UTC))
    for_sale = [world.departure(operator=world.other, capacity=10_000) for _ in range(_DEPARTURES)]
    result = Result("rolling update", 0)
    with SteadyLoad(house.url, world, for_sale, rate) as load:
        wait_for(lambda: len(load.answers.booked) >= 1, 30, "somebody has booked")
        expand(house)
        for names in turns:
            began = time.monotonic()
            result.faults += house.replace(*names)
            result.recoveries.append(time.monotonic() - began)
            result.kills += len(names)
            wait_for(partial(_sent, load, load.answers.sent + int(rate * settle)), 30, "more requests come")
    result.allowed = max(result.recoveries)  # the time a replacement takes is nobody's waiting
    _audit(house, load.answers, result)
    return result, load.answers


def _sent(load: SteadyLoad, number: int) -> bool:
    return load.answers.sent >= number


def _audit(house: House, answers: Answers, result: Result) -> None:
    result.acknowledged = len(answers.held)
    result.faults += answers.failed
    result.refused_503 = answers.statuses[503]
    with psycopg.connect(house.owner_url, autocommit=True) as connection:
        kept = {str(row[0]) for row in connection.execute("SELECT id FROM bookings").fetchall()}
        result.lost += [f"hold {each}" for each in answers.held if each not in kept]

        def waiting() -> int:
            query = "SELECT count(*) FROM messages WHERE sent_at IS NULL AND booking_id = ANY(%s::uuid[])"
            row = connection.execute(query, (answers.booked,)).fetchone()
            return int(row[0]) if row else 0

        wait_for(lambda: waiting() == 0, _MAILS_WITHIN, "every mail is sent", every=0.2)
        told = connection.execute(
            "SELECT booking_id, array_agg(id) FROM messages WHERE booking_id = ANY(%s::uuid[]) GROUP BY 1",
            (answers.booked,),
        ).fetchall()
        dead = connection.execute("SELECT count(*) FROM procrastinate_jobs WHERE status = 'failed'").fetchone()
    result.faults += [f"{dead[0]} dead letters"] if dead and dead[0] else []
    result.lost += [f"mail of {each}" for each in set(answers.booked) - {str(row[0]) for row in told}]
    files = [path.name for path in (house.folder / "mail").glob("*.eml")]
    for _, messages in told:
        for message in messages:
            if (count := sum(str(message) in name for name in files)) != 1:
                (result.doubled if count else result.lost).append(f"mail {message}")
    result.breaches = sum(asyncio.run(count_all(house.app_url)).values())
