"""SQL of the outbox; everything in the scope of one organisation."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from kamhub.hub.notice.types import Message
from kamhub.platform.database.pool import Connection


async def add(connection: Connection, message: Message) -> bool:
    """Write a message; False when the booking already has one of that kind."""
    cursor = await connection.execute(
        """INSERT INTO messages (organisation_id, id, booking_id, kind, locale, recipient, created_at)
           VALUES (%s, %s, %s, %s, %s, %s, %s)
           ON CONFLICT ON CONSTRAINT messages_once DO NOTHING""",
        (
            message.organisation_id,
            message.id,
            message.booking_id,
            message.kind,
            message.locale,
            message.recipient,
            message.created_at,
        ),
    )
    return cursor.rowcount == 1


async def load(connection: Connection, organisation_id: UUID, message_id: UUID) -> Message | None:
    """One message."""
    cursor = await connection.execute(
        """SELECT organisation_id, id, booking_id, kind, locale, recipient, created_at, sent_at
           FROM messages WHERE organisation_id = %s AND id = %s""",
        (organisation_id, message_id),
    )
    row = await cursor.fetchone()
    return Message(*row) if row else None


async def mark_sent(connection: Connection, organisation_id: UUID, message_id: UUID, at: datetime) -> None:
    """Write when the message went out, the first time."""
    await connection.execute(
        "UPDATE messages SET sent_at = %s WHERE organisation_id = %s AND id = %s AND sent_at IS NULL",
        (at, organisation_id, message_id),
    )


async def discard(connection: Connection, organisation_id: UUID, message_id: UUID) -> None:
    """Delete a message that was not sent."""
    await connection.execute(
        "DELETE FROM messages WHERE organisation_id = %s AND id = %s AND sent_at IS NULL",
        (organisation_id, message_id),
    )
