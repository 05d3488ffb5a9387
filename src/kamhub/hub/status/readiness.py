"""Whether the database is as this program needs it."""

from __future__ import annotations

import psycopg

from kamhub.platform.database.migrate import SCHEMA_STATE, load_migrations
from kamhub.platform.database.pool import Database
from kamhub.platform.job.store import lists


async def failing(database: Database) -> list[str]:
    """``migrations`` and ``queue``, as far as they are not as they must be. Raises ``DatabaseUnavailable``."""
    found = []
    try:
        async with database.system() as connection:
            newest, oldest_program = await (await connection.execute(SCHEMA_STATE)).fetchone() or (None, None)
            if newest is None or not oldest_program <= load_migrations()[-1].version <= newest:
                found.append("migrations")
    except psycopg.Error:
        found.append("migrations")
    try:
        async with database.system() as connection:
            await lists.require_readable(connection)
    except psycopg.Error:
        found.append("queue")
    return found
