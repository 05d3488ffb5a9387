"""Telling whoever booked."""

from __future__ import annotations

from datetime import datetime

from kamhub.hub.booking.store import BookingRow
from kamhub.hub.notice import actions as notices
from kamhub.hub.notice.types import MessageKind
from kamhub.platform.database.pool import Connection


async def tell_booker(connection: Connection, booking: BookingRow, kind: MessageKind, now: datetime) -> None:
    """Write a message of that kind to the booking's contact, once; nothing when there is no contact yet."""
    contact = booking.contact
    if contact is None:
        return
    await notices.tell(
        connection,
        organisation_id=booking.organisation_id,
        booking_id=booking.id,
        kind=kind,
        locale=contact.locale,
        recipient=contact.email,
        now=now,
    )
