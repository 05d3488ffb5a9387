"""SQL of the numbers that are watched, in the system scope. Each is bounded by a day or a week, or by what is open.

Money is looked for organisation by organisation, because its indexes are led by it.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any, LiteralString

from kamhub.hub.monitoring.types import DAY, WEEK, Figures, Sums
from kamhub.platform.database.pool import Connection

_HELD = """
SELECT CASE WHEN expires_at > %(now)s THEN status ELSE 'lapsed' END, count(*),
       coalesce(extract(epoch FROM %(now)s - min(expires_at)), 0)::float
FROM bookings WHERE status IN ('on_hold', 'pending') GROUP BY 1"""

_NAMED = """
SELECT status, count(*) FROM bookings WHERE contact_phone IS NOT NULL AND created_at BETWEEN %(day)s AND %(now)s
GROUP BY status"""

_DEPARTURES = """
SELECT count(*) FILTER (WHERE capacity > ANY (taken)), count(*) FILTER (WHERE capacity <= ALL (taken)),
       coalesce(sum((SELECT sum(seats) FROM unnest(taken) AS seats)), 0)::bigint,
       coalesce(sum(capacity * cardinality(taken)), 0)::bigint
FROM departures WHERE departs_at >= %(now)s AND departs_at < %(ahead)s AND status = 'open'"""

_PAYMENTS = """
SELECT p.status, p.currency, count(*), sum(p.amount)::bigint
FROM organisations o CROSS JOIN LATERAL (
  SELECT status, currency, amount FROM payments
  WHERE organisation_id = o.id AND received_at BETWEEN %(day)s AND %(now)s AND (accepted OR status = 'declined')
) p GROUP BY 1, 2"""

_SET_ASIDE = """
SELECT 'authorized', currency, count(*), sum(amount)::bigint FROM payments WHERE status = 'authorized' GROUP BY 2"""

_REFUNDS = """
SELECT r.status, r.currency, count(*), sum(r.amount)::bigint,
       coalesce(extract(epoch FROM %(now)s - min(r.requested_at)), 0)::float
FROM organisations o CROSS JOIN LATERAL (
  SELECT status, currency, amount, requested_at FROM refunds WHERE organisation_id = o.id AND requested_at >= %(week)s
    AND (status = 'requested' OR (status = 'completed' AND settled_at >= %(day)s))
) r GROUP BY 1, 2"""

_CASES = """
SELECT kind, count(*), coalesce(extract(epoch FROM %(now)s - min(opened_at)), 0)::float
FROM cases WHERE closed_at IS NULL GROUP BY kind"""

_CURRENCIES = "SELECT DISTINCT currency FROM organisations"

QUERIES: dict[str, LiteralString] = {
    "held": _HELD,
    "named": _NAMED,
    "departures": _DEPARTURES,
    "payments": _PAYMENTS,
    "set aside": _SET_ASIDE,
    "refunds": _REFUNDS,
    "cases": _CASES,
    "currencies": _CURRENCIES,
}


def moments(now: datetime) -> dict[str, datetime]:
    """What the queries are asked with."""
    return {"now": now, "day": now - DAY, "week": now - WEEK, "ahead": now + WEEK}


async def figures(connection: Connection, now: datetime) -> Figures:
    """All of them, in one round trip."""
    async with connection.pipeline():
        cursors = {name: await connection.execute(query, moments(now)) for name, query in QUERIES.items()}
        rows = {name: await cursor.fetchall() for name, cursor in cursors.items()}
    (on_sale, sold_out, taken, capacity) = rows["departures"][0]
    return Figures(
        held={row[0]: row[1] for row in rows["held"]},
        oldest_lapsed=_oldest(row[2] for row in rows["held"] if row[0] == "lapsed"),
        named=dict(rows["named"]),
        on_sale=on_sale,
        sold_out=sold_out,
        taken=taken,
        capacity=capacity,
        paid=_sums(rows["payments"], "completed"),
        declined=_sums(rows["payments"], "declined"),
        set_aside=_sums(rows["set aside"], "authorized"),
        returned=_sums(rows["refunds"], "completed"),
        to_return=_sums(rows["refunds"], "requested"),
        oldest_to_return=_oldest(row[4] for row in rows["refunds"] if row[0] == "requested"),
        cases={row[0]: row[1] for row in rows["cases"]},
        oldest_case=_oldest(row[2] for row in rows["cases"]),
        currencies=frozenset(row[0] for row in rows["currencies"]),
    )


def _sums(rows: Iterable[tuple[Any, ...]], status: str) -> Sums:
    return {row[1]: (row[2], row[3]) for row in rows if row[0] == status}


def _oldest(ages: Iterable[float]) -> float:
    return max(ages, default=0.0)
