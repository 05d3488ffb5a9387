"""SQL of one booking as the office works on it: contact, notes, everything that happened to it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, LiteralString
from uuid import UUID

from kamhub.hub.booking import store as bookings
from kamhub.hub.booking.store import BookingRow
from kamhub.hub.booking.types import Contact
from kamhub.hub.booking_office.types import Changes, Note, PayBy, TimelineItem, TimelineKind
from kamhub.platform.database.pool import Connection

# ``at, by`` and what else there is to tell, of everything that happened to a booking.
_HAPPENED: tuple[tuple[TimelineKind, LiteralString], ...] = (
    (
        "status",
        """SELECT at, actor, jsonb_build_object('from', from_status, 'to', to_status, 'reason', reason) FROM
           booking_events WHERE organisation_id = %s AND booking_id = %s ORDER BY id""",
    ),
    (
        "move",
        """SELECT at, actor, jsonb_build_object('from_departure_id', from_departure_id, 'to_departure_id',
           to_departure_id, 'total_before', total_before, 'total_after', total_after, 'reason', reason) FROM
           booking_moves WHERE organisation_id = %s AND booking_id = %s ORDER BY at, id""",
    ),
    (
        "payment",
        """SELECT received_at, NULL, jsonb_build_object('payment_id', id, 'amount',
           jsonb_build_object('amount', amount, 'currency', currency), 'status', status, 'method', method,
           'accepted', accepted) FROM payments WHERE organisation_id = %s AND booking_id = %s ORDER BY
           received_at, id""",
    ),
    (
        "refund",
        """SELECT requested_at, NULL, jsonb_build_object('refund_id', id, 'amount',
           jsonb_build_object('amount', amount, 'currency', currency), 'status', status, 'reason', reason) FROM
           refunds WHERE organisation_id = %s AND booking_id = %s ORDER BY requested_at, id""",
    ),
    (
        "message",
        """SELECT created_at, NULL, jsonb_build_object('message_id', id, 'message', kind, 'channel', channel,
           'sent_at', sent_at) FROM messages WHERE organisation_id = %s AND booking_id = %s ORDER BY
           created_at, id""",
    ),
    (
        "note",
        """SELECT at, author, jsonb_build_object('note_id', id, 'text', text) FROM booking_notes WHERE
           organisation_id = %s AND booking_id = %s ORDER BY at, id""",
    ),
)


async def departure_is_ours(connection: Connection, organisation_id: UUID, departure_id: UUID) -> bool:
    """Whether the organisation runs that departure."""
    rows = await connection.execute(
        "SELECT FROM departures WHERE organisation_id = %s AND id = %s", (organisation_id, departure_id)
    )
    return await rows.fetchone() is not None


async def version_of(connection: Connection, row: BookingRow) -> int:
    """The version of a booking."""
    rows = await connection.execute(
        "SELECT version FROM bookings WHERE organisation_id = %s AND id = %s", (row.organisation_id, row.id)
    )
    found = await rows.fetchone()
    return found[0] if found else 0


async def set_pay_by(connection: Connection, row: BookingRow, pay_by: PayBy) -> None:
    """Write how the booking is paid."""
    await connection.execute(
        "UPDATE bookings SET pay_by = %s WHERE organisation_id = %s AND id = %s",
        (pay_by, row.organisation_id, row.id),
    )


async def takings(connection: Connection, row: BookingRow) -> int:
    """What was taken outside the payment service, minor units."""
    rows = await connection.execute(
        "SELECT collected FROM bookings WHERE organisation_id = %s AND id = %s", (row.organisation_id, row.id)
    )
    found = await rows.fetchone()
    return found[0] if found else 0


async def change(connection: Connection, row: BookingRow, changes: Changes) -> None:
    """Write what is different about a locked booking. Its cancellation terms stay those it was made under."""
    contact = changes.contact or row.contact or _NOBODY
    requests = changes.special_requests if changes.requests_named else row.special_requests
    await connection.execute(
        """UPDATE bookings SET contact_name = %s, contact_phone = %s, contact_email = %s, contact_locale = %s,
             special_requests = %s, version = version + 1 WHERE organisation_id = %s AND id = %s""",
        (
            contact.name or None,
            contact.phone or None,
            contact.email or None,
            contact.locale if contact.name else None,
            requests,
            row.organisation_id,
            row.id,
        ),
    )
    if changes.passenger_list is not None:
        await bookings.set_passenger_list(connection, row, changes.passenger_list)


_NOBODY = Contact("", "", "", "ru")


async def touch(connection: Connection, row: BookingRow) -> None:
    """A person has changed something about the booking that is kept elsewhere."""
    await connection.execute(
        "UPDATE bookings SET version = version + 1 WHERE organisation_id = %s AND id = %s",
        (row.organisation_id, row.id),
    )


async def add_note(connection: Connection, organisation_id: UUID, booking_id: UUID, note: Note) -> None:
    """Write a remark."""
    await connection.execute(
        "INSERT INTO booking_notes (organisation_id, booking_id, id, at, author_id, author, text) "
        "VALUES (%s, %s, %s, %s, %s, %s, %s)",
        (organisation_id, booking_id, note.id, note.at, note.author_id, note.author, note.text),
    )


async def notes(connection: Connection, organisation_id: UUID, booking_id: UUID) -> list[Note]:
    """The remarks on a booking, the first one first."""
    rows = await connection.execute(
        "SELECT id, at, author_id, author, text FROM booking_notes "
        "WHERE organisation_id = %s AND booking_id = %s ORDER BY at, id",
        (organisation_id, booking_id),
    )
    return [Note(*row) for row in await rows.fetchall()]


async def happened(connection: Connection, organisation_id: UUID, booking_id: UUID) -> list[TimelineItem]:
    """Everything that happened to a booking, in order. One round trip."""
    async with connection.pipeline():
        cursors = [(kind, await connection.execute(query, (organisation_id, booking_id))) for kind, query in _HAPPENED]
        items = [_item(kind, row) for kind, cursor in cursors for row in await cursor.fetchall()]
    return sorted(items, key=lambda item: item.at)


def _item(kind: TimelineKind, row: Any) -> TimelineItem:
    return TimelineItem(row[0], kind, row[1], row[2])


async def names_of(connection: Connection, people: Iterable[UUID]) -> dict[UUID, str]:
    """Names of those who work here now."""
    rows = await connection.execute("SELECT id, name FROM people WHERE id = ANY (%s)", (list(people),))
    return {row[0]: row[1] for row in await rows.fetchall()}
