"""The seat engine when something is in its way: locks of others, bad requests, no database, its own end."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta

import psycopg
import pytest

from kamhub.hub.seats import engine as engine_module
from kamhub.hub.seats import store
from kamhub.hub.seats.engine import SeatEngine
from kamhub.hub.seats.types import EngineBusy, HoldAnswer, HoldAsk, NewHold, RepeatedHold
from kamhub.hub.services import Hub
from kamhub.kit.clock import ManualClock
from kamhub.platform.database.errors import DatabaseUnavailable
from kamhub.platform.database.pool import Connection, Database
from tests.builders import World
from tests.hub.seats.support import MakeEngine, locked, until

# A delay a person would not notice; the tests below keep their locks for longer than any of them lasts.
AT_ONCE = 0.5


def lock_waits(world: World) -> bool:
    """Whether a connection of the test's database waits for a lock."""
    return bool(
        world.rows("SELECT 1 FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'")
    )


def held_by(engine: SeatEngine, ask: HoldAsk) -> asyncio.Task[HoldAnswer]:
    return asyncio.create_task(engine.hold(ask))


async def test_busy_when_somebody_keeps_the_departure_past_the_deadline(world: World, make_engine: MakeEngine) -> None:
    departure = world.departure()
    engine = await make_engine(patience_seconds=0.3)
    async with locked(world.owner_url, departure):
        with pytest.raises(EngineBusy) as refused:
            await engine.hold(HoldAsk(departure, 1, "api"))
    assert refused.value.headers == {"Retry-After": "1"}
    assert engine.counters.busy == 1
    assert world.taken(departure) == [0, 0, 0]
    assert world.rows("SELECT 1 FROM bookings") == []


async def test_without_patience_a_skipped_caller_is_told_at_once(world: World, make_engine: MakeEngine) -> None:
    departure = world.departure()
    engine = await make_engine(patience_seconds=0.0)
    async with locked(world.owner_url, departure):
        with pytest.raises(EngineBusy):
            await asyncio.wait_for(engine.hold(HoldAsk(departure, 1, "api")), AT_ONCE)


@pytest.mark.parametrize("skips", [1, 3])
async def test_a_lock_released_in_time_is_only_a_delay(hub: Hub, world: World, skips: int) -> None:
    departure = world.departure()
    async with locked(world.owner_url, departure):
        waiting = held_by(hub.engine, HoldAsk(departure, 1, "api"))
        await until(lambda: hub.engine.counters.skipped >= skips)
    assert isinstance(await waiting, NewHold)
    assert world.taken(departure) == [1, 1, 1]


@pytest.mark.parametrize("blocked", [1, 3])
async def test_another_departure_is_served_without_delay_meanwhile(hub: Hub, world: World, blocked: int) -> None:
    kept = [world.departure() for _ in range(blocked)]
    free = world.departure()
    async with locked(world.owner_url, *kept):
        waiting = [held_by(hub.engine, HoldAsk(departure, 1, "api")) for departure in kept]
        await until(lambda: lock_waits(world))
        held = await asyncio.wait_for(hub.engine.hold(HoldAsk(free, 1, "api")), AT_ONCE)
        assert isinstance(held, NewHold)
        assert not any(task.done() for task in waiting)
    assert all(isinstance(answer, NewHold) for answer in await asyncio.gather(*waiting))


async def test_another_departure_does_not_wait_for_lapsed_bookings_of_a_locked_one(
    hub: Hub, world: World, clock: ManualClock
) -> None:
    kept, free = world.departure(), world.departure()
    await hub.engine.hold(HoldAsk(kept, 2, "api"))
    clock.advance(timedelta(minutes=15))
    async with locked(world.owner_url, kept) as sweeping:
        await sweeping.execute("UPDATE bookings SET status = 'expired'")
        waiting = held_by(hub.engine, HoldAsk(kept, 1, "api"))
        held = await asyncio.wait_for(hub.engine.hold(HoldAsk(free, 1, "api")), AT_ONCE)
        assert isinstance(held, NewHold)
    assert isinstance(await waiting, NewHold)


