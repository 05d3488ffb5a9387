"""SQL that finds and removes a traveller. In the scope of one organisation, but for what old rows are looked for."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import LiteralString
from uuid import UUID

from kamhub.hub.privacy.types import BookingState, Traveller
from kamhub.platform.database.pool import Connection

# Stands where an address was. No mail can be sent to it.
ERASED = "erased"

# Equal to nothing when the traveller has no such contact: NULL compares as unknown.
THEIRS = "organisation_id = %s AND (contact_phone = %s OR lower(contact_email) = %s)"
STATES = """
SELECT b.id, b.code, b.status, b.expires_at, d.departs_at,
  EXISTS (SELECT FROM payment_orders o WHERE o.organisation_id = b.organisation_id AND o.booking_id = b.id
          AND o.status IN ('requested', 'open')),
  EXISTS (SELECT FROM refunds r WHERE r.organisation_id = b.organisation_id AND r.booking_id = b.id
          AND r.status = 'requested')
  OR EXISTS (SELECT FROM payments p WHERE p.organisation_id = b.organisation_id AND p.booking_id = b.id
             AND p.status = 'authorized')
FROM bookings b JOIN departures d ON d.organisation_id = b.organisation_id AND d.id = b.departure_id
WHERE b.organisation_id = %s AND b.id = ANY (%s) ORDER BY b.id"""

# Their links lead to a page that knows the e-mail.
CLOSE_ORDERS: LiteralString = """
UPDATE payment_orders SET status = CASE WHEN status = 'refused' THEN status ELSE 'closed' END, url = NULL
WHERE organisation_id = %s AND booking_id = ANY (%s)"""
_FORGET_CARDS: LiteralString = """
UPDATE payments SET card_last_four = NULL
WHERE organisation_id = %s AND booking_id = ANY (%s) AND card_last_four IS NOT NULL"""
# What the provider answered when our question carried the e-mail.
_FORGET_ANSWERS: tuple[LiteralString, LiteralString] = (
    "UPDATE payment_orders SET error = NULL WHERE organisation_id = %s AND booking_id = ANY (%s) AND error IS NOT NULL",
    """UPDATE cases SET details = details - 'message'
       WHERE organisation_id = %s AND booking_id = ANY (%s) AND kind = 'order_refused'""",
)
# Where they are written to, and what they said of the trip; the stars stay, or the operator's rating would be another.
_FORGET_WORDS: tuple[LiteralString, LiteralString] = (
    "DELETE FROM telegram_chats WHERE organisation_id = %s AND booking_id = ANY (%s)",
    "UPDATE reviews SET comment = NULL, author = '' WHERE organisation_id = %s AND booking_id = ANY (%s)",
)

OLD_CONTACTS: LiteralString = """
SELECT b.organisation_id, b.id FROM bookings b
JOIN departures d ON d.organisation_id = b.organisation_id AND d.id = b.departure_id
WHERE b.contact_phone IS NOT NULL AND b.created_at < %s AND d.departs_at < %s ORDER BY b.created_at LIMIT %s"""
OLD_KEYS: LiteralString = """
DELETE FROM idempotency_keys WHERE ctid = ANY (ARRAY (
  SELECT ctid FROM idempotency_keys WHERE created_at < %s ORDER BY created_at LIMIT %s FOR UPDATE SKIP LOCKED))"""
OLD_RECIPIENTS: LiteralString = """
UPDATE messages SET recipient = 'erased', subject = NULL, body = NULL, facts = '{}' WHERE ctid = ANY (ARRAY (
  SELECT ctid FROM messages WHERE recipient <> 'erased' AND created_at < %s AND sent_at IS NOT NULL
  ORDER BY created_at LIMIT %s FOR UPDATE SKIP LOCKED))"""
OLD_UNSENT: LiteralString = """
DELETE FROM messages WHERE ctid = ANY (ARRAY (
  SELECT ctid FROM messages WHERE recipient <> 'erased' AND created_at < %s AND sent_at IS NULL
  ORDER BY created_at LIMIT %s FOR UPDATE SKIP LOCKED))"""


def _of(organisation_id: UUID, traveller: Traveller) -> tuple[UUID, str | None, str | None]:
    return organisation_id, traveller.phone, traveller.email


async def find_bookings(connection: Connection, organisation_id: UUID, traveller: Traveller) -> list[UUID]:
    """Bookings made with the traveller's phone or e-mail, the newest first."""
    query = f"SELECT id FROM bookings WHERE {THEIRS} ORDER BY created_at DESC, id"
    rows = await (await connection.execute(query.encode(), _of(organisation_id, traveller))).fetchall()
    return [row[0] for row in rows]


async def lock_bookings(connection: Connection, organisation_id: UUID, traveller: Traveller) -> list[UUID]:
    """The same, locked: first their departures, then they, each in the order of ids, as everyone locks them.

    With the traveller's contact locked no further booking can become theirs meanwhile.
    """
    await connection.execute(
        f"""SELECT id FROM departures WHERE (organisation_id, id) IN (
              SELECT organisation_id, departure_id FROM bookings WHERE {THEIRS})
            ORDER BY id FOR NO KEY UPDATE""".encode(),
        _of(organisation_id, traveller),
    )
    query = f"SELECT id FROM bookings WHERE {THEIRS} ORDER BY id FOR NO KEY UPDATE"
    rows = await (await connection.execute(query.encode(), _of(organisation_id, traveller))).fetchall()
    return [row[0] for row in rows]


