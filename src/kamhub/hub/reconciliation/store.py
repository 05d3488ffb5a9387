"""SQL of comparisons with the provider's list."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any, LiteralString
from uuid import UUID

from psycopg.types.json import Jsonb

from kamhub.hub.reconciliation.types import Difference, Ours, Reconciliation, ReconciliationStatus
from kamhub.kit.ids import new_id
from kamhub.kit.money import Money
from kamhub.platform.database.pool import Connection

_RECONCILIATION: LiteralString = """
SELECT organisation_id, id, account_id, day, status, theirs, ours, repaired, differences, started_at, finished_at
FROM reconciliations"""


async def begin(
    connection: Connection, organisation_id: UUID, account_id: UUID, day: date, now: datetime
) -> Reconciliation:
    """Write that the day is being compared; once more when it was before."""
    cursor = await connection.execute(
        """INSERT INTO reconciliations (organisation_id, id, account_id, day, status, started_at)
           VALUES (%s, %s, %s, %s, 'running', %s)
           ON CONFLICT ON CONSTRAINT reconciliations_once
           DO UPDATE SET status = 'running', started_at = excluded.started_at, finished_at = NULL
           RETURNING organisation_id, id, account_id, day, status, theirs, ours, repaired, differences, started_at, finished_at""",
        (organisation_id, new_id(), account_id, day, now),
    )
    row = await cursor.fetchone()
    if row is None:
        raise LookupError("an upsert returns its row")
    return Reconciliation(*row)


async def finish(
    connection: Connection,
    one: Reconciliation,
    status: ReconciliationStatus,
    *,
    theirs: int,
    ours: int,
    differences: Sequence[Difference],
    now: datetime,
) -> None:
    """Write what it found. What was repaired in an earlier run of the day stays counted."""
    repaired = sum(1 for difference in differences if difference.repaired)
    await connection.execute(
        """UPDATE reconciliations SET status = CASE WHEN %s = 'clean' AND repaired > 0 THEN 'repaired' ELSE %s END,
             theirs = %s, ours = %s, repaired = repaired + %s,
             differences = (SELECT coalesce(jsonb_agg(kept), '[]') FROM jsonb_array_elements(differences) AS kept
                            WHERE (kept ->> 'repaired')::boolean) || %s,
             finished_at = %s WHERE organisation_id = %s AND id = %s""",
        (
            status,
            status,
            theirs,
            ours,
            repaired,
            Jsonb([difference.as_json() for difference in differences]),
            now,
            one.organisation_id,
            one.id,
        ),
    )


async def fail(connection: Connection, organisation_id: UUID, reconciliation_id: UUID, now: datetime) -> None:
    """Write that the provider did not answer."""
    await connection.execute(
        "UPDATE reconciliations SET status = 'failed', finished_at = %s WHERE organisation_id = %s AND id = %s",
        (now, organisation_id, reconciliation_id),
    )


async def one(connection: Connection, organisation_id: UUID, reconciliation_id: UUID) -> Reconciliation | None:
    """One comparison."""
    query = f"{_RECONCILIATION} WHERE organisation_id = %s AND id = %s"
    row = await (await connection.execute(query, (organisation_id, reconciliation_id))).fetchone()
    return Reconciliation(*row) if row else None


async def page(
    connection: Connection, organisation_id: UUID, *, offset: int, limit: int
) -> tuple[list[Reconciliation], int]:
    """Comparisons, the latest day first, and how many there are: one a day."""
    query = f"{_RECONCILIATION} WHERE organisation_id = %s ORDER BY day DESC, id DESC LIMIT %s OFFSET %s"
    rows = await (await connection.execute(query, (organisation_id, limit, offset))).fetchall()
    count = await (
        await connection.execute("SELECT count(*) FROM reconciliations WHERE organisation_id = %s", (organisation_id,))
    ).fetchone()
    return [Reconciliation(*row) for row in rows], int(count[0]) if count else 0


async def ours(
    connection: Connection,
    organisation_id: UUID,
    account_id: UUID,
    *,
    since: datetime,
    until: datetime,
    transactions: Sequence[int],
) -> list[Ours]:
    """What we wrote between two moments, and whatever has one of those numbers. Of refunds what was carried out."""
    values = {
        "organisation": organisation_id,
        "account": account_id,
        "since": since,
        "until": until,
        "numbers": list(transactions),
    }
    cursor = await connection.execute(
        """SELECT 'payment', p.id, p.transaction_id, p.amount, p.currency, p.status, p.received_at, p.id, p.booking_id
           FROM payments p WHERE p.organisation_id = %(organisation)s AND p.account_id = %(account)s
             AND (p.received_at >= %(since)s AND p.received_at < %(until)s OR p.transaction_id = ANY (%(numbers)s))
           UNION ALL
           SELECT 'refund', r.id, r.refund_transaction_id, r.amount, r.currency, 'completed', coalesce(r.settled_at, r.requested_at),
             r.payment_id, r.booking_id
           FROM refunds r JOIN payments p ON p.organisation_id = r.organisation_id AND p.id = r.payment_id
           WHERE r.organisation_id = %(organisation)s AND p.account_id = %(account)s AND r.refund_transaction_id IS NOT NULL
             AND r.status = 'completed'
             AND (r.settled_at >= %(since)s AND r.settled_at < %(until)s OR r.refund_transaction_id = ANY (%(numbers)s))""",
        values,
    )
    return [_ours(row) for row in await cursor.fetchall()]


def _ours(row: Sequence[Any]) -> Ours:
    return Ours(row[0], row[1], row[2], Money(row[3], row[4]), *row[5:])
