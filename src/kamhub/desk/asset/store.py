"""SQL of assets. In the tenant scope unless said otherwise."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from datetime import datetime
from typing import Final
from uuid import UUID

from psycopg.errors import ForeignKeyViolation
from psycopg.types.json import Jsonb

from kamhub.desk.asset.types import Asset, AssetQuery, NewFile, NewUrl, Stage
from kamhub.desk.category.types import CategoryNotFound
from kamhub.platform.database.pool import Connection

_COLUMNS: Final = (
    "id, kind, name, url, category_id, media_type, size, digest, text_digest, status, stage, progress, error, error_facts, run, "
    "language, pages, chunk_count, reread_hours, reread_at, read_at, etag, created_at, created_by, changed_at"
)
_WANTED: Final = """
WHERE organisation_id = %(organisation)s AND (%(status)s::text IS NULL OR status = %(status)s)
  AND (%(category)s::uuid IS NULL OR category_id = %(category)s)
  AND (%(text)s::text IS NULL OR position(%(text)s IN lower(name)) > 0 OR position(%(text)s IN lower(url)) > 0)"""
# What a person or a run may set; names of columns, never anything from outside.
_SETTABLE: Final = frozenset(
    {"name", "category_id", "reread_hours", "reread_at", "media_type", "size", "digest", "text_digest", "etag", "read_at",
     "language", "pages", "chunk_count"}
)  # fmt: skip
_LOCK: Final = "hashtextextended(%s || '/' || encode(%s, 'hex'), 21)"


async def assets(
    connection: Connection, organisation_id: UUID, query: AssetQuery, *, offset: int, limit: int
) -> tuple[list[Asset], int]:
    """A page of them, the newest first, and how many there are."""
    wanted = {
        "organisation": organisation_id,
        "status": query.status,
        "category": query.category_id,
        "text": query.text.lower() if query.text else None,
        "offset": offset,
        "limit": limit,
    }
    rows = await connection.execute(
        f"SELECT {_COLUMNS} FROM assets {_WANTED} ORDER BY created_at DESC, id DESC "
        "OFFSET %(offset)s LIMIT %(limit)s".encode(),
        wanted,
    )
    found = [Asset(*row) for row in await rows.fetchall()]
    row = await (await connection.execute(f"SELECT count(*) FROM assets {_WANTED}".encode(), wanted)).fetchone()
    return found, row[0] if row else 0


async def find(connection: Connection, organisation_id: UUID, asset_id: UUID) -> Asset | None:
    """One of them."""
    return await _one(connection, "", (organisation_id, asset_id))


async def lock(connection: Connection, organisation_id: UUID, asset_id: UUID) -> Asset | None:
    """One of them, locked."""
    return await _one(connection, "FOR UPDATE", (organisation_id, asset_id))


async def _one(connection: Connection, how: str, values: tuple[UUID, UUID]) -> Asset | None:
    rows = await connection.execute(
        f"SELECT {_COLUMNS} FROM assets WHERE organisation_id = %s AND id = %s {how}".encode(), values
    )
    row = await rows.fetchone()
    return Asset(*row) if row else None


async def insert_file(
    connection: Connection,
    organisation_id: UUID,
    asset_id: UUID,
    file: NewFile,
    digest: bytes,
    size: int,
    by: str,
    now: datetime,
) -> bool:
    """Add a file; False when the organisation has it already. Raises ``CategoryNotFound``."""
    values = (organisation_id, asset_id, file.name, file.category_id, file.media_type, size, digest, now, by, now)
    return await _insert(
        connection,
        "INSERT INTO assets (organisation_id, id, kind, name, category_id, media_type, size, digest, status, created_at, "
        "created_by, changed_at) VALUES (%s, %s, 'file', %s, %s, %s, %s, %s, 'pending', %s, %s, %s) "
        "ON CONFLICT (organisation_id, digest) WHERE kind = 'file' DO NOTHING",
        values,
    )


async def insert_url(
    connection: Connection, organisation_id: UUID, asset_id: UUID, new: NewUrl, by: str, now: datetime
) -> bool:
    """Add an address; False when the organisation has it already. Raises ``CategoryNotFound``."""
    name = new.name or new.url[:300]
    values = (organisation_id, asset_id, name, new.url, new.category_id, new.reread_hours, now, by, now)
    return await _insert(
        connection,
        "INSERT INTO assets (organisation_id, id, kind, name, url, category_id, reread_hours, status, created_at, created_by, "
        "changed_at) VALUES (%s, %s, 'url', %s, %s, %s, %s, 'pending', %s, %s, %s) "
        "ON CONFLICT (organisation_id, md5(url)) WHERE kind = 'url' DO NOTHING",
        values,
    )


async def _insert(connection: Connection, statement: str, values: Sequence[object]) -> bool:
    try:
        return (await connection.execute(statement.encode(), values)).rowcount > 0
    except ForeignKeyViolation:
        raise CategoryNotFound from None


async def by_digest(connection: Connection, organisation_id: UUID, digest: bytes) -> Asset | None:
    """The file with that content."""
    rows = await connection.execute(
        f"SELECT {_COLUMNS} FROM assets WHERE organisation_id = %s AND digest = %s AND kind = 'file'".encode(),
        (organisation_id, digest),
    )
    row = await rows.fetchone()
    return Asset(*row) if row else None


async def by_url(connection: Connection, organisation_id: UUID, url: str) -> Asset | None:
    """The address."""
    rows = await connection.execute(
        f"SELECT {_COLUMNS} FROM assets WHERE organisation_id = %s AND md5(url) = md5(%s) AND kind = 'url'".encode(),
        (organisation_id, url),
    )
    row = await rows.fetchone()
    return Asset(*row) if row else None


async def change(
    connection: Connection, organisation_id: UUID, asset_id: UUID, fields: Mapping[str, object], now: datetime
) -> None:
    """Set these columns. Raises ``CategoryNotFound``."""
    try:
        await connection.execute(
            f"UPDATE assets SET {_assignments(fields)} changed_at = %s WHERE organisation_id = %s AND id = %s".encode(),
            (*fields.values(), now, organisation_id, asset_id),
        )
    except ForeignKeyViolation:
        raise CategoryNotFound from None


def _assignments(fields: Mapping[str, object]) -> str:
    if unknown := fields.keys() - _SETTABLE:
        raise KeyError(*unknown)
    return "".join(f"{name} = %s, " for name in fields)


async def begin_run(
    connection: Connection, organisation_id: UUID, asset_id: UUID, now: datetime, *, stage: Stage, read_again: bool
) -> int:
    """The next run of an asset, from that stage on; returns its number. ``read_again``: not from the text that is kept."""
    rows = await connection.execute(
        "UPDATE assets SET run = run + 1, status = 'pending', stage = %s, progress = 0, error = NULL, error_facts = '{}', "
        "reread_at = NULL, text_digest = CASE WHEN %s THEN NULL ELSE text_digest END, changed_at = %s "
        "WHERE organisation_id = %s AND id = %s RETURNING run",
        (stage, read_again, now, organisation_id, asset_id),
    )
    row = await rows.fetchone()
    return int(row[0]) if row else 0


async def take_up(
    connection: Connection, organisation_id: UUID, asset_id: UUID, run: int, now: datetime
) -> Asset | None:
    """A run begins, or goes on where it was; None when the asset is gone, done, or in another run."""
    rows = await connection.execute(
        "UPDATE assets SET status = 'processing', error = NULL, error_facts = '{}', changed_at = %s, "
        "stage = coalesce(stage, CASE kind WHEN 'url' THEN 'fetch' ELSE 'read' END) "
        f"WHERE organisation_id = %s AND id = %s AND run = %s AND status <> 'completed' RETURNING {_COLUMNS}".encode(),
        (now, organisation_id, asset_id, run),
    )
    row = await rows.fetchone()
    return Asset(*row) if row else None


async def advance(
    connection: Connection,
    organisation_id: UUID,
    asset_id: UUID,
    run: int,
    now: datetime,
    *,
    stage: Stage,
    progress: int,
    fields: Mapping[str, object],
) -> Asset | None:
    """A run has come so far; it never goes back. None when the asset is gone or in another run."""
    rows = await connection.execute(
        f"UPDATE assets SET {_assignments(fields)} stage = %s, progress = greatest(progress, %s), changed_at = %s "
        f"WHERE organisation_id = %s AND id = %s AND run = %s AND status = 'processing' RETURNING {_COLUMNS}".encode(),
        (*fields.values(), stage, progress, now, organisation_id, asset_id, run),
    )
    row = await rows.fetchone()
    return Asset(*row) if row else None


async def complete(
    connection: Connection, organisation_id: UUID, asset_id: UUID, run: int, now: datetime, reread_at: datetime | None
) -> bool:
    """A run has done everything; False when the asset is gone or in another run."""
    done = await connection.execute(
        "UPDATE assets SET status = 'completed', stage = NULL, progress = 100, reread_at = %s, changed_at = %s "
        "WHERE organisation_id = %s AND id = %s AND run = %s AND status = 'processing'",
        (reread_at, now, organisation_id, asset_id, run),
    )
    return done.rowcount > 0


async def fail(
    connection: Connection,
    organisation_id: UUID,
    asset_id: UUID,
    run: int,
    now: datetime,
    *,
    error: str,
    facts: Mapping[str, str | int],
    reread_at: datetime | None,
) -> bool:
    """A run cannot go on; False when the asset is gone or in another run."""
    done = await connection.execute(
        "UPDATE assets SET status = 'failed', error = %s, error_facts = %s, reread_at = %s, changed_at = %s "
        "WHERE organisation_id = %s AND id = %s AND run = %s AND status IN ('pending', 'processing')",
        (error[:100], Jsonb(dict(facts)), reread_at, now, organisation_id, asset_id, run),
    )
    return done.rowcount > 0


async def delete(connection: Connection, organisation_id: UUID, asset_id: UUID) -> None:
    """Remove an asset with its chunks and their vectors."""
    await connection.execute("DELETE FROM assets WHERE organisation_id = %s AND id = %s", (organisation_id, asset_id))


async def has_job(connection: Connection, asset_id: UUID) -> bool:
    """Whether a job of the asset waits or runs."""
    rows = await connection.execute(
        "SELECT 1 FROM procrastinate_jobs WHERE lock = %s AND status IN ('todo', 'doing') LIMIT 1",
        (lock_name(asset_id),),
    )
    return await rows.fetchone() is not None


def lock_name(asset_id: UUID) -> str:
    """Jobs of one asset run one after another."""
    return f"asset:{asset_id}"


async def lock_file(connection: Connection, organisation_id: UUID, digest: bytes) -> None:
    """Until the transaction ends nobody removes a file of that content."""
    await connection.execute(f"SELECT pg_advisory_xact_lock_shared({_LOCK})".encode(), (str(organisation_id), digest))


@asynccontextmanager
async def removing_file(connection: Connection, organisation_id: UUID, digest: bytes) -> AsyncIterator[None]:
    """Until the block ends nobody makes an asset of a file of that content. On a connection without a transaction."""
    values = (str(organisation_id), digest)
    await connection.execute(f"SELECT pg_advisory_lock({_LOCK})".encode(), values)
    try:
        yield
    finally:
        await connection.execute(f"SELECT pg_advisory_unlock({_LOCK})".encode(), values)


async def is_needed(connection: Connection, organisation_id: UUID, digest: bytes) -> bool:
    """Whether an asset has that file, or that text."""
    rows = await connection.execute(
        "SELECT 1 FROM assets WHERE organisation_id = %s AND (digest = %s OR text_digest = %s) LIMIT 1",
        (organisation_id, digest, digest),
    )
    return await rows.fetchone() is not None


async def due(connection: Connection, now: datetime, limit: int) -> list[tuple[UUID, UUID]]:
    """Organisation and id of addresses that are to be read again, locked; those that somebody works on are left out.

    In the system scope.
    """
    rows = await connection.execute(
        "SELECT organisation_id, id FROM assets WHERE reread_at <= %s ORDER BY reread_at LIMIT %s FOR UPDATE SKIP LOCKED",
        (now, limit),
    )
    return [(row[0], row[1]) for row in await rows.fetchall()]


async def given_up(connection: Connection, kind: str) -> list[tuple[UUID, UUID, int]]:
    """Organisation, id and run of assets whose job has failed for good without saying so. In the system scope."""
    rows = await connection.execute(
        "SELECT a.organisation_id, a.id, a.run FROM dead_jobs d JOIN assets a ON a.organisation_id = d.organisation_id "
        "AND a.id = (d.arguments ->> 'asset_id')::uuid AND a.run = (d.arguments ->> 'run_number')::int "
        "WHERE d.kind = %s AND a.status IN ('pending', 'processing')",
        (kind,),
    )
    return [(row[0], row[1], row[2]) for row in await rows.fetchall()]
