"""Telling whoever booked."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from kamhub.hub.booking.store import BookingRow
from kamhub.hub.notice import actions as notices
from kamhub.hub.notice.types import MessageKind
from kamhub.platform.database.pool import Connection


async def tell_booker(
    connection: Connection,
    booking: BookingRow,
    kind: MessageKind,
    now: datetime,
    *,
    occasion: str = "",
    facts: Mapping[str, str] | None = None,
    not_before: datetime | None = None,
) -> None:
    """Write a message of that kind to the booking's contact, once an occasion; nothing when there is no contact yet."""
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
        occasion=occasion,
        facts=facts,
        not_before=not_before,
    )
