"""SQL of alerts. All of it runs in the system scope."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from psycopg.rows import class_row
from psycopg.types.json import Jsonb

from kamhub.platform.alert.types import Alert
from kamhub.platform.database.pool import Connection

_COLUMNS = "kind, about, facts, raised_at, told_at, times, recovered_at"


async def lock(connection: Connection, kind: str, about: str) -> Alert | None:
    """The alert as it is known, held until the transaction ends, also when there is none yet."""
    await connection.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", (f"alert:{kind}:{about}",))
    return await find(connection, kind, about)


async def find(connection: Connection, kind: str, about: str) -> Alert | None:
    """The alert as it is known."""
    async with connection.cursor(row_factory=class_row(Alert)) as cursor:
        await cursor.execute(f"SELECT {_COLUMNS} FROM alerts WHERE kind = %s AND about = %s".encode(), (kind, about))
        return await cursor.fetchone()


async def open_alerts(connection: Connection) -> list[Alert]:
    """What is wrong now, the oldest first."""
    async with connection.cursor(row_factory=class_row(Alert)) as cursor:
        query = f"SELECT {_COLUMNS} FROM alerts WHERE recovered_at IS NULL ORDER BY raised_at, kind, about"
        await cursor.execute(query.encode())
        return await cursor.fetchall()


async def raise_anew(connection: Connection, kind: str, about: str, facts: Mapping[str, str], now: datetime) -> None:
    """It is wrong, since now."""
    await connection.execute(
        "INSERT INTO alerts (kind, about, facts, raised_at, told_at) VALUES (%(kind)s, %(about)s, %(facts)s, %(now)s, %(now)s) "
        "ON CONFLICT (kind, about) DO UPDATE SET facts = excluded.facts, raised_at = excluded.raised_at, "
        "told_at = excluded.told_at, times = 1, recovered_at = NULL",
        {"kind": kind, "about": about, "facts": Jsonb(dict(facts)), "now": now},
    )


async def count_again(
    connection: Connection, kind: str, about: str, facts: Mapping[str, str], told_at: datetime | None
) -> None:
    """It is still wrong; ``told_at`` when it is told again."""
    await connection.execute(
        "UPDATE alerts SET facts = %s, times = times + 1, told_at = coalesce(%s, told_at) WHERE kind = %s AND about = %s",
        (Jsonb(dict(facts)), told_at, kind, about),
    )


async def recover(connection: Connection, kind: str, about: str, facts: Mapping[str, str], now: datetime) -> None:
    """It is over."""
    await connection.execute(
        "UPDATE alerts SET recovered_at = %s, facts = %s WHERE kind = %s AND about = %s",
        (now, Jsonb(dict(facts)), kind, about),
    )
