"""SQL of papers. In the tenant scope."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any
from uuid import UUID

from kamhub.hub.fleet_document.types import DocumentFacts, Due, FleetDocument, Subject
from kamhub.platform.database.pool import Connection

_DOCUMENT = """
SELECT d.id, d.vehicle_id, d.driver_id, coalesce(v.model || ' ' || v.plate, p.name), d.kind, d.number, d.expires_on, d.created_at
FROM fleet_documents d
LEFT JOIN vehicles v ON v.organisation_id = d.organisation_id AND v.id = d.vehicle_id
LEFT JOIN drivers p ON p.organisation_id = d.organisation_id AND p.id = d.driver_id"""

_OF = f"""{_DOCUMENT}
WHERE d.organisation_id = %s AND (d.vehicle_id = ANY (%s) OR d.driver_id = ANY (%s))
ORDER BY d.expires_on NULLS LAST, d.kind, d.id"""

# A paper that a later one of its kind has replaced says nothing any more (rules.in_force says the same of one owner).
_WANTED = """
WHERE d.organisation_id = %(organisation)s AND v.archived_at IS NULL AND p.archived_at IS NULL
  AND (%(until)s::date IS NULL OR (d.expires_on <= %(until)s AND NOT EXISTS (
    SELECT FROM fleet_documents n WHERE n.organisation_id = d.organisation_id AND n.kind = d.kind AND n.kind <> 'other'
      AND coalesce(n.vehicle_id, n.driver_id) = coalesce(d.vehicle_id, d.driver_id)
      AND coalesce(n.expires_on, 'infinity') > d.expires_on)))"""
_LIST = f"""{_DOCUMENT} {_WANTED}
ORDER BY d.expires_on NULLS LAST, 4, d.id OFFSET %(offset)s LIMIT %(limit)s"""
_COUNT = f"SELECT count(*) FROM ({_DOCUMENT} {_WANTED}) AS found"
_DUE = f"""
SELECT count(*) FILTER (WHERE expires_on < %(on)s), count(*) FILTER (WHERE expires_on >= %(on)s)
FROM ({_DOCUMENT} {_WANTED}) AS found"""


async def documents_of(
    connection: Connection, organisation_id: UUID, vehicles: Sequence[UUID], drivers: Sequence[UUID]
) -> list[FleetDocument]:
    """Every paper of these vehicles and drivers, what ends first before the rest."""
    rows = await connection.execute(_OF.encode(), (organisation_id, list(vehicles), list(drivers)))
    return [_document(row) for row in await rows.fetchall()]


async def documents(
    connection: Connection, organisation_id: UUID, until: date | None, *, offset: int, limit: int
) -> tuple[list[FleetDocument], int]:
    """A page of the papers of everything that is not archived, and how many there are.

    With ``until`` those alone that end by that day and have not been renewed.
    """
    wanted = {"organisation": organisation_id, "until": until, "offset": offset, "limit": limit}
    rows = await connection.execute(_LIST.encode(), wanted)
    found = [_document(row) for row in await rows.fetchall()]
    row = await (await connection.execute(_COUNT.encode(), wanted)).fetchone()
    return found, row[0] if row else 0


async def due(connection: Connection, organisation_id: UUID, on: date, until: date) -> Due:
    """How many papers that were not renewed ended before that day, and how many do from then on until the other."""
    rows = await connection.execute(_DUE.encode(), {"organisation": organisation_id, "until": until, "on": on})
    row = await rows.fetchone()
    return Due(*row) if row else Due(0, 0)


async def insert(
    connection: Connection,
    organisation_id: UUID,
    document_id: UUID,
    subject: Subject,
    subject_id: UUID,
    facts: DocumentFacts,
    now: datetime,
) -> None:
    """Add a paper."""
    vehicle_id, driver_id = (subject_id, None) if subject == "vehicle" else (None, subject_id)
    await connection.execute(
        "INSERT INTO fleet_documents (organisation_id, id, vehicle_id, driver_id, kind, number, expires_on, created_at) "
        "VALUES (%s, %s, %s, %s, %s, %s, %s, %s)",
        (organisation_id, document_id, vehicle_id, driver_id, facts.kind, facts.number, facts.expires_on, now),
    )


async def lock(connection: Connection, organisation_id: UUID, document_id: UUID) -> FleetDocument | None:
    """One of them, locked."""
    rows = await connection.execute(
        f"{_DOCUMENT} WHERE d.organisation_id = %s AND d.id = %s FOR UPDATE OF d".encode(),
        (organisation_id, document_id),
    )
    row = await rows.fetchone()
    return _document(row) if row else None


async def delete(connection: Connection, organisation_id: UUID, document_id: UUID) -> None:
    """Take a paper away."""
    await connection.execute(
        "DELETE FROM fleet_documents WHERE organisation_id = %s AND id = %s", (organisation_id, document_id)
    )


def _document(row: Sequence[Any]) -> FleetDocument:
    document_id, vehicle_id, driver_id, owner, kind, number, expires_on, created_at = row
    return FleetDocument(
        id=document_id,
        subject="driver" if vehicle_id is None else "vehicle",
        subject_id=vehicle_id or driver_id,
        owner=owner,
        facts=DocumentFacts(kind, number, expires_on),
        created_at=created_at,
    )
