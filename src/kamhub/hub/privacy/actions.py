"""Finding, handing out and removing what is held of a traveller."""

from __future__ import annotations

from itertools import groupby
from uuid import UUID

from kamhub.hub.booking import store as bookings
from kamhub.hub.booking.rules import contact_locks
from kamhub.hub.booking.tokens import BookingAccess
from kamhub.hub.booking.types import BookingNotFound
from kamhub.hub.privacy import held, rules, store
from kamhub.hub.privacy.types import BookingUpcoming, Document, Erased, ErasureReason, PersonalData, Traveller
from kamhub.hub.services import Hub
from kamhub.platform.audit import actions as audit
from kamhub.platform.database.pool import Connection
from kamhub.platform.person.types import Staff
from kamhub.platform.retention.types import Round

_OBJECT = "traveller"  # without an id: the log must not name them


async def search(hub: Hub, staff: Staff, traveller: Traveller) -> PersonalData:
    """Everything the organisation holds of a traveller; that somebody looked is written into the log."""
    return await _look(hub, staff, traveller, "personal_data.searched")


async def export(hub: Hub, staff: Staff, traveller: Traveller) -> PersonalData:
    """The same, to be handed out."""
    return await _look(hub, staff, traveller, "personal_data.exported")


async def _look(hub: Hub, staff: Staff, traveller: Traveller, action: str) -> PersonalData:
    organisation_id, now = staff.organisation_id, hub.clock.now()
    async with hub.database.tenant(organisation_id) as connection:
        found = await store.find_bookings(connection, organisation_id, traveller)
        documents = await held.of_bookings(connection, organisation_id, found, now)
        other = await held.messages_to(connection, organisation_id, traveller.email, found) if traveller.email else ()
        waiting = await held.waiting(connection, organisation_id, traveller.phone, traveller.email)
        data = PersonalData(documents, other, waiting)
        await audit.record(
            connection, organisation_id, staff.trail, action, _OBJECT, None, now, after={"counts": data.counts()}
        )
    return data


async def own_data(hub: Hub, access: BookingAccess) -> Document:
    """Everything held with one booking, for whoever made it. Raises ``BookingNotFound``."""
    async with hub.database.tenant(access.organisation_id) as connection:
        found = await held.of_bookings(connection, access.organisation_id, [access.booking_id], hub.clock.now())
    if not found:
        raise BookingNotFound
    return found[0]


async def erase(hub: Hub, staff: Staff, traveller: Traveller, reason: ErasureReason) -> Erased:
    """Remove a traveller from everything the organisation holds. The books stay; who it was is gone for good.

    Raises ``BookingUpcoming``, with nothing removed, while one of the bookings is still to be travelled or paid back.
    Doing it again removes what has come since, if anything.
    """
    organisation_id, now = staff.organisation_id, hub.clock.now()
    async with hub.database.tenant(organisation_id) as connection:
        # Whoever is writing a booking of this contact comes wholly before us or wholly after us.
        await bookings.lock_contact(connection, contact_locks(organisation_id, traveller.phone, traveller.email))
        theirs = await store.lock_bookings(connection, organisation_id, traveller)
        codes = rules.in_the_way(await store.states(connection, organisation_id, theirs), now)
        if codes:
            raise BookingUpcoming(codes)
        passengers, messages = await store.erase_bookings(connection, organisation_id, theirs, now)
        if traveller.email is not None:
            messages += await store.erase_recipient(connection, organisation_id, traveller.email)
        await store.erase_waiting(connection, organisation_id, traveller)
        erased = Erased(tuple(theirs), passengers, messages)
        facts = {"reason": reason, "counts": erased.counts(), "bookings": [str(booking) for booking in theirs]}
        await audit.record(
            connection, organisation_id, staff.trail, "personal_data.erased", _OBJECT, None, now, after=facts
        )
    return erased


async def erase_old(work: Round) -> int:
    """Remove travellers from bookings whose departure is over that long; returns how many bookings that were."""
    async with work.database.system() as connection:
        old = sorted(await store.old_contacts(connection, work.before, work.limit))
    for organisation_id, theirs in groupby(old, key=lambda found: found[0]):
        async with work.database.tenant(organisation_id) as connection:
            await _erase_these(connection, organisation_id, [booking for _, booking in theirs], work)
    return len(old)


async def _erase_these(connection: Connection, organisation_id: UUID, theirs: list[UUID], work: Round) -> None:
    still = await store.lock_these(connection, organisation_id, theirs)
    await store.erase_bookings(connection, organisation_id, still, work.now)
