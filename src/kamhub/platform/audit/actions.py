"""Writing and reading the log."""

from __future__ import annotations

import csv
import io
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import asdict
from datetime import datetime
from uuid import UUID

from kamhub.kit.ids import new_id
from kamhub.platform.audit import rules, store
from kamhub.platform.audit.types import AuditEvent, AuditQuery, Trail
from kamhub.platform.database.pool import Connection, Database

MOST_EXPORTED = 100_000
_AT_A_TIME = 1_000


async def record(
    connection: Connection,
    organisation_id: UUID,
    trail: Trail,
    action: str,
    object_kind: str,
    object_id: UUID | str | None,
    now: datetime,
    *,
    before: Mapping[str, object] | None = None,
    after: Mapping[str, object] | None = None,
) -> None:
    """Write a line, in the caller's transaction (tenant or system scope).

    ``action`` is ``thing.happened``, such as ``member.role_changed``. ``before`` and ``after`` must be ready for JSON; of
    two states only what differs is kept, and secrets are masked.
    """
    if before is not None and after is not None:
        before, after = rules.changed(before, after)
    event = AuditEvent(
        organisation_id=organisation_id,
        id=new_id(),
        at=now,
        trail=trail,
        action=action,
        object_kind=object_kind,
        object_id=None if object_id is None else str(object_id),
        before=rules.masked(before),
        after=rules.masked(after),
    )
    await store.insert(connection, event)


async def events(
    database: Database, organisation_id: UUID, query: AuditQuery, *, offset: int = 0, limit: int = 50
) -> tuple[list[AuditEvent], int]:
    """A page of those lines, the newest first, and how many there are."""
    async with database.tenant(organisation_id) as connection:
        return await store.events(connection, organisation_id, query, offset=offset, limit=limit)


async def export(
    database: Database, organisation_id: UUID, query: AuditQuery, trail: Trail, now: datetime
) -> AsyncIterator[str]:
    """Those lines as CSV (RFC 4180), at most ``MOST_EXPORTED``, the newest first. That it was done is written down first."""
    asked = {name: str(value) for name, value in asdict(query).items() if value is not None}
    async with database.tenant(organisation_id) as connection:
        await record(
            connection, organisation_id, trail, "audit.exported", "organisation", organisation_id, now, after=asked
        )
    return _csv(database, organisation_id, query)


async def _csv(database: Database, organisation_id: UUID, query: AuditQuery) -> AsyncIterator[str]:
    """A transaction for every thousand lines: a slow reader holds none."""
    yield _row(rules.COLUMNS)
    last: UUID | None = None
    for _ in range(MOST_EXPORTED // _AT_A_TIME):
        async with database.tenant(organisation_id) as connection:
            found = await store.events_before(connection, organisation_id, query, last, _AT_A_TIME)
        if found:
            yield "".join(_row(rules.cells(event)) for event in found)
        if len(found) < _AT_A_TIME:
            return
        last = found[-1].id


def _row(values: Sequence[str]) -> str:
    text = io.StringIO()
    csv.writer(text).writerow(values)
    return text.getvalue()
