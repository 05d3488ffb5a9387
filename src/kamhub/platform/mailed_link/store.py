"""SQL of mailed links; in the system scope."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from kamhub.platform.database.pool import Connection
from kamhub.platform.mailed_link.types import MailedLink, Purpose

_LINK = "SELECT id, purpose, person_id, created_at, expires_at, used_at FROM mailed_links"


async def insert(connection: Connection, link: MailedLink) -> None:
    """Add a link."""
    await connection.execute(
        "INSERT INTO mailed_links (id, purpose, person_id, created_at, expires_at) VALUES (%s, %s, %s, %s, %s)",
        (link.id, link.purpose, link.person_id, link.created_at, link.expires_at),
    )


async def find(connection: Connection, link_id: UUID) -> MailedLink | None:
    """The link."""
    row = await (await connection.execute(f"{_LINK} WHERE id = %s".encode(), (link_id,))).fetchone()
    return MailedLink(*row) if row else None


async def use(connection: Connection, link_id: UUID, purpose: Purpose, at: datetime) -> UUID | None:
    """Spend an open link and every other of that person for that purpose; returns the person, None when it was not open."""
    row = await (
        await connection.execute(
            "UPDATE mailed_links SET used_at = %(at)s WHERE id = %(id)s AND purpose = %(purpose)s AND used_at IS NULL "
            "AND expires_at > %(at)s AND person_id IS NOT NULL RETURNING person_id",
            {"id": link_id, "purpose": purpose, "at": at},
        )
    ).fetchone()
    if row is None:
        return None
    await connection.execute(
        "UPDATE mailed_links SET used_at = %s WHERE person_id = %s AND purpose = %s AND used_at IS NULL",
        (at, row[0], purpose),
    )
    person_id: UUID = row[0]
    return person_id
