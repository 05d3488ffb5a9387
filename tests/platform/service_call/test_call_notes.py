"""How a service answers is noted in the organisation's own row, seldom, and never at the cost of what was called for."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

import pytest

from kamhub.kit.clock import ManualClock
from kamhub.platform.database.pool import Database
from kamhub.platform.service_call import metrics, store
from kamhub.platform.service_call.notes import CallNotes
from kamhub.platform.service_call.types import ServiceState
from tests.builders import World


@pytest.fixture
def notes(database: Database, clock: ManualClock) -> CallNotes:
    return CallNotes(database, clock)


def _counted(service: str, outcome: str) -> float:
    return (
        metrics.REGISTRY.get_sample_value("kamhub_service_calls_total", {"service": service, "outcome": outcome}) or 0
    )


async def known(database: Database, organisation: UUID) -> list[ServiceState]:
    async with database.tenant(organisation) as connection:
        return await store.states(connection, organisation)


async def test_failing_has_a_beginning_and_an_end(
    notes: CallNotes, database: Database, world: World, clock: ManualClock
) -> None:
    main, began = world.main.id, clock.now()
    await notes.failed(main, "telegram", "TelegramRefused: bot 123456789:abcdefghijklmnopqrstuvwxyz-0123456789 is gone")
    clock.advance(timedelta(minutes=1))
    await notes.failed(main, "telegram", "NotReached")
    assert await known(database, main) == [ServiceState("telegram", None, clock.now(), began, "NotReached")]
    clock.advance(timedelta(seconds=1))
    await notes.answered(main, "telegram")
    failed_at = clock.now() - timedelta(seconds=1)
    assert await known(database, main) == [ServiceState("telegram", clock.now(), failed_at, None, "NotReached")]
    clock.advance(timedelta(seconds=1))
    await notes.failed(main, "telegram", "NotReached")
    [state] = await known(database, main)
    assert state.failing_since == clock.now(), "it begins anew"
    assert await known(database, world.other.id) == [], "each organisation has its own"


async def test_secrets_in_an_error_are_masked(notes: CallNotes, database: Database, world: World) -> None:
    await notes.failed(world.main.id, "email", f"anna@example.org is not taken {'x' * 900}")
    [state] = await known(database, world.main.id)
    assert state.error is not None
    assert "anna@example.org" not in state.error
    assert len(state.error) == 200


async def test_the_same_news_is_written_once_in_half_a_minute(
    notes: CallNotes, database: Database, world: World, clock: ManualClock
) -> None:
    first, before = clock.now(), _counted("email", "answered")
    for seconds in (0, 10, 19):
        clock.advance(timedelta(seconds=seconds))
        await notes.answered(world.main.id, "email")
    assert [state.answered_at for state in await known(database, world.main.id)] == [first]
    assert _counted("email", "answered") == before + 3, "every call is counted"
    clock.advance(timedelta(seconds=1))
    await notes.answered(world.main.id, "email")
    assert [state.answered_at for state in await known(database, world.main.id)] == [clock.now()]


async def test_a_note_that_cannot_be_written_costs_nothing(clock: ManualClock, world: World) -> None:
    async with Database("postgresql://nobody@127.0.0.1:9/nothing?connect_timeout=1", application="test") as away:
        for pool in away._pools.values():
            pool.timeout = 0.2
        notes = CallNotes(away, clock)
        await notes.failed(world.main.id, "sms", "NotReached")
    assert notes._said == {}, "it is written next time"
