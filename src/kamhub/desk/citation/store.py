"""SQL of places. In the tenant scope."""

from __future__ import annotations

from uuid import UUID

from kamhub.desk.citation.types import Place
from kamhub.desk.knowledge.types import Position
from kamhub.platform.database.pool import Connection


async def place_of(connection: Connection, organisation_id: UUID, chunk_id: UUID) -> Place | None:
    """Where a chunk stands; None when there is no such chunk (any more)."""
    rows = await connection.execute(
        "SELECT asset_id, article_id, position, text FROM chunks WHERE organisation_id = %s AND id = %s",
        (organisation_id, chunk_id),
    )
    row = await rows.fetchone()
    if row is None:
        return None
    asset_id, article_id, told, text = row
    position = Position(**{**told, "headings": tuple(told["headings"])})
    return Place("article" if asset_id is None else "asset", asset_id or article_id, position, text)
