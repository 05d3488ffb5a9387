"""The log of messages, and sending one again."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from kamhub.hub.booking import store as bookings
from kamhub.hub.booking.actions import load as load_booking
from kamhub.hub.booking.tokens import BookingAccess
from kamhub.hub.booking.types import Booking
from kamhub.hub.notice import rules
from kamhub.hub.notice.actions.telling import put
from kamhub.hub.notice.rendering import render
from kamhub.hub.notice.store import log, outbox, templates
from kamhub.hub.notice.types import (
    Attempt,
    LoggedMessage,
    Message,
    MessageNotFound,
    MessageOvertaken,
    MessageQuery,
    MessageWaits,
    Rendered,
    TemplateKey,
)
from kamhub.hub.services import Hub
from kamhub.kit.ids import new_id
from kamhub.platform.audit import actions as audit
from kamhub.platform.person.types import Staff


async def messages(
    hub: Hub, staff: Staff, query: MessageQuery, *, offset: int, limit: int
) -> tuple[list[LoggedMessage], int]:
    """A page of the log, the newest first, and how many there are (at most ``log.MOST_COUNTED``)."""
    async with hub.database.tenant(staff.organisation_id) as connection:
        return await log.messages(connection, staff.organisation_id, query, offset=offset, limit=limit)


async def message(hub: Hub, staff: Staff, message_id: UUID) -> tuple[LoggedMessage, Sequence[Attempt], Rendered | None]:
    """One message, every try to send it, and what it would say now if it has not said it. Raises ``MessageNotFound``."""
    organisation = staff.organisation_id
    async with hub.database.tenant(organisation) as connection:
        found = await log.message(connection, organisation, message_id)
        if found is None:
            raise MessageNotFound
        tries = await outbox.attempts(connection, organisation, message_id)
        kept = await outbox.load(connection, organisation, message_id)
        key = TemplateKey(found.kind, found.channel, found.locale)
        own = await templates.template(connection, organisation, key)
    if found.sent_at is not None or kept is None:
        return found, tries, None
    booking = await load_booking(hub, BookingAccess(organisation, found.booking_id, staff.trail.actor))
    return found, tries, render(key, booking, f"{hub.public_url}/booking/{booking.id}", kept.facts, own)


async def resend(hub: Hub, staff: Staff, message_id: UUID) -> UUID:
    """Write the message once more, to whom the booking belongs now; returns the id of the new one.

    Raises ``MessageNotFound``, ``MessageWaits``, ``MessageOvertaken``.
    """
    organisation, now = staff.organisation_id, hub.clock.now()
    async with hub.database.tenant(organisation) as connection:
        found = await log.message(connection, organisation, message_id)
        old = await outbox.load(connection, organisation, message_id)
    if found is None or old is None:
        raise MessageNotFound
    if found.status == "waiting":
        raise MessageWaits
    booking = await load_booking(hub, BookingAccess(organisation, old.booking_id, staff.trail.actor))
    if rules.is_overtaken(old, booking, now):
        raise MessageOvertaken
    number = new_id()
    async with hub.database.tenant(organisation) as connection:
        await bookings.load(connection, organisation, old.booking_id, lock=True)
        reach = await outbox.reach(connection, organisation, old.booking_id)
        to = {} if reach is None else {"email": _email(booking), "sms": reach.phone, "telegram": reach.chat_id}
        recipient = to.get(old.channel)
        if not recipient:
            raise MessageOvertaken
        again = Message(
            organisation, number, old.booking_id, old.kind, old.locale, str(recipient), now, None,
            channel=old.channel, occasion=f"{old.occasion}:again:{number}", facts=old.facts,
        )  # fmt: skip
        await put(connection, again)
        after = {"kind": old.kind, "channel": old.channel, "message": str(number)}
        await audit.record(
            connection, organisation, staff.trail, "message.resent", "message", message_id, now, after=after
        )
    return number


def _email(booking: Booking) -> str | None:
    return booking.contact.email if booking.contact else None
