"""A traveller is removed: wholly, from one operator alone, and never in the middle of a trip."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from uuid import UUID

import pytest

from kamhub.hub.booking import actions as bookings
from kamhub.hub.booking import store as booking_store
from kamhub.hub.booking.tokens import BookingAccess
from kamhub.hub.booking.types import Contact, HoldExpired
from kamhub.hub.integrity.store.promises import INVARIANTS
from kamhub.hub.privacy import actions
from kamhub.hub.privacy.types import BookingUpcoming, Traveller
from kamhub.kit.errors import Refusal
from kamhub.platform.database.pool import Connection
from tests.builders import World
from tests.hub.privacy.support import (
    CANARY,
    FLOCK,
    TRACES,
    TRAVELLER,
    Scene,
    book,
    pay,
    settle_everything,
    staff_of,
    whole_life,
)

_TEXTS = """
SELECT c.table_name, c.column_name,
  EXISTS (SELECT FROM information_schema.columns o WHERE o.table_schema = 'public' AND o.table_name = c.table_name
          AND o.column_name = 'organisation_id')
FROM information_schema.columns c JOIN information_schema.tables t USING (table_schema, table_name)
WHERE c.table_schema = 'public' AND t.table_type = 'BASE TABLE' AND c.data_type <> 'bytea'
ORDER BY 1, 2"""


def traces(world: World, organisation: UUID | None) -> set[str]:
    """``table.column`` wherever something of the canary stands, in the rows of that organisation or (None) anywhere."""
    found = set()
    for table, column, owned in world.rows(_TEXTS):
        if organisation is not None and not owned:
            continue
        of_whom = "organisation_id = %s" if organisation is not None else "true"
        wanted = " OR ".join(f'lower("{column}"::text) LIKE %s' for _ in TRACES)
        values = [organisation] if organisation is not None else []
        query = f'SELECT 1 FROM "{table}" WHERE {of_whom} AND ({wanted}) LIMIT 1'
        if world.rows(query, *values, *(f"%{trace}%" for trace in TRACES)):
            found.add(f"{table}.{column}")
    return found


async def test_nothing_of_the_traveller_is_left_in_any_column_of_any_table(scene: Scene) -> None:
    world = scene.world
    made = await whole_life(scene, world.main)
    await whole_life(scene, world.other)
    settle_everything(scene)
    places = {
        "bookings.contact_name",
        "bookings.contact_phone",
        "bookings.contact_email",
        "bookings.special_requests",
        "booking_passengers.name",
        "booking_passengers.document",
        "booking_events.reason",
        "messages.recipient",
        "payment_orders.error",
        "cases.details",
    }
    theirs = traces(world, world.other.id)
    assert traces(world, world.main.id) == places, "a new place: erase it, and add it here"
    erased = await actions.erase(scene.hub, staff_of(world.main), TRAVELLER, "request")
    assert set(erased.bookings) == set(made.values()) - {made["handed_on"]}
    assert traces(world, world.main.id) == set()
    assert traces(world, world.other.id) == theirs, "another operator's same traveller was touched"
    anywhere = {place.split(".")[0] for place in traces(world, None)}
    assert anywhere <= {place.split(".")[0] for place in theirs}, "also tables without an organisation were looked at"


async def test_the_books_stay_and_still_add_up(scene: Scene) -> None:
    world, facts = scene.world, "id, code, status, passengers, total, paid, refunded, departure_id, created_at"
    await whole_life(scene, world.main)
    settle_everything(scene)
    before = world.rows(f"SELECT {facts} FROM bookings ORDER BY id")
    payments = world.rows("SELECT id, amount, status, transaction_id FROM payments ORDER BY id")
    await actions.erase(scene.hub, staff_of(world.main), TRAVELLER, "request")
    assert world.rows(f"SELECT {facts} FROM bookings ORDER BY id") == before
    assert world.rows("SELECT id, amount, status, transaction_id FROM payments ORDER BY id") == payments
    assert world.rows("SELECT 1 FROM payments WHERE card_last_four IS NOT NULL") == []
    for promise in INVARIANTS:
        assert world.rows(promise.query) == [(0,)], promise.name


async def test_what_was_handed_on_stays_with_its_new_traveller(scene: Scene) -> None:
    made = await whole_life(scene, scene.world.main)
    settle_everything(scene)
    await actions.erase(scene.hub, staff_of(scene.world.main), TRAVELLER, "request")
    booking = await bookings.load(scene.hub, BookingAccess(scene.world.main.id, made["handed_on"]))
    assert booking.contact == Contact("Иван Сойкин", "+79145550000", "ivan@example.org", "ru")


async def test_a_second_time_is_harmless_and_written_down_too(scene: Scene) -> None:
    await whole_life(scene, scene.world.main)
    settle_everything(scene)
    staff = staff_of(scene.world.main)
    first = await actions.erase(scene.hub, staff, TRAVELLER, "request")
    at = scene.world.rows("SELECT id, erased_at FROM bookings ORDER BY id")
    scene.clock.advance(timedelta(days=1))
    second = await actions.erase(scene.hub, staff, TRAVELLER, "consent_withdrawn")
    assert (len(first.bookings) > 0, second.counts()) == (True, {"bookings": 0, "passengers": 0, "messages": 0})
    assert scene.world.rows("SELECT id, erased_at FROM bookings ORDER BY id") == at
    logged = scene.world.rows("SELECT after FROM audit_events WHERE action = 'personal_data.erased' ORDER BY id")
    facts = [row[0] for row in logged]
    assert facts == [
        {"reason": "request", "counts": first.counts(), "bookings": [str(one) for one in first.bookings]},
        {"reason": "consent_withdrawn", "counts": second.counts(), "bookings": []},
    ]


@pytest.mark.parametrize("by", [Traveller(CANARY.email, None), Traveller(None, CANARY.phone)])
async def test_either_contact_is_enough(scene: Scene, by: Traveller) -> None:
    held = await book(scene)
    scene.clock.advance(timedelta(days=7))
    erased = await actions.erase(scene.hub, staff_of(scene.world.main), by, "request")
    assert erased.bookings == (held.booking.id,)
    assert (erased.passengers, erased.messages) == (2, 1)


async def refused(scene: Scene) -> list[str]:
    before = scene.world.rows("SELECT * FROM bookings ORDER BY id")
    people = scene.world.rows("SELECT * FROM booking_passengers ORDER BY 1, 2, 3")
    with pytest.raises(BookingUpcoming) as told:
        await actions.erase(scene.hub, staff_of(scene.world.main), TRAVELLER, "request")
    assert scene.world.rows("SELECT * FROM bookings ORDER BY id") == before
    assert scene.world.rows("SELECT * FROM booking_passengers ORDER BY 1, 2, 3") == people
    assert scene.world.rows("SELECT 1 FROM audit_events WHERE action = 'personal_data.erased'") == []
    assert told.value.extra == {"bookings": told.value.codes}
    return told.value.codes


async def test_nobody_is_removed_before_the_trip(scene: Scene) -> None:
    lapsed = await book(scene)
    scene.clock.advance(timedelta(days=2))
    coming = await book(scene)
    assert await refused(scene) == [coming.booking.code]
    await pay(scene, scene.world.main, coming, 1)
    assert await refused(scene) == [coming.booking.code]
    scene.clock.advance(timedelta(days=1) - timedelta(microseconds=1))
    assert await refused(scene) == [coming.booking.code]
    scene.clock.advance(timedelta(microseconds=1))
    erased = await actions.erase(scene.hub, staff_of(scene.world.main), TRAVELLER, "request")
    assert set(erased.bookings) == {lapsed.booking.id, coming.booking.id}


async def test_nobody_is_removed_while_money_is_on_its_way(scene: Scene) -> None:
    held = await book(scene, departs_in=timedelta(days=3))
    await pay(scene, scene.world.main, held, 1)
    await bookings.cancel(scene.hub, held.access, None)
    assert await refused(scene) == [held.booking.code]
    scene.world.execute("UPDATE refunds SET status = 'completed'")
    await actions.erase(scene.hub, staff_of(scene.world.main), TRAVELLER, "request")


async def test_a_hold_just_lapsed_may_still_be_paid(scene: Scene) -> None:
    held = await book(scene)
    scene.clock.advance(timedelta(minutes=30))
    assert await refused(scene) == [held.booking.code]
    scene.clock.advance(timedelta(hours=1))
    await actions.erase(scene.hub, staff_of(scene.world.main), TRAVELLER, "request")


async def test_late_money_finds_a_booking_without_anybody_and_does_not_bring_them_back(scene: Scene) -> None:
    held = await book(scene, departs_in=timedelta(days=3))
    scene.clock.advance(timedelta(hours=2))
    await actions.erase(scene.hub, staff_of(scene.world.main), TRAVELLER, "request")
    await pay(scene, scene.world.main, held, 1)
    booking = await bookings.load(scene.hub, held.access)
    assert (booking.status, booking.contact, booking.passenger_list) == ("confirmed", None, ())
    assert traces(scene.world, scene.world.main.id) == set()


class Pause:
    """Stops a transaction at a call until it is told to go on."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, module: object, name: str) -> None:
        self.reached, self.go = asyncio.Event(), asyncio.Event()
        original = getattr(module, name)

        async def stopped(*args: object, **kwargs: object) -> object:
            result = await original(*args, **kwargs)
            self.reached.set()
            await self.go.wait()
            return result

        monkeypatch.setattr(module, name, stopped)


