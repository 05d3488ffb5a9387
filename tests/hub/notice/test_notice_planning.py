"""What the clock asks for: each message once, none too late, whatever happens to the worker."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest

from kamhub.hub.notice import jobs
from kamhub.hub.notice.actions import planning
from kamhub.hub.notice.store import due
from kamhub.hub.services import Hub
from kamhub.kit.clock import ManualClock
from kamhub.platform.job.queue import enqueue
from tests.builders import World
from tests.hub.notice.support import Context, confirmed, forget, rows_of, send_all, with_chat, with_ways

HOUR = timedelta(hours=1)


def kinds(world: World) -> list[object]:
    return [row[0] for row in world.rows("SELECT kind FROM messages ORDER BY id")]


async def test_each_reminder_goes_out_once(context: Context, hub: Hub, world: World, clock: ManualClock) -> None:
    await confirmed(hub, world)  # departs in three days
    clock.advance(47 * HOUR)
    await planning.plan(hub)
    assert kinds(world) == []
    for _ in range(3):
        clock.advance(HOUR)
        await planning.plan(hub)
        await send_all(context)
    assert kinds(world) == ["reminder_day"]
    clock.advance(20 * HOUR)
    for _ in range(3):
        await planning.plan(hub)
        await send_all(context)
    assert kinds(world) == ["reminder_day", "reminder_soon"]
    day, soon = context.mail.mails
    assert day.subject.startswith("Your trip on 27 Nov")
    assert "You leave on Friday, 27 November, 12:00" in day.text
    assert soon.subject.startswith("You leave at 12:00")


async def test_what_would_come_too_late_is_left_out(hub: Hub, world: World, clock: ManualClock) -> None:
    await confirmed(hub, world)
    clock.advance(72 * HOUR - timedelta(minutes=20))
    await planning.plan(hub)
    assert kinds(world) == []
    clock.advance(HOUR)
    await planning.plan(hub)
    assert kinds(world) == [], "nobody is reminded of what has left"


async def test_who_books_for_the_next_hours_needs_no_reminder(hub: Hub, world: World, clock: ManualClock) -> None:
    await confirmed(hub, world, departure=world.departure(operator=world.other, departs_in=20 * HOUR))
    await planning.plan(hub)
    assert kinds(world) == []
    clock.advance(18 * HOUR)
    await planning.plan(hub)
    assert kinds(world) == ["reminder_soon"]


async def test_a_stop_on_the_way_has_its_own_time(hub: Hub, world: World, clock: ManualClock) -> None:
    held = await confirmed(hub, world)
    world.execute("UPDATE bookings SET from_position = 2 WHERE id = %s", held.booking.id)  # 50 minutes on
    clock.advance(48 * HOUR)
    await planning.plan(hub)
    assert kinds(world) == []
    clock.advance(timedelta(minutes=50))
    await planning.plan(hub)
    assert kinds(world) == ["reminder_day"]


async def test_a_moved_booking_is_reminded_of_its_new_departure(
    context: Context, hub: Hub, world: World, clock: ManualClock
) -> None:
    held = await confirmed(hub, world)
    later = world.departure(operator=world.other, departs_in=timedelta(days=4))
    clock.advance(48 * HOUR)
    await planning.plan(hub)
    world.execute("UPDATE bookings SET departure_id = %s WHERE id = %s", later, held.booking.id)
    await send_all(context)
    assert context.mail.mails == [], "the reminder of the old departure is not true any more"
    clock.advance(24 * HOUR)
    await planning.plan(hub)
    await send_all(context)
    [mail] = context.mail.mails
    assert "28 November" in mail.text


@pytest.mark.parametrize("status", ["cancelled", "pending"])
async def test_only_who_travels_is_reminded(hub: Hub, world: World, clock: ManualClock, status: str) -> None:
    held = await confirmed(hub, world)
    world.execute("UPDATE bookings SET status = %s, expires_at = now() WHERE id = %s", status, held.booking.id)
    clock.advance(48 * HOUR)
    await planning.plan(hub)
    assert kinds(world) == []


async def test_a_cancelled_departure_reminds_nobody(hub: Hub, world: World, clock: ManualClock) -> None:
    await confirmed(hub, world)
    world.execute("UPDATE departures SET status = 'cancelled'")
    clock.advance(48 * HOUR)
    await planning.plan(hub)
    assert kinds(world) == []


async def test_a_killed_worker_reminds_at_most_once(
    context: Context, hub: Hub, world: World, clock: ManualClock
) -> None:
    """Killed while it plans, and while it sends: one message, and in the reader's program one mail."""
    await confirmed(hub, world)
    clock.advance(48 * HOUR)
    async with hub.database.system() as connection:
        await enqueue(connection, jobs.PLAN_REMINDERS)
    await send_all(context, crash=True)
    await send_all(context, crash=True)
    await send_all(context)
    await send_all(context)
    assert rows_of(world) == [("email", "reminder_day", True, False)]
    assert len({mail.message_id for mail in context.mail.mails}) == 1


