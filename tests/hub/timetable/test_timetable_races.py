"""What happens at the same moment: a hold while the pattern changes, two timetables for one vehicle, the night's job."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace

import psycopg
import pytest

from kamhub.hub.booking import actions as bookings
from kamhub.hub.seats import actions as seats
from kamhub.hub.services import Hub
from kamhub.hub.timetable import actions
from kamhub.hub.timetable.actions import planning
from kamhub.hub.timetable.jobs import GENERATE, JOBS
from kamhub.hub.timetable.store import departures
from kamhub.kit.clock import ManualClock
from kamhub.kit.errors import Refusal
from kamhub.platform.job.queue import enqueue
from tests.asgi import Web
from tests.builders import World
from tests.hub.timetable.support import departure_at, driver, hold, local_times, make, patch, vehicle
from tests.work import work_off


def _oversold(world: World) -> list[tuple[object, ...]]:
    """Bookings that count on departures that do not run."""
    return world.rows(
        "SELECT b.id FROM bookings b JOIN departures d ON d.id = b.departure_id "
        "WHERE b.status = 'on_hold' AND d.status = 'cancelled'"
    )


async def test_a_hold_and_a_change_at_the_same_moment(web: Web, world: World) -> None:
    """Either the seat is held and the departure stays, or it is gone and nobody holds a seat on it."""
    made = await make(web, world)
    all_ids = [row[0] for row in world.rows("SELECT id FROM departures")]
    held, changed = await asyncio.gather(
        asyncio.gather(*(hold(web, number) for number in all_ids)),  # type: ignore[arg-type]
        patch(web, world, made, times=["10:00", "16:00"]),
    )
    assert _oversold(world) == []
    sold = {row[0] for row in world.rows("SELECT departure_id FROM bookings WHERE status = 'on_hold'")}
    for number, reply in zip(all_ids, held, strict=True):
        if reply.status_code == 201:
            booked_at = reply.json()["departure"]["departs_at"]
            rows = world.rows("SELECT departs_at, status FROM departures WHERE id = %s", number)
            assert rows[0][1] == "open"
            assert rows[0][0].isoformat() == _utc(booked_at)  # type: ignore[attr-defined]
        else:
            assert (reply.status_code, number in sold) == (404, False)
    assert len(changed["kept_sold"]) <= len(sold)


def _utc(local: str) -> str:
    return datetime.fromisoformat(local).astimezone(UTC).isoformat()


@pytest.mark.parametrize("locked", [True, False])
async def test_what_is_sold_between_the_look_and_the_write_is_seen(
    web: Web, hub: Hub, world: World, monkeypatch: pytest.MonkeyPatch, locked: bool
) -> None:
    """With the lock a hold made after the look counts; the control without it takes the departure from under the hold."""
    made = await make(web, world, times=["08:00"], valid_from="2026-11-30")
    number = departure_at(world, made, "30 08:00")
    seen = departures.existing
    calls = 0

    async def meanwhile(*arguments: object) -> object:
        nonlocal calls
        calls += 1
        found = await seen(*arguments)  # type: ignore[arg-type]
        if calls == 1:
            await bookings.hold(hub, departure_id=number, passengers=1, channel="api")
        return found

    async def no_lock(connection: object, state: planning.State, now: object) -> object:
        return await departures.existing(connection, state.timetable.organisation_id, state.timetable.id, now)  # type: ignore[arg-type]

    monkeypatch.setattr(departures, "existing", meanwhile)
    if not locked:
        monkeypatch.setattr(planning, "lock_departures", no_lock)
    changed = await patch(web, world, made, times=["10:00"])
    kept = [one["departure_id"] for one in changed["kept_sold"]]
    moved = [one["departure_id"] for one in changed["moved"]]
    assert (kept, moved) == (([str(number)], []) if locked else ([], [str(number)]))


async def test_two_timetables_want_one_vehicle_at_the_same_moment(web: Web, world: World) -> None:
    """One of them has it on each day, the other is told."""
    results = await asyncio.gather(
        make(web, world, times=["08:00", "12:00"]), make(web, world, times=["09:00", "13:00"])
    )
    made = sum(one["generated"]["count"] for one in results)
    told = sum(len(one["conflicts"]) for one in results)
    assert (made, told) == (13, 12)
    for one in results:
        for conflict in one["conflicts"]:
            assert conflict["reason"] == "vehicle"
            other = world.rows("SELECT timetable_id FROM departures WHERE id = %s", conflict["departure_id"])
            assert str(other[0][0]) != one["id"]


async def test_the_rest_of_a_driver_holds_at_the_same_moment(web: Web, world: World) -> None:
    world.execute("UPDATE organisations SET rest_minutes = 60 WHERE id = %s", world.main.id)
    anna, second = driver(world), vehicle(world, "SECOND")
    results = await asyncio.gather(
        make(web, world, times=["08:00"], driver_id=str(anna)),
        make(web, world, times=["10:00"], driver_id=str(anna), vehicle_id=str(second)),
    )
    assert sum(one["generated"]["count"] for one in results) in {6, 7}
    close = world.rows(
        "SELECT FROM departures a JOIN departures b ON b.driver_id = a.driver_id AND b.departs_at > a.departs_at "
        "AND lower(b.on_road) < upper(a.on_road) + interval '60 minutes'"
    )
    assert close == []


async def test_somebody_else_takes_the_vehicle_every_time(
    web: Web, hub: Hub, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def taken(*_: object, **__: object) -> None:
        raise psycopg.errors.ExclusionViolation

    made = await make(web, world)
    monkeypatch.setattr(departures, "follow", taken)
    reply = await web.client.patch(
        f"/api/timetables/{made['id']}", json={"times": ["10:00"]}, headers=web.staff(world.main, "manager")
    )
    assert (reply.status_code, reply.json()["code"]) == (409, "busy")
    assert issubclass(actions.TimetableBusy, Refusal)


async def test_every_night_the_horizon_moves_on(web: Web, world: World, clock: ManualClock) -> None:
    made = await make(web, world, times=["08:00"], valid_to="2027-11-30")
    other = await make(web, world, world.other, times=["08:00"], valid_to="2027-11-30")
    count = len(local_times(world, made))
    cancelled = world.rows("SELECT id FROM departures WHERE timetable_id = %s ORDER BY departs_at LIMIT 1", made["id"])[
        0
    ][0]
    world.execute("UPDATE departures SET status = 'cancelled' WHERE id = %s", cancelled)
    clock.advance(timedelta(days=3))
    context = SimpleNamespace(hub=web.hub)
    for _ in range(2):
        async with web.hub.database.system() as connection:
            await enqueue(connection, GENERATE)
        await work_off(web.hub.database, JOBS, context)
    # Three days more; what a dispatcher called off is not made again.
    assert len(local_times(world, made)) == count - 1 + 3
    assert len(local_times(world, other)) == count + 3
    assert world.rows("SELECT DISTINCT actor FROM departure_events WHERE at = %s", clock.now()) == [("system",)]


async def test_an_archived_or_unknown_timetable_is_not_extended(web: Web, hub: Hub, world: World) -> None:
    made = await make(web, world)
    await web.client.delete(f"/api/timetables/{made['id']}", headers=web.staff(world.main, "manager"))
    assert await actions.extend_all(hub) == 0


async def test_lapsed_seats_are_swept_before_a_departure_shrinks(
    web: Web, hub: Hub, world: World, clock: ManualClock
) -> None:
    made = await make(web, world, times=["08:00"], valid_from="2026-11-30")
    number = departure_at(world, made, "30 08:00")
    await hold(web, number, 9)
    clock.advance(timedelta(minutes=20))
    async with hub.database.tenant(world.main.id) as connection:
        locked = await seats.lock_many(connection, [number], clock.now())
        assert locked[number].lapsed
    small = vehicle(world, "SMALL", 4)
    await patch(web, world, made, vehicle_id=str(small))
    assert world.taken(number) == [0, 0, 0]


def test_everything_that_names_a_departure_is_asked(world: World) -> None:
    """A table that begins to refer to departures has to be thought of where they are deleted."""
    rows = world.rows(
        "SELECT DISTINCT conrelid::regclass::text FROM pg_constraint WHERE contype = 'f' AND confrelid = 'departures'::regclass"
    )
    assert {row[0] for row in rows} == {
        "bookings", "waiting_parties", "booking_moves", "disrupted_departures", "disrupted_bookings", "departure_events",
    }  # fmt: skip
