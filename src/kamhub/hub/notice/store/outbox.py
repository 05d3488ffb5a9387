"""SQL of the outbox; everything in the scope of one organisation."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from psycopg.types.json import Jsonb

from kamhub.hub.notice.types import Attempt, AttemptOutcome, Message, Reach
from kamhub.platform.database.pool import Connection


async def add(connection: Connection, message: Message) -> bool:
    """Write a message; False when the booking already has one of that kind, channel and occasion."""
    cursor = await connection.execute(
        """INSERT INTO messages (organisation_id, id, booking_id, kind, locale, recipient, created_at, channel, occasion, facts,
             send_after)
           VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s)
           ON CONFLICT ON CONSTRAINT messages_once DO NOTHING""",
        (
            message.organisation_id,
            message.id,
            message.booking_id,
            message.kind,
            message.locale,
            message.recipient,
            message.created_at,
            message.channel,
            message.occasion,
            Jsonb(dict(message.facts)),
            message.send_after,
        ),
    )
    return cursor.rowcount == 1


async def load(connection: Connection, organisation_id: UUID, message_id: UUID) -> Message | None:
    """One message."""
    cursor = await connection.execute(
        """SELECT organisation_id, id, booking_id, kind, locale, recipient, created_at, sent_at, channel,
             occasion, facts, send_after FROM messages WHERE organisation_id = %s AND id = %s""",
        (organisation_id, message_id),
    )
    row = await cursor.fetchone()
    return Message(*row) if row else None


async def mark_sent(connection: Connection, message: Message, at: datetime, subject: str, body: str) -> None:
    """Write when the message went out, the first time, and what it said."""
    await connection.execute(
        """UPDATE messages SET sent_at = %s, failed_at = NULL, subject = %s, body = %s
           WHERE organisation_id = %s AND id = %s AND sent_at IS NULL""",
        (at, subject, body, message.organisation_id, message.id),
    )


async def mark_failed(connection: Connection, message: Message, at: datetime) -> None:
    """Write that the message will not go out by itself any more."""
    await connection.execute(
        "UPDATE messages SET failed_at = %s WHERE organisation_id = %s AND id = %s AND sent_at IS NULL",
        (at, message.organisation_id, message.id),
    )


async def discard(connection: Connection, organisation_id: UUID, message_id: UUID) -> None:
    """Delete a message that was not sent."""
    await connection.execute(
        "DELETE FROM messages WHERE organisation_id = %s AND id = %s AND sent_at IS NULL",
        (organisation_id, message_id),
    )


async def add_attempt(
    connection: Connection, message: Message, at: datetime, outcome: AttemptOutcome, error: str | None = None
) -> None:
    """Write what became of a try, or that one begins; not of a message that is gone."""
    await connection.execute(
        """INSERT INTO message_attempts (organisation_id, message_id, at, outcome, error)
           SELECT organisation_id, id, %s, %s, %s FROM messages WHERE organisation_id = %s AND id = %s""",
        (at, outcome, None if error is None else error[:500], message.organisation_id, message.id),
    )


async def settle_attempt(
    connection: Connection, message: Message, outcome: AttemptOutcome, error: str | None = None
) -> bool:
    """Write what became of the try that began; False when none is out."""
    cursor = await connection.execute(
        """UPDATE message_attempts SET outcome = %s, error = %s
           WHERE organisation_id = %s AND message_id = %s AND outcome = 'started'""",
        (outcome, None if error is None else error[:500], message.organisation_id, message.id),
    )
    return cursor.rowcount > 0


async def attempts(connection: Connection, organisation_id: UUID, message_id: UUID) -> Sequence[Attempt]:
    """Every try, the first one first."""
    cursor = await connection.execute(
        "SELECT at, outcome, error FROM message_attempts WHERE organisation_id = %s AND message_id = %s ORDER BY id",
        (organisation_id, message_id),
    )
    return [Attempt(*row) for row in await cursor.fetchall()]


async def reach(connection: Connection, organisation_id: UUID, booking_id: UUID) -> Reach | None:
    """By which ways beside mail the booking's contact can be told, and when; None without the booking."""
    cursor = await connection.execute(
        """SELECT CASE WHEN s.telegram_token IS NOT NULL THEN t.chat_id END,
             CASE WHEN s.sms_key IS NOT NULL THEN b.contact_phone END, s.quiet_from, s.quiet_to, o.time_zone,
             d.departs_at + make_interval(mins => r.offset_minutes)
           FROM bookings b
           JOIN organisations o ON o.id = b.organisation_id
           JOIN departures d ON d.organisation_id = b.organisation_id AND d.id = b.departure_id
           JOIN route_stops r ON r.organisation_id = d.organisation_id AND r.route_id = d.route_id
             AND r.position = b.from_position
           LEFT JOIN notice_settings s ON s.organisation_id = b.organisation_id
           LEFT JOIN telegram_chats t ON t.organisation_id = b.organisation_id AND t.booking_id = b.id
           WHERE b.organisation_id = %s AND b.id = %s""",
        (organisation_id, booking_id),
    )
    row = await cursor.fetchone()
    return Reach(*row) if row else None
