"""SQL of secrets at rest; in the system scope."""

from __future__ import annotations

from uuid import UUID

from psycopg import sql

from kamhub.platform.crypto.types import EncryptedColumn
from kamhub.platform.database.pool import Connection

Key = tuple[UUID, ...]


async def lock_secrets(
    connection: Connection, where: EncryptedColumn, after: Key | None, most: int
) -> list[tuple[Key, bytes]]:
    """``(key, secret)`` of the next rows by key, locked; none when there are no more."""
    key = sql.SQL(", ").join(sql.Identifier(name) for name in where.key)
    beyond = sql.SQL("AND ({}) > ({})").format(key, sql.SQL(", ").join([sql.Placeholder()] * len(where.key)))
    statement = sql.SQL("SELECT {}, {} FROM {} WHERE {} IS NOT NULL {} ORDER BY {} LIMIT %s FOR NO KEY UPDATE").format(
        sql.Identifier(where.column),
        key,
        sql.Identifier(where.table),
        sql.Identifier(where.column),
        beyond if after else sql.SQL(""),
        key,
    )
    cursor = await connection.execute(statement, (*(after or ()), most))
    return [(tuple(row[1:]), row[0]) for row in await cursor.fetchall()]


async def replace_secret(connection: Connection, where: EncryptedColumn, key: Key, secret: bytes) -> None:
    """Put another encryption in the place of that row's."""
    statement = sql.SQL("UPDATE {} SET {} = %s WHERE ({}) = ({})").format(
        sql.Identifier(where.table),
        sql.Identifier(where.column),
        sql.SQL(", ").join(sql.Identifier(name) for name in where.key),
        sql.SQL(", ").join([sql.Placeholder()] * len(where.key)),
    )
    await connection.execute(statement, (secret, *key))