async def _without_lock(connection: Connection, locks: object) -> None:
    """The control: nobody waits for anybody."""


@pytest.mark.parametrize("locked", [True, False], ids=["locked", "control"])
async def test_a_booking_written_at_the_same_moment_is_not_half_removed(
    scene: Scene, monkeypatch: pytest.MonkeyPatch, locked: bool
) -> None:
    """The contact is being written while it is being removed: found and refused with the lock; overlooked without it."""
    departure = scene.world.departure(departs_in=timedelta(days=1))
    held = await bookings.hold(scene.hub, departure_id=departure, passengers=2, channel="page")
    if not locked:
        monkeypatch.setattr(booking_store, "lock_contact", _without_lock)
    writing = Pause(monkeypatch, booking_store, "set_passengers")
    booked = asyncio.create_task(bookings.book(scene.hub, held.access, contact=CANARY, passenger_list=FLOCK))
    await writing.reached.wait()
    erasing = asyncio.create_task(actions.erase(scene.hub, staff_of(scene.world.main), TRAVELLER, "request"))
    if locked:
        await _until_somebody_waits(scene)
        writing.go.set()
        with pytest.raises(BookingUpcoming):
            await erasing
        await booked
    else:
        erased = await erasing
        writing.go.set()
        await booked
        assert erased.bookings == ()
        assert traces(scene.world, scene.world.main.id) != set(), "the race that the lock is for"


