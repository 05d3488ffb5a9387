"""SQL of chunks. In the tenant scope."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict
from typing import Final
from uuid import UUID

from kamhub.desk.knowledge.types import KeptChunk, Moved, NewChunk, Source
from kamhub.platform.database.pool import Connection

# By the kind of a source; each has an index of its own.
_OF: Final = {
    "asset": "organisation_id = %s AND asset_id = %s",
    "article": "organisation_id = %s AND article_id = %s",
}
_OWNER: Final = {"asset": "asset_id", "article": "article_id"}


async def chunks_of(connection: Connection, organisation_id: UUID, source: Source) -> list[KeptChunk]:
    """What is kept of a source, in its order."""
    rows = await connection.execute(
        f"SELECT id, digest, ordinal FROM chunks WHERE {_OF[source.kind]} ORDER BY ordinal".encode(),
        (organisation_id, source.id),
    )
    return [KeptChunk(*row) for row in await rows.fetchall()]


async def delete(connection: Connection, organisation_id: UUID, chunk_ids: Sequence[UUID]) -> None:
    """Remove these chunks with their vectors."""
    await connection.execute(
        "DELETE FROM chunks WHERE organisation_id = %s AND id = ANY (%s)", (organisation_id, list(chunk_ids))
    )


async def move(connection: Connection, organisation_id: UUID, source: Source, moved: Sequence[Moved]) -> None:
    """Give kept chunks their new places, and all of a source its title and category.

    In two steps: the places are unique at every moment, and two chunks may change theirs with each other.
    """
    await connection.execute(
        "UPDATE chunks c SET ordinal = -1 - n.ordinal, position = n.position::jsonb, title = %s, category_id = %s "
        "FROM unnest(%s::uuid[], %s::int[], %s::text[]) AS n (id, ordinal, position) "
        "WHERE c.organisation_id = %s AND c.id = n.id",
        (
            source.title,
            source.category_id,
            [one.id for one in moved],
            [one.ordinal for one in moved],
            [json.dumps(asdict(one.position), ensure_ascii=False) for one in moved],
            organisation_id,
        ),
    )
    await connection.execute(
        f"UPDATE chunks SET ordinal = -1 - ordinal WHERE {_OF[source.kind]} AND ordinal < 0".encode(),
        (organisation_id, source.id),
    )


async def insert(connection: Connection, organisation_id: UUID, source: Source, chunks: Sequence[NewChunk]) -> None:
    """Add chunks to a source."""
    pieces = [chunk.piece for chunk in chunks]
    await connection.execute(
        f"INSERT INTO chunks (organisation_id, {_OWNER[source.kind]}, category_id, title, id, ordinal, digest, context, text, "
        "language, position) SELECT %s, %s, %s, %s, n.id, n.ordinal, n.digest, n.context, n.text, n.language, n.position::jsonb "
        "FROM unnest(%s::uuid[], %s::int[], %s::bytea[], %s::text[], %s::text[], %s::text[], %s::text[]) "
        "AS n (id, ordinal, digest, context, text, language, position)".encode(),
        (
            organisation_id,
            source.id,
            source.category_id,
            source.title,
            [chunk.id for chunk in chunks],
            [chunk.ordinal for chunk in chunks],
            [piece.digest for piece in pieces],
            [piece.context for piece in pieces],
            [piece.text for piece in pieces],
            [piece.language for piece in pieces],
            [json.dumps(asdict(piece.position), ensure_ascii=False) for piece in pieces],
        ),
    )


async def describe(connection: Connection, organisation_id: UUID, source: Source) -> None:
    """Write the title and category of a source into its chunks."""
    await connection.execute(
        f"UPDATE chunks SET title = %s, category_id = %s WHERE {_OF[source.kind]}".encode(),
        (source.title, source.category_id, organisation_id, source.id),
    )


async def delete_all(connection: Connection, organisation_id: UUID, source: Source) -> int:
    """Remove all chunks of a source with their vectors; returns how many there were."""
    done = await connection.execute(
        f"DELETE FROM chunks WHERE {_OF[source.kind]}".encode(), (organisation_id, source.id)
    )
    return done.rowcount
