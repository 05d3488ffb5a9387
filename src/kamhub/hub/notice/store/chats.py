"""SQL of the chats that travellers linked to a booking; in the scope of one organisation."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from kamhub.platform.database.pool import Connection


async def link(
    connection: Connection, organisation_id: UUID, booking_id: UUID, chat_id: int, at: datetime
) -> str | None:
    """Send messages of that booking to that chat from now on; returns its code, None without such a booking."""
    cursor = await connection.execute(
        """WITH linked AS (
             INSERT INTO telegram_chats (organisation_id, booking_id, chat_id, linked_at)
             SELECT organisation_id, id, %s, %s FROM bookings WHERE organisation_id = %s AND id = %s AND erased_at IS NULL
             ON CONFLICT (organisation_id, booking_id) DO UPDATE SET chat_id = excluded.chat_id, linked_at = excluded.linked_at
             RETURNING organisation_id, booking_id)
           SELECT b.code FROM linked l JOIN bookings b ON b.organisation_id = l.organisation_id AND b.id = l.booking_id""",
        (chat_id, at, organisation_id, booking_id),
    )
    row = await cursor.fetchone()
    return row[0] if row else None


async def unlink_chat(connection: Connection, organisation_id: UUID, chat_id: int) -> int:
    """Send nothing to that chat any more; returns of how many bookings."""
    cursor = await connection.execute(
        "DELETE FROM telegram_chats WHERE organisation_id = %s AND chat_id = %s", (organisation_id, chat_id)
    )
    return cursor.rowcount


async def unlink_booking(connection: Connection, organisation_id: UUID, booking_id: UUID) -> None:
    """Send nothing of that booking to a chat any more."""
    await connection.execute(
        "DELETE FROM telegram_chats WHERE organisation_id = %s AND booking_id = %s", (organisation_id, booking_id)
    )


async def is_linked(connection: Connection, organisation_id: UUID, booking_id: UUID) -> bool:
    """Whether messages of that booking go to a chat."""
    cursor = await connection.execute(
        "SELECT FROM telegram_chats WHERE organisation_id = %s AND booking_id = %s", (organisation_id, booking_id)
    )
    return await cursor.fetchone() is not None