async def _until_somebody_waits(scene: Scene) -> None:
    for _ in range(500):
        if scene.world.rows(
            "SELECT 1 FROM pg_stat_activity WHERE datname = current_database() AND wait_event = 'advisory'"
        ):
            return
        await asyncio.sleep(0.01)
    raise AssertionError("nobody waits for the contact's lock")


async def test_many_at_once_end_in_one_of_the_two_orders(scene: Scene) -> None:
    """Writers and erasers together: whoever came last decides, and nothing is left half done."""
    hub, staff = scene.hub, staff_of(scene.world.main)
    departures = [scene.world.departure(departs_in=timedelta(days=1)) for _ in range(6)]
    held = [await bookings.hold(hub, departure_id=one, passengers=1, channel="page") for one in departures]
    for one in held:
        await bookings.book(hub, one.access, contact=CANARY, passenger_list=FLOCK[:1])
    scene.clock.advance(timedelta(hours=2))
    fresh = [await bookings.hold(hub, departure_id=one, passengers=1, channel="page") for one in departures]

    async def attempt(work: object) -> object:
        try:
            return await work  # type: ignore[misc]
        except Refusal as refusal:
            return refusal

    answers = await asyncio.gather(
        *(attempt(bookings.book(hub, one.access, contact=CANARY, passenger_list=FLOCK[:1])) for one in (*held, *fresh)),
        *(attempt(actions.erase(hub, staff, TRAVELLER, "request")) for _ in range(4)),
    )
    assert all(isinstance(answer, HoldExpired) for answer in answers[:6])
    rows = scene.world.rows(
        """SELECT b.contact_phone IS NULL, (SELECT count(*) FROM booking_passengers p WHERE p.booking_id = b.id),
                  (SELECT count(*) FROM messages m WHERE m.booking_id = b.id AND m.recipient <> 'erased')
           FROM bookings b"""
    )
    assert len(rows) == 12
    assert all((gone, people, mails) in {(True, 0, 0), (False, 1, 1)} for gone, people, mails in rows)