async def test_a_bad_request_in_a_batch_fails_alone(hub: Hub, world: World) -> None:
    departure, other = world.departure(), world.departure()
    asks = [HoldAsk(departure, 1, "api"), HoldAsk(departure, 1, "nowhere"), HoldAsk(other, 2, "api")]
    good, bad, also_good = await asyncio.gather(*map(hub.engine.hold, asks), return_exceptions=True)
    assert isinstance(good, NewHold)
    assert isinstance(bad, psycopg.errors.CheckViolation)
    assert isinstance(also_good, NewHold)
    assert (world.taken(departure), world.taken(other)) == ([1, 1, 1], [2, 2, 2])


async def test_a_party_of_nobody_takes_nothing(hub: Hub, world: World) -> None:
    departure = world.departure()
    for passengers in (0, -1):
        with pytest.raises(psycopg.errors.CheckViolation):
            await hub.engine.hold(HoldAsk(departure, passengers, "api"))
    assert world.taken(departure) == [0, 0, 0]


async def test_beside_a_bad_request_who_waits_for_a_lock_goes_on_waiting(world: World, make_engine: MakeEngine) -> None:
    kept, other = world.departure(), world.departure()
    engine = await make_engine(lanes=2, patience_seconds=60)
    async with locked(world.owner_url, kept):
        waiting = held_by(engine, HoldAsk(kept, 1, "api"))
        await asyncio.sleep(0)
        with pytest.raises(psycopg.errors.CheckViolation):
            await engine.hold(HoldAsk(other, 1, "nowhere"))
    assert isinstance(await asyncio.wait_for(waiting, 60), NewHold)