async def test_two_workers_that_plan_at_once_write_one_message(hub: Hub, world: World, clock: ManualClock) -> None:
    for _ in range(3):
        await confirmed(hub, world)
    clock.advance(48 * HOUR)
    await asyncio.gather(*(planning.plan(hub) for _ in range(4)))
    assert kinds(world) == ["reminder_day"] * 3
    assert world.rows("SELECT count(*) FROM procrastinate_jobs") == [(3,)]


async def test_the_control_without_the_constraint_they_write_more(
    hub: Hub, world: World, clock: ManualClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What messages_once is good for: both look before either has written."""
    await confirmed(hub, world)
    clock.advance(48 * HOUR)
    world.execute("ALTER TABLE messages DROP CONSTRAINT messages_once")
    world.execute("CREATE UNIQUE INDEX messages_once ON messages (organisation_id, id, kind)")
    world.execute("ALTER TABLE messages ADD CONSTRAINT messages_once UNIQUE USING INDEX messages_once")
    together, look = asyncio.Barrier(2), due.reminders

    async def both_look(*asked: object) -> list[object]:
        found: list[object] = list(await look(*asked))  # type: ignore[arg-type]
        if found:
            await together.wait()
        return found

    monkeypatch.setattr(due, "reminders", both_look)
    await asyncio.gather(planning.plan(hub), planning.plan(hub))
    assert kinds(world) == ["reminder_day"] * 2


async def test_a_full_page_of_reminders_is_followed_by_the_next(
    hub: Hub, world: World, clock: ManualClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(planning, "_AT_A_TIME", 2)
    departure = world.departure(operator=world.other, capacity=12)
    for _ in range(5):
        await confirmed(hub, world, departure=departure)
    clock.advance(48 * HOUR)
    assert await planning.plan(hub) == 5
    assert kinds(world) == ["reminder_day"] * 5


async def test_a_reminder_takes_every_way_there_is(hub: Hub, world: World, clock: ManualClock) -> None:
    held = await confirmed(hub, world)
    with_ways(hub, world, world.other, telegram=True, sms=True)
    clock.advance(70 * HOUR)
    await planning.plan(hub)
    assert [row[:2] for row in rows_of(world)] == [("email", "reminder_soon"), ("sms", "reminder_soon")]
    forget(world)
    with_chat(world, held)
    await planning.plan(hub)
    assert [row[:2] for row in rows_of(world)] == [("email", "reminder_soon"), ("telegram", "reminder_soon")]


async def test_after_the_trip_a_review_is_asked_for_once(
    context: Context, hub: Hub, world: World, clock: ManualClock
) -> None:
    held = await confirmed(hub, world)  # arrives 105 minutes after the departure
    clock.advance(72 * HOUR + timedelta(minutes=105 + 179))
    await planning.plan(hub)
    assert kinds(world) == []
    clock.advance(timedelta(minutes=1))
    for _ in range(2):
        await planning.plan(hub)
        await send_all(context)
    [mail] = context.mail.mails
    assert mail.subject.startswith("How was the trip?")
    assert f"http://hub.test/booking/{held.booking.id}/review?token=" in mail.text


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE bookings SET no_show_at = now() WHERE id = %s",
        "UPDATE bookings SET status = 'cancelled' WHERE id = %s",
        (
            "INSERT INTO notice_settings (organisation_id, reviews) SELECT organisation_id, false FROM bookings WHERE id = %s"
        ),
        (
            "INSERT INTO reviews (organisation_id, id, booking_id, rating, author, created_at) "
            "SELECT organisation_id, id, id, 5, 'A', now() FROM bookings WHERE id = %s"
        ),
    ],
)
async def test_who_is_not_asked_for_a_review(hub: Hub, world: World, clock: ManualClock, change: str) -> None:
    held = await confirmed(hub, world)
    world.execute(change, held.booking.id)
    clock.advance(77 * HOUR)
    await planning.plan(hub)
    assert kinds(world) == []


async def test_whoever_travelled_days_ago_is_not_asked(hub: Hub, world: World, clock: ManualClock) -> None:
    await confirmed(hub, world)
    clock.advance(timedelta(days=7))
    await planning.plan(hub)
    assert kinds(world) == []
