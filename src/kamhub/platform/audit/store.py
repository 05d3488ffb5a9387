"""SQL of the log."""

from __future__ import annotations

from typing import LiteralString
from uuid import UUID

from psycopg.rows import TupleRow
from psycopg.types.json import Jsonb

from kamhub.platform.audit.types import AuditEvent, AuditQuery, Trail
from kamhub.platform.database.pool import Connection

# In the order they were written: ids are made in time's order (UUID 7).
_EVENT = (
    "SELECT organisation_id, id, at, actor_kind, actor_id, actor_name, address, user_agent, request_id, action, object_kind, "
    "object_id, before, after FROM audit_events"
)


async def insert(connection: Connection, event: AuditEvent) -> None:
    """Add a line."""
    trail = event.trail
    await connection.execute(
        "INSERT INTO audit_events (organisation_id, id, at, actor_kind, actor_id, actor_name, action, object_kind, object_id, "
        "before, after, address, user_agent, request_id) VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s)",
        (
            event.organisation_id,
            event.id,
            event.at,
            trail.actor_kind,
            trail.actor_id,
            trail.actor_name,
            event.action,
            event.object_kind,
            event.object_id,
            None if event.before is None else Jsonb(event.before),
            None if event.after is None else Jsonb(event.after),
            trail.address,
            trail.user_agent,
            trail.request_id,
        ),
    )


async def events(
    connection: Connection, organisation_id: UUID, query: AuditQuery, *, offset: int, limit: int
) -> tuple[list[AuditEvent], int]:
    """A page of those lines, the newest first, and how many there are."""
    where, parameters = _where(organisation_id, query)
    rows = await connection.execute(
        f"{_EVENT} WHERE {where} ORDER BY id DESC OFFSET %(offset)s LIMIT %(limit)s".encode(),
        {**parameters, "offset": offset, "limit": limit},
    )
    found = [_event(row) for row in await rows.fetchall()]
    counted = await connection.execute(f"SELECT count(*) FROM audit_events WHERE {where}".encode(), parameters)
    row = await counted.fetchone()
    return found, row[0] if row else 0


async def events_before(
    connection: Connection, organisation_id: UUID, query: AuditQuery, before_id: UUID | None, limit: int
) -> list[AuditEvent]:
    """The next lines, the newest first, older than that one; to walk through many without holding a transaction."""
    where, parameters = _where(organisation_id, query)
    if before_id is not None:
        where, parameters = f"{where} AND id < %(before_id)s", {**parameters, "before_id": before_id}
    rows = await connection.execute(
        f"{_EVENT} WHERE {where} ORDER BY id DESC LIMIT %(limit)s".encode(), {**parameters, "limit": limit}
    )
    return [_event(row) for row in await rows.fetchall()]


def _where(organisation_id: UUID, query: AuditQuery) -> tuple[str, dict[str, object]]:
    conditions: dict[LiteralString, object] = {
        "actor_id = %(actor_id)s": query.actor_id,
        "action = %(action)s": query.action,
        "object_id = %(object_id)s": query.object_id,
        "at >= %(since)s": query.since,
        "at < %(until)s": query.until,
    }
    asked = [condition for condition, value in conditions.items() if value is not None]
    parameters: dict[str, object] = {
        "organisation_id": organisation_id,
        "actor_id": query.actor_id,
        "action": query.action,
        "object_id": query.object_id,
        "since": query.since,
        "until": query.until,
    }
    return " AND ".join(["organisation_id = %(organisation_id)s", *asked]), parameters


def _event(row: TupleRow) -> AuditEvent:
    return AuditEvent(row[0], row[1], row[2], Trail(*row[3:9]), *row[9:])
