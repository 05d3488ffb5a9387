"""SQL of questions asked in vain. In the tenant scope unless said otherwise."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from kamhub.desk.gap.types import Gap, NewGap
from kamhub.platform.database.pool import Connection


async def note(connection: Connection, gap_id: UUID, gap: NewGap) -> None:
    """Count a question; one that somebody dismissed stays as it is."""
    await connection.execute(
        """INSERT INTO knowledge_gaps AS g
             (organisation_id, id, digest, question, language, asked_in, first_asked_at, last_asked_at)
           VALUES (%s, %s, %s, %s, %s, %s, %s, %s)
           ON CONFLICT (organisation_id, digest) DO UPDATE
           SET asked = g.asked + 1, asked_in = excluded.asked_in, last_asked_at = greatest(g.last_asked_at, excluded.last_asked_at)
           WHERE g.dismissed_at IS NULL""",
        (gap.organisation_id, gap_id, gap.digest, gap.question, gap.language, gap.asked_in, gap.at, gap.at),
    )


async def count(connection: Connection, organisation_id: UUID) -> int:
    """How many are shown."""
    rows = await connection.execute(
        "SELECT count(*) FROM knowledge_gaps WHERE organisation_id = %s AND dismissed_at IS NULL", (organisation_id,)
    )
    row = await rows.fetchone()
    return row[0] if row else 0


async def drop_beyond(connection: Connection, organisation_id: UUID, most: int) -> None:
    """Forget those that were asked least and longest ago, so that no more than that many are shown."""
    await connection.execute(
        """DELETE FROM knowledge_gaps WHERE organisation_id = %(organisation)s AND id IN (
             SELECT id FROM knowledge_gaps WHERE organisation_id = %(organisation)s AND dismissed_at IS NULL
             ORDER BY asked DESC, last_asked_at DESC, id OFFSET %(most)s)""",
        {"organisation": organisation_id, "most": most},
    )


async def gaps(connection: Connection, organisation_id: UUID, *, offset: int, limit: int) -> list[Gap]:
    """A page of them, the most asked first."""
    rows = await connection.execute(
        """SELECT id, question, language, asked, asked_in, first_asked_at, last_asked_at FROM knowledge_gaps
           WHERE organisation_id = %s AND dismissed_at IS NULL
           ORDER BY asked DESC, last_asked_at DESC, id OFFSET %s LIMIT %s""",
        (organisation_id, offset, limit),
    )
    return [Gap(*row) for row in await rows.fetchall()]


async def dismiss(connection: Connection, organisation_id: UUID, gap_id: UUID, now: datetime) -> bool:
    """Show it no more; whether it was shown."""
    done = await connection.execute(
        "UPDATE knowledge_gaps SET dismissed_at = %s WHERE organisation_id = %s AND id = %s AND dismissed_at IS NULL",
        (now, organisation_id, gap_id),
    )
    return done.rowcount == 1


async def prune(connection: Connection, before: datetime, limit: int) -> int:
    """Forget those nobody has asked since, of every organisation; returns how many. In the system scope."""
    done = await connection.execute(
        """DELETE FROM knowledge_gaps g USING (
             SELECT organisation_id, id FROM knowledge_gaps WHERE last_asked_at < %s ORDER BY last_asked_at LIMIT %s) old
           WHERE g.organisation_id = old.organisation_id AND g.id = old.id""",
        (before, limit),
    )
    return done.rowcount