async def test_a_code_that_is_taken_is_drawn_again(hub: Hub, world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    codes = iter(["AAAAAAAA", "AAAAAAAA", "BBBBBBBB"])
    monkeypatch.setattr(engine_module, "new_code", lambda: next(codes))
    departure = world.departure()
    first, second = [await hub.engine.hold(HoldAsk(departure, 1, "api")) for _ in range(2)]
    assert isinstance(first, NewHold)
    assert isinstance(second, NewHold)
    assert (first.code, second.code) == ("AAAAAAAA", "BBBBBBBB")
    assert world.taken(departure) == [2, 2, 2]


async def test_a_code_that_is_always_taken_is_an_error_of_its_caller_and_holds_nothing(
    hub: Hub, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(engine_module, "new_code", lambda: "AAAAAAAA")
    departure = world.departure()
    await hub.engine.hold(HoldAsk(departure, 1, "api"))
    with pytest.raises(psycopg.errors.UniqueViolation):
        await hub.engine.hold(HoldAsk(departure, 1, "api"))
    assert world.taken(departure) == [1, 1, 1]


@contextmanager
def no_database(owner_url: str) -> Iterator[None]:
    """The database takes no connection and has cut those there were."""
    maintenance, name = owner_url.rsplit("/", 1)
    with psycopg.connect(f"{maintenance}/postgres", autocommit=True) as server:
        server.execute(f"ALTER DATABASE {name} ALLOW_CONNECTIONS false".encode())
        server.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s", (name,))
        try:
            yield
        finally:
            server.execute(f"ALTER DATABASE {name} ALLOW_CONNECTIONS true".encode())


async def test_no_database_is_said_and_the_engine_comes_back_by_itself(hub: Hub, world: World) -> None:
    departure = world.departure(capacity=16)
    with no_database(world.owner_url):
        answers = await asyncio.gather(
            *(hub.engine.hold(HoldAsk(departure, 1, "api")) for _ in range(3)), return_exceptions=True
        )
    assert [type(answer) for answer in answers] == [DatabaseUnavailable] * 3
    held = None
    async with asyncio.timeout(20):
        while held is None:
            try:
                held = await hub.engine.hold(HoldAsk(departure, 1, "api"))
            except DatabaseUnavailable:
                continue
    assert world.taken(departure) == [1, 1, 1]


async def test_when_the_answer_to_the_commit_is_lost_a_repeat_finds_the_booking(
    hub: Hub, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    departure = world.departure()
    write_round = store.write_round

    async def commit_and_lose(connection: Connection, *rest: object) -> None:
        await write_round(connection, *rest)  # type: ignore[arg-type]
        raise psycopg.OperationalError("server closed the connection unexpectedly")

    ask = HoldAsk(departure, 2, "api", key_hash=b"k" * 32, request_hash=b"r" * 32)
    with monkeypatch.context() as patch:
        patch.setattr(store, "write_round", commit_and_lose)
        with pytest.raises(DatabaseUnavailable):
            await hub.engine.hold(ask)
    assert isinstance(await hub.engine.hold(ask), RepeatedHold)
    assert world.taken(departure) == [2, 2, 2]


async def taken_by_a_lane(engine: SeatEngine) -> None:
    """Until those who just came stand in the line, and then until a lane has taken them."""
    async with asyncio.timeout(5):
        while len(engine._queue) == 0:
            await asyncio.sleep(0)
        while len(engine._queue) > 0:
            await asyncio.sleep(0)


async def test_who_hangs_up_while_waiting_holds_nothing(hub: Hub, world: World) -> None:
    departure = world.departure()
    async with locked(world.owner_url, departure):
        gone, stays = [held_by(hub.engine, HoldAsk(departure, 1, "api")) for _ in range(2)]
        await until(lambda: hub.engine.counters.skipped >= 1)
        gone.cancel()
    assert isinstance(await stays, NewHold)
    assert world.taken(departure) == [1, 1, 1]


async def test_who_hangs_up_in_a_skipped_round_leaves_the_line(hub: Hub, world: World) -> None:
    departure = world.departure()
    async with locked(world.owner_url, departure):
        gone = held_by(hub.engine, HoldAsk(departure, 1, "api"))
        await taken_by_a_lane(hub.engine)
        gone.cancel()
        await until(lambda: hub.engine.counters.rounds >= 1)
        assert len(hub.engine._queue) == 0


async def test_who_hangs_up_while_served_disturbs_nobody(hub: Hub, world: World) -> None:
    departure = world.departure()
    gone, stays = [held_by(hub.engine, HoldAsk(departure, 1, "api")) for _ in range(2)]
    await taken_by_a_lane(hub.engine)
    gone.cancel()
    assert isinstance(await stays, NewHold)


async def test_who_hangs_up_beside_a_bad_request_holds_nothing(hub: Hub, world: World) -> None:
    departure = world.departure()
    gone, bad = held_by(hub.engine, HoldAsk(departure, 1, "api")), held_by(hub.engine, HoldAsk(departure, 1, "nowhere"))
    await taken_by_a_lane(hub.engine)
    gone.cancel()
    with pytest.raises(psycopg.errors.CheckViolation):
        await bad
    assert world.taken(departure) == [0, 0, 0]


async def test_stopping_answers_who_was_never_served(database: Database, clock: ManualClock, world: World) -> None:
    engine = SeatEngine(database, clock)
    waiting = held_by(engine, HoldAsk(world.departure(), 1, "api"))
    await asyncio.sleep(0)
    await engine.stop()
    with pytest.raises(EngineBusy):
        await waiting
    with pytest.raises(EngineBusy):
        await engine.hold(HoldAsk(world.departure(), 1, "api"))


async def test_stopping_answers_who_waits_for_a_lock(hub: Hub, world: World) -> None:
    departure = world.departure()
    async with locked(world.owner_url, departure):
        waiting = held_by(hub.engine, HoldAsk(departure, 1, "api"))
        await until(lambda: hub.engine.counters.skipped >= 1)
        await asyncio.wait_for(hub.engine.stop(), 5)
        with pytest.raises(EngineBusy):
            await waiting
    assert world.taken(departure) == [0, 0, 0]


async def test_stopping_finishes_the_round_under_way(hub: Hub, world: World) -> None:
    departure = world.departure()
    rounds: list[int] = []
    hub.engine.on_round = rounds.append
    waiting = [held_by(hub.engine, HoldAsk(departure, 1, "api")) for _ in range(3)]
    await taken_by_a_lane(hub.engine)
    await hub.engine.stop()
    assert all(isinstance(answer, NewHold) for answer in await asyncio.gather(*waiting))
    assert rounds == [3]


async def test_too_many_waiting_are_refused_at_the_door(database: Database, clock: ManualClock, world: World) -> None:
    engine = SeatEngine(database, clock, max_waiting=1)
    departure = world.departure()
    waiting = held_by(engine, HoldAsk(departure, 1, "api"))
    await asyncio.sleep(0)
    with pytest.raises(EngineBusy):
        await engine.hold(HoldAsk(departure, 1, "api"))
    await engine.start()
    assert isinstance(await waiting, NewHold)
    await engine.stop()