async def states(connection: Connection, organisation_id: UUID, bookings: Sequence[UUID]) -> list[BookingState]:
    """What decides about these bookings."""
    rows = await (await connection.execute(STATES, (organisation_id, list(bookings)))).fetchall()
    return [BookingState(*row) for row in rows]


async def erase_bookings(
    connection: Connection, organisation_id: UUID, bookings: Sequence[UUID], at: datetime
) -> tuple[int, int]:
    """Remove the traveller from these (locked) bookings; returns how many passengers and messages were removed.

    Amounts, dates, seats, states and codes stay for the books.
    """
    theirs = (organisation_id, list(bookings))
    passengers = await connection.execute(
        "DELETE FROM booking_passengers WHERE organisation_id = %s AND booking_id = ANY (%s)", theirs
    )
    await connection.execute(
        """UPDATE bookings SET contact_name = NULL, contact_phone = NULL, contact_email = NULL, contact_locale = NULL,
             special_requests = NULL, erased_at = %s WHERE organisation_id = %s AND id = ANY (%s)""",
        (at, *theirs),
    )
    await connection.execute("SELECT erase_booking_reasons(%s, id) FROM unnest(%s::uuid[]) AS id", theirs)
    await connection.execute("DELETE FROM booking_notes WHERE organisation_id = %s AND booking_id = ANY (%s)", theirs)
    for statement in (CLOSE_ORDERS, _FORGET_CARDS, *_FORGET_ANSWERS):
        await connection.execute(statement, theirs)
    unsent = await connection.execute(
        "DELETE FROM messages WHERE organisation_id = %s AND booking_id = ANY (%s) AND sent_at IS NULL", theirs
    )
    sent = await connection.execute(
        "UPDATE messages SET recipient = %s, subject = NULL, body = NULL, facts = '{}' "
        "WHERE organisation_id = %s AND booking_id = ANY (%s) AND recipient <> %s",
        (ERASED, *theirs, ERASED),
    )
    for statement in _FORGET_WORDS:
        await connection.execute(statement, theirs)
    return passengers.rowcount, unsent.rowcount + sent.rowcount


async def erase_recipient(connection: Connection, organisation_id: UUID, email: str) -> int:
    """Remove an address from what is left of it in bookings that are somebody else's by now; returns how many messages."""
    address = (organisation_id, email)
    unsent = await connection.execute(
        "DELETE FROM messages WHERE organisation_id = %s AND lower(recipient) = %s AND recipient <> 'erased' "
        "AND sent_at IS NULL RETURNING booking_id",
        address,
    )
    sent = await connection.execute(
        "UPDATE messages SET recipient = 'erased', subject = NULL, body = NULL, facts = '{}' "
        "WHERE organisation_id = %s AND lower(recipient) = %s "
        "AND recipient <> 'erased' RETURNING booking_id",
        address,
    )
    found = [row[0] for row in (*await unsent.fetchall(), *await sent.fetchall())]
    for statement in _FORGET_ANSWERS:
        await connection.execute(statement, (organisation_id, found))
    return len(found)


async def erase_waiting(connection: Connection, organisation_id: UUID, traveller: Traveller) -> None:
    """Take the traveller off every waiting list."""
    await connection.execute(
        "DELETE FROM waiting_parties WHERE organisation_id = %s AND (phone = %s OR lower(email) = %s)",
        _of(organisation_id, traveller),
    )


async def lock_these(connection: Connection, organisation_id: UUID, bookings: Sequence[UUID]) -> list[UUID]:
    """Those of the bookings that still have a contact, locked as by ``lock_bookings``."""
    theirs = (organisation_id, list(bookings))
    await connection.execute(
        """SELECT id FROM departures WHERE (organisation_id, id) IN (
             SELECT organisation_id, departure_id FROM bookings WHERE organisation_id = %s AND id = ANY (%s))
           ORDER BY id FOR NO KEY UPDATE""",
        theirs,
    )
    rows = await (
        await connection.execute(
            "SELECT id FROM bookings WHERE organisation_id = %s AND id = ANY (%s) AND contact_phone IS NOT NULL "
            "ORDER BY id FOR NO KEY UPDATE",
            theirs,
        )
    ).fetchall()
    return [row[0] for row in rows]


async def old_contacts(connection: Connection, before: datetime, limit: int) -> list[tuple[UUID, UUID]]:
    """``(organisation, booking)`` of bookings with a contact whose departure was before that moment (system scope)."""
    rows = await (await connection.execute(OLD_CONTACTS, (before, before, limit))).fetchall()
    return [(row[0], row[1]) for row in rows]


async def prune(connection: Connection, statement: LiteralString, before: datetime, limit: int) -> int:
    """One of the statements on old rows (system scope); returns how many rows it ended."""
    return (await connection.execute(statement, (before, limit))).rowcount
