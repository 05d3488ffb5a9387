"""Reading one row, by a query composed of this package's own constants."""

from __future__ import annotations

from typing import Any

from kamhub.platform.database.pool import Connection


async def one_row(connection: Connection, query: str, *parameters: object) -> tuple[Any, ...] | None:
    """The row as it is, or None."""
    return await (await connection.execute(query.encode(), parameters)).fetchone()
