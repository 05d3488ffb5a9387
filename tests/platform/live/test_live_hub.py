"""What changes reaches whoever watches that organisation, and nobody else; lost connections are made anew."""

from __future__ import annotations

import asyncio
from uuid import UUID

import psycopg
import pytest

from kamhub.hub.booking import actions as bookings
from kamhub.hub.services import Hub
from kamhub.kit.ids import new_id
from kamhub.platform.database.pool import Database
from kamhub.platform.live import hub as live
from kamhub.platform.live import store
from kamhub.platform.live.announcer import announcing
from kamhub.platform.live.hub import Broadcaster, Subscription, end_streams
from kamhub.platform.live.rules import TOPICS
from kamhub.platform.live.types import RESYNC, Change, TooManyStreams
from tests.builders import World

PATIENCE = 10.0


@pytest.fixture
async def broadcaster(database_url: str, database: Database) -> Broadcaster:
    return Broadcaster(database_url, retry_seconds=0.05)


async def heard(subscription: Subscription, *wanted: Change) -> set[Change]:
    """Everything told until all of that was."""
    told: set[Change] = set()
    async with asyncio.timeout(PATIENCE):
        while not set(wanted) <= told:
            told |= set(await subscription.wait(1))
    return told


async def begun(subscription: Subscription) -> None:
    """The connection listens: it has told everybody to look again, once for the beginning and once for itself."""
    await heard(subscription, RESYNC)
    await heard(subscription, RESYNC)


async def tell(database: Database, organisation_id: UUID, change: Change) -> None:
    async with database.system() as connection:
        await store.tell(connection, organisation_id, change)


async def test_a_change_is_told_to_its_own_organisation_alone(broadcaster: Broadcaster, database: Database) -> None:
    mine, theirs = new_id(), new_id()
    ours, other, last = Change("departure", new_id()), Change("departure", new_id()), Change("departure", new_id())
    with broadcaster.subscribe(mine) as subscription, broadcaster.subscribe(mine) as second:
        await begun(subscription)
        await heard(second, RESYNC)
        await tell(database, theirs, other)
        await tell(database, mine, ours)
        assert await heard(subscription, ours) == {ours}
        assert ours in await heard(second, ours)
        assert broadcaster.watchers == 2
        await tell(database, mine, last)
        assert await heard(subscription, last) == {last}
    assert not broadcaster.listening, "the last to leave ends the connection"


async def test_what_is_rolled_back_was_never_told(broadcaster: Broadcaster, database: Database) -> None:
    mine, undone, done = new_id(), Change("departure", new_id()), Change("departure", new_id())
    with broadcaster.subscribe(mine) as subscription:
        await begun(subscription)
        with pytest.raises(ZeroDivisionError):
            async with database.system() as connection:
                await store.tell(connection, mine, undone)
                raise ZeroDivisionError
        await tell(database, mine, done)
        assert await heard(subscription, done) == {done}


async def test_a_lost_connection_is_made_anew_and_everybody_looks_again(
    broadcaster: Broadcaster, database: Database, database_owner_url: str
) -> None:
    mine, change = new_id(), Change("departure", new_id())
    with broadcaster.subscribe(mine) as subscription:
        await begun(subscription)
        with psycopg.connect(database_owner_url, autocommit=True) as owner:
            owner.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'kamhub-web-live' "
                "AND datname = current_database()"
            )
        assert RESYNC in await heard(subscription, RESYNC)
        await tell(database, mine, change)
        assert change in await heard(subscription, change)


async def test_a_database_that_is_away_is_tried_again(database: Database) -> None:
    broadcaster = Broadcaster("postgresql://nobody@127.0.0.1:9/nothing", retry_seconds=0.01)
    with broadcaster.subscribe(new_id()) as subscription:
        assert await subscription.wait(1) == (RESYNC,)
        assert await subscription.wait(0.1) == ()
        assert broadcaster.listening


async def test_a_slow_watcher_keeps_a_bounded_number_of_changes() -> None:
    subscription = Subscription(frozenset(TOPICS))
    change = Change("departure", new_id())
    for _ in range(3):
        subscription.put(change)
    assert await subscription.wait(1) == (change,), "each once"
    for _ in range(live.MOST_WAITING + 5):
        subscription.put(Change("departure", new_id()))
    assert await subscription.wait(1) == (RESYNC,)
    subscription.put(RESYNC)
    subscription.put(change)
    assert await subscription.wait(1) == (RESYNC,), "whoever looks at everything need not be told of one"
    assert await subscription.wait(0.01) == ()


async def test_watchers_are_bounded_and_ended_together(
    broadcaster: Broadcaster, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(live, "MOST_OF_ORGANISATION", 1)
    mine = new_id()
    with broadcaster.subscribe(mine) as subscription:
        with pytest.raises(TooManyStreams), broadcaster.subscribe(mine):
            pass
        with broadcaster.subscribe(new_id()) as other:
            end_streams()
            async with asyncio.timeout(PATIENCE):
                while not (subscription.over and other.over):
                    await subscription.wait(0.05)


async def test_seats_that_are_held_are_told_of_after_the_commit(
    broadcaster: Broadcaster, hub: Hub, world: World
) -> None:
    departure = world.departure()
    async with announcing(hub.database) as announcer:
        hub.engine.on_moved = lambda moved: announcer.note("departure", moved)
        with broadcaster.subscribe(world.main.id) as subscription, broadcaster.subscribe(world.other.id) as other:
            await begun(subscription)
            await bookings.hold(hub, departure_id=departure, passengers=1, channel="api")
            told = await heard(subscription, Change("departure", departure))
            assert told == {Change("departure", departure)}
            await other.wait(0.1)  # the beginning
            assert Change("departure", departure) not in await other.wait(0.1)
    hub.engine.on_moved = None


async def test_what_staff_change_is_told_by_the_database_and_the_engines_rounds_are_not(
    broadcaster: Broadcaster, hub: Hub, world: World
) -> None:
    first, second = world.departure(), world.departure()
    with broadcaster.subscribe(world.main.id) as subscription:
        await begun(subscription)
        await bookings.hold(hub, departure_id=first, passengers=1, channel="api")  # nobody announces it here
        world.execute("UPDATE departures SET status = 'closed' WHERE id = %s", second)
        assert await heard(subscription, Change("departure", second)) == {Change("departure", second)}
        made = world.departure()
        assert await heard(subscription, Change("departure")) == {Change("departure")}
        world.execute("UPDATE departures SET version = version + 1 WHERE id = %s", made)  # nothing that is shown
        world.execute("UPDATE departures SET capacity = 9 WHERE id = %s", second)
        assert await heard(subscription, Change("departure", second)) == {Change("departure", second)}
