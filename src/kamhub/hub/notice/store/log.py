"""SQL of the log of messages, for staff; in the scope of one organisation."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from kamhub.hub.notice.types import LoggedMessage, MessageQuery
from kamhub.kit.ids import normalise_code
from kamhub.platform.database.pool import Connection

# Beyond it nobody cares how many there are, and counting would take longer than showing.
MOST_COUNTED = 10_000

_COLUMNS = """m.id, m.booking_id, b.code, m.kind, m.channel, m.locale, m.recipient, m.created_at, m.send_after, m.sent_at,
  m.failed_at, m.subject, m.body"""
_FROM = "messages m JOIN bookings b ON b.organisation_id = m.organisation_id AND b.id = m.booking_id"
_STATUS = {
    "waiting": "m.sent_at IS NULL AND m.failed_at IS NULL",
    "sent": "m.sent_at IS NOT NULL",
    "failed": "m.sent_at IS NULL AND m.failed_at IS NOT NULL",
}


def _where(organisation_id: UUID, query: MessageQuery) -> tuple[str, list[Any]]:
    conditions, values = ["m.organisation_id = %s"], [organisation_id]
    parameters: list[Any] = list(values)
    if query.status is not None:
        conditions.append(_STATUS[query.status])
    if query.kind is not None:
        conditions.append("m.kind = %s")
        parameters.append(query.kind)
    if query.channel is not None:
        conditions.append("m.channel = %s")
        parameters.append(query.channel)
    if query.booking is not None:
        column, value = _name(query.booking)
        conditions.append(f"m.booking_id IN (SELECT id FROM bookings WHERE organisation_id = %s AND {column} = %s)")
        parameters += [organisation_id, value]
    return " AND ".join(conditions), parameters


def _name(text: str) -> tuple[str, UUID | str]:
    """The column that is meant, and what is looked for in it: an id, or else the code as people type it."""
    try:
        return "id", UUID(text.strip())
    except ValueError:
        return "code", normalise_code(text)


async def messages(
    connection: Connection, organisation_id: UUID, query: MessageQuery, *, offset: int, limit: int
) -> tuple[list[LoggedMessage], int]:
    """A page of those messages, the newest first, and how many there are (at most ``MOST_COUNTED``)."""
    where, values = _where(organisation_id, query)
    rows = await connection.execute(
        f"SELECT {_COLUMNS} FROM {_FROM} WHERE {where} ORDER BY m.id DESC OFFSET %s LIMIT %s".encode(),
        (*values, offset, limit),
        prepare=False,  # the best plan depends on what is asked for
    )
    found = [LoggedMessage(*row) for row in await rows.fetchall()]
    counted = await connection.execute(
        f"SELECT count(*) FROM (SELECT FROM messages m WHERE {where} LIMIT %s) AS bounded".encode(),
        (*values, MOST_COUNTED),
        prepare=False,
    )
    row = await counted.fetchone()
    return found, row[0] if row else 0


async def message(connection: Connection, organisation_id: UUID, message_id: UUID) -> LoggedMessage | None:
    """One of them."""
    rows = await connection.execute(
        f"SELECT {_COLUMNS} FROM {_FROM} WHERE m.organisation_id = %s AND m.id = %s".encode(),
        (organisation_id, message_id),
    )
    row = await rows.fetchone()
    return LoggedMessage(*row) if row else None


async def booking_named(connection: Connection, organisation_id: UUID, name: str) -> UUID | None:
    """The booking of that code or id."""
    column, value = _name(name)
    rows = await connection.execute(
        f"SELECT id FROM bookings WHERE organisation_id = %s AND {column} = %s".encode(), (organisation_id, value)
    )
    row = await rows.fetchone()
    return row[0] if row else None
