"""Counting the breaches of every promise by the clock, keeping what was found, and telling of it."""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable, Sequence

import psycopg
import structlog

from kamhub.hub.integrity import alerts, rules
from kamhub.hub.integrity.store import checks
from kamhub.hub.integrity.store.promises import INVARIANTS, count_breaches
from kamhub.hub.integrity.types import CheckedJustNow, Count, IntegrityState, Invariant
from kamhub.hub.services import Hub
from kamhub.platform.alert.actions import raise_alert, recover
from kamhub.platform.audit import actions as audit
from kamhub.platform.database.pool import Connection
from kamhub.platform.job.queue import enqueue
from kamhub.platform.job.store import work
from kamhub.platform.job.types import Kind, Queue
from kamhub.platform.person.types import Staff

CHECK = Kind("integrity.check", Queue.MAINTENANCE, "system")
# Of one count: reading holds nobody up, but what is read cannot be tidied away meanwhile.
MOST_SECONDS: float = 120
_LOCK = "timetable:integrity.check"  # as of the clock's own
_NAME = 200
Say = Callable[[int, int, str], Awaitable[None]]
_log = structlog.get_logger("kamhub.integrity")


async def check(hub: Hub, say: Say, promises: Sequence[Invariant] = INVARIANTS) -> None:
    """Count, one promise after another, each kept and told of as soon as it is counted."""
    for number, promise in enumerate(promises):
        await say(number, len(promises), promise.name)
        count = await _count(hub, promise)
        _log.info("promise counted", check=count.name, breaches=count.breaches, seconds=round(count.seconds, 3))
        async with hub.database.system() as connection:
            await checks.keep(connection, count)
            await _tell(connection, count)
    await say(len(promises), len(promises), "")
    async with hub.database.system() as connection:
        for name in await checks.forget_others(connection, [promise.name for promise in promises]):
            for kind in alerts.KINDS:
                await recover(connection, kind, hub.clock.now(), about=name, check=name)


async def _count(hub: Hub, promise: Invariant) -> Count:
    at, began = hub.clock.now(), time.perf_counter()
    breaches, error = None, None
    try:
        async with hub.database.system() as connection:
            await checks.bound(connection, MOST_SECONDS)
            breaches = await count_breaches(connection, promise)
    except psycopg.errors.QueryCanceled:
        error = f"It takes longer than {MOST_SECONDS:g} seconds."
    except psycopg.Error as failure:
        error = f"The database refuses: {type(failure).__name__}."[:_NAME]
    return Count(promise.name, at, time.perf_counter() - began, breaches, error)


async def _tell(connection: Connection, count: Count) -> None:
    """What is wrong is told, what is well again too; of a promise that could not be counted nothing is known but that."""
    name = count.name
    if count.breaches is None:
        await raise_alert(connection, alerts.UNCOUNTED, count.at, about=name, check=name, error=str(count.error))
        return
    await recover(connection, alerts.UNCOUNTED, count.at, about=name, check=name)
    if count.breaches:
        await raise_alert(connection, alerts.BROKEN, count.at, about=name, check=name, breaches=str(count.breaches))
        return
    await recover(connection, alerts.BROKEN, count.at, about=name, check=name)


async def state(hub: Hub) -> IntegrityState:
    """The promises as they were last counted."""
    async with hub.database.system() as connection:
        return await checks.state(connection)


async def ask(hub: Hub, staff: Staff) -> None:
    """Have them counted now, by a worker. Raises ``CheckedJustNow``: whoever asks, it is one round for the whole installation."""
    now = hub.clock.now()
    async with hub.database.system() as connection:
        if await work.is_waiting(connection, _LOCK) or not rules.may_be_asked(await checks.state(connection), now):
            raise CheckedJustNow
        await enqueue(connection, CHECK, lock=_LOCK)
        await audit.record(connection, staff.organisation_id, staff.trail, "integrity.asked", "installation", None, now)
