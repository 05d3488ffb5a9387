"""Ticks: when they are, and that each is put into the queue once in the whole fleet."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from types import ModuleType
from typing import Any
from zoneinfo import ZoneInfo

import psycopg
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from psycopg import AsyncConnection
from psycopg.rows import TupleRow
from psycopg_pool import AsyncConnectionPool

from kamhub.kit.clock import ManualClock
from kamhub.platform.database.pool import Connection, Database
from kamhub.platform.job import rules
from kamhub.platform.job.run import Run
from kamhub.platform.job.store import fleet, work
from kamhub.platform.job.timetable import Timetable
from kamhub.platform.job.types import DONE, Daily, Entry, Every, Missed, Outcome
from tests.platform.job.support import Check, Eventually, Marks, Queue, Working, is_well, job_of, seen, worker_of

BERLIN, KAMCHATKA = "Europe/Berlin", "Asia/Kamchatka"
ZONES = (BERLIN, KAMCHATKA, "UTC", "America/St_Johns", "Australia/Lord_Howe", "Africa/Cairo", "Pacific/Apia")
INSTANTS = st.datetimes(datetime(2020, 1, 1), datetime(2040, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001
WHENS = st.one_of(
    st.builds(Every, st.integers(1, 7 * 86_400).map(lambda seconds: timedelta(seconds=seconds))),
    st.builds(Daily, st.integers(0, 23), st.integers(0, 59), st.sampled_from(ZONES)),
)
SPRING = datetime(2027, 3, 28, 1, 0, tzinfo=UTC)  # in Berlin two o'clock becomes three
AUTUMN = datetime(2027, 10, 31, 1, 0, tzinfo=UTC)  # and three becomes two again
AT_HALF_PAST_TWO = Daily(2, 30, BERLIN)
MOMENT = timedelta(microseconds=1)


@given(when=WHENS, now=INSTANTS)
@example(when=AT_HALF_PAST_TWO, now=SPRING)
@example(when=AT_HALF_PAST_TWO, now=SPRING + timedelta(minutes=30))
@example(when=AT_HALF_PAST_TWO, now=AUTUMN)
@example(when=AT_HALF_PAST_TWO, now=AUTUMN + timedelta(minutes=30))
def test_now_is_between_two_ticks_that_follow_each_other(when: Every | Daily, now: datetime) -> None:
    last, following = rules.last_tick(when, now), rules.next_tick(when, now)
    assert last <= now < following
    assert rules.last_tick(when, following) == following
    assert rules.last_tick(when, following - MOMENT) == last
    assert rules.next_tick(when, last) == following


@given(when=st.builds(Every, st.integers(1, 86_400).map(lambda s: timedelta(seconds=s))), now=INSTANTS)
def test_periodic_ticks_are_one_period_apart_and_the_same_in_every_process(when: Every, now: datetime) -> None:
    last = rules.last_tick(when, now)
    assert rules.next_tick(when, now) - last == when.period
    assert int(last.timestamp()) % int(when.period.total_seconds()) == 0


@given(when=st.builds(Daily, st.integers(0, 23), st.integers(0, 59), st.sampled_from(ZONES)), now=INSTANTS)
def test_a_daily_tick_shows_its_time_on_the_wall_except_where_there_is_no_such_time(when: Daily, now: datetime) -> None:
    tick = rules.next_tick(when, now)
    wall = tick.astimezone(ZoneInfo(when.zone))
    assert tick - rules.last_tick(when, now) <= timedelta(hours=48)
    if (wall.hour, wall.minute) != (when.hour, when.minute):
        wanted = wall.replace(hour=when.hour, minute=when.minute, fold=0)
        assert wanted.astimezone(UTC).astimezone(ZoneInfo(when.zone)).replace(tzinfo=None) != wanted.replace(
            tzinfo=None
        )


@pytest.mark.parametrize(
    ("day", "utc", "hours_to_the_next"),
    [
        pytest.param(datetime(2027, 3, 27, tzinfo=UTC), "2027-03-27T01:30", 24, id="the day before spring"),
        # There is no half past two; it is the moment that would have been it: half past three.
        pytest.param(datetime(2027, 3, 28, tzinfo=UTC), "2027-03-28T01:30", 23, id="spring"),
        pytest.param(datetime(2027, 3, 29, tzinfo=UTC), "2027-03-29T00:30", 24, id="the day after spring"),
        pytest.param(datetime(2027, 10, 30, tzinfo=UTC), "2027-10-30T00:30", 24, id="the day before autumn"),
        # It is half past two twice; once is enough: the first time.
        pytest.param(datetime(2027, 10, 31, tzinfo=UTC), "2027-10-31T00:30", 25, id="autumn"),
    ],
)
def test_half_past_two_where_summer_time_begins_and_ends(day: datetime, utc: str, hours_to_the_next: int) -> None:
    tick = rules.next_tick(AT_HALF_PAST_TWO, day)
    assert tick == datetime.fromisoformat(utc).replace(tzinfo=UTC)
    assert rules.next_tick(AT_HALF_PAST_TWO, tick) - tick == timedelta(hours=hours_to_the_next)


def test_half_past_two_is_one_tick_a_day_all_year() -> None:
    tick, days = datetime(2027, 1, 1, tzinfo=UTC), set()
    for _ in range(365):
        tick = rules.next_tick(AT_HALF_PAST_TWO, tick)
        days.add(tick.astimezone(ZoneInfo(BERLIN)).date())
    assert len(days) == 365


def test_in_kamchatka_it_is_twelve_hours_later() -> None:
    noon = datetime(2026, 11, 24, 0, 0, tzinfo=UTC)
    assert rules.last_tick(Daily(3, 17, KAMCHATKA), noon) == datetime(2026, 11, 23, 15, 17, tzinfo=UTC)


@pytest.mark.parametrize(
    ("missed", "late", "runs"),
    [
        ("skip", timedelta(0), True),
        ("skip", rules.LATE_AFTER, True),
        ("skip", rules.LATE_AFTER + MOMENT, False),
        ("run once", timedelta(days=30), True),
    ],
)
def test_what_is_a_little_late_is_run_and_what_was_missed_as_the_line_says(
    missed: Missed, late: timedelta, runs: bool
) -> None:
    tick = datetime(2026, 11, 24, tzinfo=UTC)
    assert rules.is_run(Entry(PLAIN.kind, Every(MINUTE), missed), tick, tick + late) is runs


# In the database.


async def _nothing(run: Run[Marks]) -> Outcome:
    return DONE


MINUTE = timedelta(minutes=1)
PLAIN, OTHER = job_of("plain", _nothing), job_of("other", _nothing)
ONCE_A_MINUTE = Entry(PLAIN.kind, Every(MINUTE), "run once")


@pytest.fixture
async def connections(database_url: str) -> AsyncIterator[AsyncConnectionPool[Connection]]:
    """As a worker has them."""

    async def alone(connection: Connection) -> None:
        await connection.set_autocommit(True)

    pool = AsyncConnectionPool(
        database_url, connection_class=AsyncConnection[TupleRow], kwargs={"options": "-c role=kamhub_system"},
        min_size=1, max_size=4, open=False, configure=alone, check=AsyncConnectionPool.check_connection,
    )  # fmt: skip
    async with pool:
        yield pool


async def _begun(clock: ManualClock, connections: AsyncConnectionPool[Connection], *entries: Entry) -> Timetable:
    """A timetable whose lines are not new any more."""
    timetable = Timetable(entries, connections, clock)
    assert await timetable.tick() == [], "a new line does not run for the past"
    return timetable


async def _take_away(queue: Queue) -> int:
    """End what waits, as a worker would; returns how many there were."""
    return len(await queue.fetch("DELETE FROM procrastinate_jobs WHERE status = 'todo' RETURNING id"))


async def test_each_tick_is_put_once_in_the_whole_fleet(
    queue: Queue, clock: ManualClock, connections: AsyncConnectionPool[Connection]
) -> None:
    await _begun(clock, connections, ONCE_A_MINUTE)
    fleet = [Timetable([ONCE_A_MINUTE], connections, clock) for _ in range(3)]
    for _ in range(15):
        clock.advance(MINUTE)
        put = await asyncio.gather(*(each.tick() for each in fleet), *(each.tick() for each in fleet))
        assert sorted(kinds for kinds in put if kinds) == [["plain"]]
        assert await _take_away(queue) == 1


async def test_control_without_the_claim_of_ticks_each_would_be_put_several_times(
    queue: Queue, clock: ManualClock, connections: AsyncConnectionPool[Connection], monkeypatch: pytest.MonkeyPatch
) -> None:
    async def always(*_: object, also_new: bool) -> bool:
        return True

    monkeypatch.setattr(work, "claim_tick", always)
    fleet = [Timetable([ONCE_A_MINUTE], connections, clock) for _ in range(3)]
    put = 0
    for each in fleet:
        put += len(await each.tick())
        await _take_away(queue)
    assert put == 3


async def test_ticks_that_passed_while_all_were_down_run_once_or_not_at_all(
    queue: Queue, clock: ManualClock, connections: AsyncConnectionPool[Connection]
) -> None:
    entries = ONCE_A_MINUTE, Entry(OTHER.kind, Every(MINUTE), "skip")
    await _begun(clock, connections, *entries)
    clock.advance(timedelta(hours=2, seconds=31))
    back = Timetable(entries, connections, clock)
    assert await back.tick() == ["plain"]
    assert await back.tick() == []
    assert await _take_away(queue) == 1
    clock.advance(timedelta(seconds=30))
    assert await back.tick() == ["plain", "other"]


async def test_a_line_that_is_new_waits_for_its_first_tick(
    queue: Queue, clock: ManualClock, connections: AsyncConnectionPool[Connection]
) -> None:
    await _begun(clock, connections, ONCE_A_MINUTE)
    daily = Entry(OTHER.kind, Daily(12, 1, KAMCHATKA), "run once")  # a minute from now
    grown = Timetable([ONCE_A_MINUTE, daily], connections, clock)
    assert await grown.tick() == []
    clock.advance(MINUTE)
    assert await grown.tick() == ["plain", "other"]


async def test_a_line_that_begins_at_once_runs_when_it_is_new_and_then_by_the_clock(
    queue: Queue, clock: ManualClock, connections: AsyncConnectionPool[Connection]
) -> None:
    eager = Entry(OTHER.kind, Every(timedelta(hours=6)), "run once", begins="at once")
    fleet = [Timetable([ONCE_A_MINUTE, eager], connections, clock) for _ in range(3)]
    put = await asyncio.gather(*(each.tick() for each in fleet))
    assert sorted(kinds for kinds in put if kinds) == [["other"]], "once in the whole fleet, and only that line"
    assert await _take_away(queue) == 1
    assert await Timetable([eager], connections, clock).tick() == [], "a worker that starts later finds it known"
    clock.advance(rules.next_tick(eager.when, clock.now()) - clock.now())
    assert await Timetable([eager], connections, clock).tick() == ["other"]


async def test_a_clock_that_is_set_back_repeats_nothing(
    queue: Queue, clock: ManualClock, connections: AsyncConnectionPool[Connection]
) -> None:
    timetable = await _begun(clock, connections, ONCE_A_MINUTE)
    clock.advance(MINUTE)
    assert await timetable.tick() == ["plain"]
    await _take_away(queue)
    clock.advance(-3 * MINUTE)
    assert await timetable.tick() == []
    clock.advance(3 * MINUTE)
    assert await timetable.tick() == []
    clock.advance(MINUTE)
    assert await timetable.tick() == ["plain"]


async def test_at_most_one_of_a_kind_waits(
    queue: Queue, clock: ManualClock, connections: AsyncConnectionPool[Connection]
) -> None:
    timetable = await _begun(clock, connections, ONCE_A_MINUTE)
    for _ in range(3):
        clock.advance(MINUTE)
        await timetable.tick()
    assert await _take_away(queue) == 1


async def test_one_waits_behind_one_that_runs(
    queue: Queue, clock: ManualClock, connections: AsyncConnectionPool[Connection]
) -> None:
    timetable = await _begun(clock, connections, ONCE_A_MINUTE)
    clock.advance(MINUTE)
    assert await timetable.tick() == ["plain"]
    await queue.execute("UPDATE procrastinate_jobs SET status = 'doing'")
    for expected in (["plain"], []):
        clock.advance(MINUTE)
        assert await timetable.tick() == expected
    async with connections.connection() as connection:
        taken = await work.fetch(connection, 1, [("maintenance", 0, 5)], ["plain"], 5)
    assert taken == [], "the second waits for the first"


async def test_a_tick_whose_database_was_away_is_put_when_it_is_back(
    queue: Queue, clock: ManualClock, connections: AsyncConnectionPool[Connection], monkeypatch: pytest.MonkeyPatch
) -> None:
    timetable = await _begun(clock, connections, ONCE_A_MINUTE)
    clock.advance(MINUTE)

    async def cut_before_it_is_kept(*_: object) -> bool:
        await queue.cut_connections()
        return False

    with monkeypatch.context() as away:
        away.setattr(work, "is_waiting", cut_before_it_is_kept)
        with pytest.raises(psycopg.OperationalError):
            await timetable.tick()
    assert await timetable.tick() == ["plain"]
    assert await _take_away(queue) == 1


async def test_workers_keep_time_together_over_an_outage_and_no_job_overlaps_with_itself(
    database: Database, queue: Queue, marks: Marks, working: Working, eventually: Eventually
) -> None:
    async def tick(run: Run[Marks]) -> Outcome:
        await run.context.add("begin")
        await asyncio.sleep(0.3)
        await run.context.add("end")
        return DONE

    it = job_of("tick", tick)
    timetable = [Entry(it.kind, Every(timedelta(seconds=1)), "run once")]
    fleet = [worker_of(database, marks, it, timetable=timetable) for _ in range(3)]

    def ended(count: int) -> Check:
        async def look() -> bool:
            return (await marks.all()).count("end") >= count

        return look

    async with working(*fleet):
        await eventually(ended(3), 30)
        words = await marks.all()
        await queue.cut_connections()
        await eventually(ended((await marks.all()).count("end") + 2), 30)
    assert words[:6] == ["begin", "end"] * 3
    [(jobs, ticks)] = await queue.fetch(
        "SELECT count(*), count(DISTINCT date_trunc('second', enqueued_at)) FROM job_history WHERE kind = 'tick'"
    )
    assert jobs == ticks


@pytest.mark.parametrize("part", [(work, "claim_tick"), (fleet, "introduce")], ids=["timetable", "sweep"])
async def test_a_worker_whose_part_failed_begins_anew(
    database: Database, queue: Queue, marks: Marks, working: Working, eventually: Eventually,
    monkeypatch: pytest.MonkeyPatch, part: tuple[ModuleType, str],
) -> None:  # fmt: skip
    well = getattr(*part)
    failed: list[str] = []

    async def fail_once(*arguments: Any, **named: Any) -> Any:
        if not failed:
            failed.append(part[1])
            raise MemoryError
        return await well(*arguments, **named)

    async def tick(run: Run[Marks]) -> Outcome:
        await run.context.add("tick")
        return DONE

    it = job_of("tick", tick)
    monkeypatch.setattr(*part, fail_once)
    worker = worker_of(database, marks, it, timetable=[Entry(it.kind, Every(timedelta(seconds=1)), "run once")])

    async def introduced() -> bool:
        return bool(await queue.fetch("SELECT worker_id FROM job_workers")) and await is_well(worker)

    async with working(worker):
        await eventually(seen(marks, "tick"), 20)
        await eventually(introduced)
    assert failed == [part[1]]
