"""SQL of the state; what is not another feature's already."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from kamhub.hub.status.types import InDoubt
from kamhub.platform.database.pool import Connection

_IN_DOUBT = """
SELECT r.number, p.number, least(r.since, p.since) FROM
  (SELECT count(*) AS number, min(requested_at) AS since FROM refunds
   WHERE organisation_id = %(organisation)s AND status = 'requested' AND requested_at < %(before)s) r,
  (SELECT count(*) AS number, min(asked_at) AS since FROM payments
   WHERE organisation_id = %(organisation)s AND status = 'authorized' AND asked IS NOT NULL AND asked_at < %(before)s) p"""


async def in_doubt(connection: Connection, organisation_id: UUID, before: datetime) -> InDoubt:
    """What was asked of the provider before that moment and is not settled (tenant scope)."""
    cursor = await connection.execute(_IN_DOUBT, {"organisation": organisation_id, "before": before})
    row = await cursor.fetchone()
    return InDoubt(*row) if row else InDoubt(0, 0, None)


async def takes_payments(connection: Connection, organisation_id: UUID) -> bool:
    """Whether the organisation has a payment account in use (tenant scope)."""
    query = "SELECT EXISTS (SELECT FROM payment_accounts WHERE organisation_id = %s AND archived_at IS NULL)"
    row = await (await connection.execute(query, (organisation_id,))).fetchone()
    return bool(row and row[0])


async def installed_at(connection: Connection) -> datetime | None:
    """Since when there is this installation (system scope)."""
    row = await (await connection.execute("SELECT created_at FROM installation")).fetchone()
    return row[0] if row else None
