"""SQL of vectors. In the tenant scope."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from kamhub.desk.embedding.rules import as_text
from kamhub.desk.embedding.types import Vector
from kamhub.platform.database.pool import Connection


async def chunks_without(
    connection: Connection, organisation_id: UUID, model: str, source: tuple[str, UUID] | None, limit: int
) -> list[tuple[UUID, str, str]]:
    """``id, context, text`` of chunks that have no vector of that model; of that asset or article, or of all of them."""
    of = f"AND c.{source[0]}_id = %(source)s" if source else ""
    rows = await connection.execute(
        f"""SELECT c.id, c.context, c.text FROM chunks c WHERE c.organisation_id = %(organisation)s {of} AND NOT EXISTS (
              SELECT FROM chunk_vectors v
              WHERE v.organisation_id = c.organisation_id AND v.chunk_id = c.id AND v.model = %(model)s)
            ORDER BY c.id LIMIT %(limit)s""".encode(),
        {"organisation": organisation_id, "model": model, "source": source[1] if source else None, "limit": limit},
    )
    return await rows.fetchall()


async def missing(
    connection: Connection, organisation_id: UUID, model: str, source: tuple[str, UUID] | None = None
) -> tuple[int, int]:
    """How many chunks have no vector of that model, and how many characters they are."""
    of = f"AND c.{source[0]}_id = %(source)s" if source else ""
    rows = await connection.execute(
        f"""SELECT count(*), coalesce(sum(length(c.context) + length(c.text)), 0) FROM chunks c
            WHERE c.organisation_id = %(organisation)s {of} AND NOT EXISTS (
              SELECT FROM chunk_vectors v
              WHERE v.organisation_id = c.organisation_id AND v.chunk_id = c.id AND v.model = %(model)s)""".encode(),
        {"organisation": organisation_id, "model": model, "source": source[1] if source else None},
    )
    row = await rows.fetchone()
    return (row[0], int(row[1])) if row else (0, 0)


async def keep(
    connection: Connection, organisation_id: UUID, model: str, dimension: int, vectors: Sequence[tuple[UUID, Vector]]
) -> None:
    """Write down vectors; a chunk that is gone meanwhile, or has one already, is passed over."""
    await connection.execute(
        """INSERT INTO chunk_vectors (organisation_id, chunk_id, model, dimension, embedding)
           SELECT c.organisation_id, c.id, %s, %s, given.vector::halfvec
           FROM unnest(%s::uuid[], %s::text[]) AS given (id, vector)
           JOIN chunks c ON c.organisation_id = %s AND c.id = given.id
           ON CONFLICT DO NOTHING""",
        (
            model,
            dimension,
            [chunk_id for chunk_id, _ in vectors],
            [as_text(vector) for _, vector in vectors],
            organisation_id,
        ),
    )


async def chunks(connection: Connection, organisation_id: UUID) -> int:
    """How many there are."""
    rows = await connection.execute("SELECT count(*) FROM chunks WHERE organisation_id = %s", (organisation_id,))
    row = await rows.fetchone()
    return row[0] if row else 0


async def models(connection: Connection, organisation_id: UUID) -> dict[str, int]:
    """The models there are vectors of, and how many of each."""
    rows = await connection.execute(
        "SELECT model, count(*) FROM chunk_vectors WHERE organisation_id = %s GROUP BY model", (organisation_id,)
    )
    return dict(await rows.fetchall())


async def forget(connection: Connection, organisation_id: UUID, models: Sequence[str], limit: int) -> int:
    """Take out vectors of those models, at most so many; returns how many."""
    done = await connection.execute(
        """DELETE FROM chunk_vectors v USING (
             SELECT chunk_id, model FROM chunk_vectors WHERE organisation_id = %(organisation)s AND model = ANY (%(models)s)
             LIMIT %(limit)s) gone
           WHERE v.organisation_id = %(organisation)s AND v.chunk_id = gone.chunk_id AND v.model = gone.model""",
        {"organisation": organisation_id, "models": list(models), "limit": limit},
    )
    return done.rowcount
