"""Finding bookings."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from dataclasses import replace
from uuid import UUID

from kamhub.hub.booking.types import BookingNotFound
from kamhub.hub.booking_office import rules
from kamhub.hub.booking_office.store import desk, lists
from kamhub.hub.booking_office.store.lists import Walk
from kamhub.hub.booking_office.types import BookingFilter, BookingList, Cursor, ListedBooking, Note, TimelineItem
from kamhub.hub.services import Hub
from kamhub.platform.database.pool import Connection
from kamhub.platform.person.types import Staff

_AT_A_TIME = 500
MOST_EXPORTED = 1_000_000


async def bookings(hub: Hub, staff: Staff, wanted: BookingFilter, *, offset: int, limit: int) -> BookingList:
    """A page of the organisation's bookings.

    With days or a route they come in the order of their departures, else the newest first. A text alone finds the newest
    ``MOST_BY_TEXT``; together with a departure or a week at most, all of them. Nothing is counted, and no page is read,
    beyond ``MOST_COUNTED``.
    """
    async with hub.database.tenant(staff.organisation_id) as connection:
        walk = await _walk(hub, connection, staff, wanted)
        total = await lists.count(connection, walk, rules.MOST_COUNTED)
        if offset >= total:
            return BookingList((), total)
        found = await lists.page_ids(connection, walk, offset, limit)
        return BookingList(await lists.read(connection, staff.organisation_id, found, hub.clock.now()), total)


async def _walk(
    hub: Hub, connection: Connection, staff: Staff, wanted: BookingFilter, after: Cursor | None = None
) -> Walk:
    candidates: Sequence[UUID] | None = None
    if wanted.text is not None and not rules.read_whole(wanted):
        candidates = await lists.with_text(
            connection, staff.organisation_id, wanted.text.code, wanted.text.words, rules.MOST_BY_TEXT
        )
    return lists.walk(staff.organisation_id, wanted, hub.clock.now(), candidates=candidates, after=after)


async def export(hub: Hub, staff: Staff, wanted: BookingFilter) -> AsyncIterator[tuple[ListedBooking, ...]]:
    """The same in batches, to the end: each is read for itself, so that memory holds one of them."""
    after: Cursor | None = None
    sent = 0
    while sent < MOST_EXPORTED:
        async with hub.database.tenant(staff.organisation_id) as connection:
            walk = await _walk(hub, connection, staff, wanted, after)
            found = await lists.page_ids(connection, walk, 0, _AT_A_TIME)
            batch = await lists.read(connection, staff.organisation_id, found, hub.clock.now())
        if not batch:
            return
        yield batch
        sent += len(batch)
        after = Cursor(batch[-1].departs_at, batch[-1].id)


async def with_routes(hub: Hub, staff: Staff, wanted: BookingFilter, reference: str | None) -> BookingFilter:
    """The filter narrowed to the routes with that id or name, if one is given; a route that is unknown has no bookings."""
    if reference is None:
        return wanted
    async with hub.database.tenant(staff.organisation_id) as connection:
        return replace(wanted, routes=await lists.routes_called(connection, staff.organisation_id, reference))


async def routes(hub: Hub, staff: Staff) -> list[tuple[UUID, str]]:
    """Routes to narrow a list to, by name."""
    async with hub.database.tenant(staff.organisation_id) as connection:
        return await lists.routes(connection, staff.organisation_id)


async def one(hub: Hub, staff: Staff, booking_id: UUID) -> ListedBooking:
    """One booking. Raises ``BookingNotFound``."""
    async with hub.database.tenant(staff.organisation_id) as connection:
        return await read_one(hub, connection, staff.organisation_id, booking_id)


async def read_one(hub: Hub, connection: Connection, organisation_id: UUID, booking_id: UUID) -> ListedBooking:
    """The same in the caller's transaction."""
    found = await lists.read(connection, organisation_id, [booking_id], hub.clock.now())
    if not found:
        raise BookingNotFound
    return found[0]


async def notes(hub: Hub, staff: Staff, booking_id: UUID) -> list[Note]:
    """The remarks on a booking. Raises ``BookingNotFound``."""
    async with hub.database.tenant(staff.organisation_id) as connection:
        await read_one(hub, connection, staff.organisation_id, booking_id)
        return await desk.notes(connection, staff.organisation_id, booking_id)


async def timeline(hub: Hub, staff: Staff, booking_id: UUID) -> list[TimelineItem]:
    """Everything that happened to a booking, in order, people called by their names. Raises ``BookingNotFound``."""
    async with hub.database.tenant(staff.organisation_id) as connection:
        await read_one(hub, connection, staff.organisation_id, booking_id)
        items = await desk.happened(connection, staff.organisation_id, booking_id)
        people = {by: UUID(by.partition(":")[2]) for item in items if (by := item.by or "").startswith("person:")}
        names = await desk.names_of(connection, people.values())
    return [replace(item, by=names.get(people[item.by], item.by)) if item.by in people else item for item in items]
