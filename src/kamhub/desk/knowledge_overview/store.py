"""SQL of the overview. In the tenant scope."""

from __future__ import annotations

from uuid import UUID

from kamhub.desk.knowledge_overview.types import AgentName, Amounts
from kamhub.platform.database.pool import Connection

MOST_AGENTS = 200


async def amounts(connection: Connection, organisation_id: UUID) -> Amounts:
    """How much is known."""
    rows = await connection.execute(
        "SELECT status, count(*), sum(chunk_count) FROM assets WHERE organisation_id = %s GROUP BY status",
        (organisation_id,),
    )
    assets = await rows.fetchall()
    rows = await connection.execute(
        "SELECT count(*) FILTER (WHERE status = 'published'), count(*) FILTER (WHERE status = 'draft'), "
        "(SELECT count(*) FROM chunks WHERE organisation_id = %(organisation)s AND article_id IS NOT NULL) "
        "FROM articles WHERE organisation_id = %(organisation)s",
        {"organisation": organisation_id},
    )
    published, drafts, pieces = await rows.fetchone() or (0, 0, 0)
    return Amounts(
        {status: number for status, number, _ in assets}, published, drafts, pieces + sum(row[2] for row in assets)
    )


async def agents(connection: Connection, organisation_id: UUID) -> list[AgentName]:
    """Those that a question may be asked as, by name."""
    rows = await connection.execute(
        "SELECT id, name FROM agents WHERE organisation_id = %s ORDER BY name, id LIMIT %s",
        (organisation_id, MOST_AGENTS),
    )
    return [AgentName(*row) for row in await rows.fetchall()]
