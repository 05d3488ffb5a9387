"""SQL of promo codes and their uses."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from kamhub.hub.price.types import PromoCode, PromoTerms, PromoUse
from kamhub.platform.database.pool import Connection

# A use counts as long as its booking keeps or has had its seats: a hold that ran out frees it.
COUNTS = "(b.status IN ('confirmed', 'redeemed') OR (b.status IN ('on_hold', 'pending') AND b.expires_at > {now}))"
_TERMS = "c.code, c.kind, c.value, c.route_id, c.valid_from, c.valid_to, c.most_uses, c.most_per_contact"
_CODE = f"c.organisation_id, c.id, {_TERMS}, c.version, c.created_at, c.archived_at"
_COUNTED = f"""
LEFT JOIN LATERAL (
  SELECT count(*) AS uses, coalesce(sum(u.amount), 0)::bigint AS given FROM promo_code_uses u
  JOIN bookings b ON b.organisation_id = u.organisation_id AND b.id = u.booking_id
  WHERE u.promo_code_id = c.id AND u.organisation_id = c.organisation_id AND {COUNTS.format(now="%(now)s")}
) counted ON true"""


def _code(row: Sequence[Any]) -> PromoCode:
    return PromoCode(row[0], row[1], PromoTerms(*row[2:10]), *row[10:])


async def codes(
    connection: Connection, organisation_id: UUID, now: datetime, *, archived: bool, offset: int, limit: int
) -> tuple[list[PromoCode], int]:
    """A page of the codes with their uses, the newest first, and how many there are; archived ones only when asked."""
    parameters = {
        "organisation": organisation_id,
        "now": now,
        "archived": archived,
        "offset": offset,
        "limit": limit,
    }
    of_them = "c.organisation_id = %(organisation)s AND (%(archived)s OR c.archived_at IS NULL)"
    cursor = await connection.execute(
        f"""SELECT {_CODE}, counted.uses, counted.given FROM (
              SELECT c.* FROM promo_codes c WHERE {of_them}
              ORDER BY c.created_at DESC, c.id DESC OFFSET %(offset)s LIMIT %(limit)s
            ) c {_COUNTED} ORDER BY c.created_at DESC, c.id DESC""".encode(),
        parameters,
    )
    found = [_code(row) for row in await cursor.fetchall()]
    total = await (
        await connection.execute(f"SELECT count(*) FROM promo_codes c WHERE {of_them}".encode(), parameters)
    ).fetchone()
    return found, total[0] if total else 0


async def find_code(
    connection: Connection, organisation_id: UUID, promo_code_id: UUID, now: datetime
) -> PromoCode | None:
    """One code with its uses."""
    cursor = await connection.execute(
        f"SELECT {_CODE}, counted.uses, counted.given FROM promo_codes c {_COUNTED} "
        "WHERE c.organisation_id = %(organisation)s AND c.id = %(id)s".encode(),
        {"organisation": organisation_id, "id": promo_code_id, "now": now},
    )
    row = await cursor.fetchone()
    return _code(row) if row else None


async def live_code_named(connection: Connection, organisation_id: UUID, code: str, now: datetime) -> PromoCode | None:
    """The live code of that name with its uses."""
    cursor = await connection.execute(
        f"SELECT {_CODE}, counted.uses, counted.given FROM promo_codes c {_COUNTED} "
        "WHERE c.organisation_id = %(organisation)s AND c.code = %(code)s AND c.archived_at IS NULL".encode(),
        {"organisation": organisation_id, "code": code, "now": now},
    )
    row = await cursor.fetchone()
    return _code(row) if row else None


async def lock_code(connection: Connection, organisation_id: UUID, promo_code_id: UUID) -> PromoCode | None:
    """One code without its uses, locked."""
    return await _lock(connection, "c.id = %s", organisation_id, promo_code_id)


async def lock_code_named(connection: Connection, organisation_id: UUID, code: str) -> PromoCode | None:
    """The live code of that name, locked: whoever uses it waits until those before are counted."""
    return await _lock(connection, "c.code = %s AND c.archived_at IS NULL", organisation_id, code)


async def _lock(connection: Connection, condition: str, organisation_id: UUID, value: object) -> PromoCode | None:
    cursor = await connection.execute(
        f"SELECT {_CODE} FROM promo_codes c WHERE c.organisation_id = %s AND {condition} FOR NO KEY UPDATE".encode(),
        (organisation_id, value),
    )
    row = await cursor.fetchone()
    return _code(row) if row else None


async def insert_code(connection: Connection, code: PromoCode) -> None:
    """Add a code. A live one of that name makes the database refuse it (``promo_codes_live_once``)."""
    terms = code.terms
    await connection.execute(
        """INSERT INTO promo_codes (organisation_id, id, code, kind, value, route_id, valid_from, valid_to, most_uses,
             most_per_contact, created_at) VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s)""",
        (code.organisation_id, code.id, *_values(terms), code.created_at),
    )


async def update_code(
    connection: Connection,
    organisation_id: UUID,
    promo_code_id: UUID,
    terms: PromoTerms,
    archived_at: datetime | None,
) -> None:
    """Change what a code is worth and to whom, and whether anybody may use it; bookings keep what it took off."""
    await connection.execute(
        """UPDATE promo_codes SET code = %s, kind = %s, value = %s, route_id = %s, valid_from = %s, valid_to = %s,
             most_uses = %s, most_per_contact = %s, archived_at = %s, version = version + 1
           WHERE organisation_id = %s AND id = %s""",
        (*_values(terms), archived_at, organisation_id, promo_code_id),
    )


def _values(terms: PromoTerms) -> tuple[object, ...]:
    return (
        terms.code,
        terms.kind,
        terms.value,
        terms.route_id,
        terms.valid_from,
        terms.valid_to,
        terms.most_uses,
        terms.most_per_contact,
    )


async def uses_of_code(
    connection: Connection, organisation_id: UUID, promo_code_id: UUID, now: datetime, *, offset: int, limit: int
) -> tuple[list[PromoUse], int]:
    """A page of the bookings that used a code, the latest first, and how many there are."""
    cursor = await connection.execute(
        f"""SELECT u.booking_id, b.code, CASE WHEN b.status IN ('on_hold', 'pending') AND b.expires_at <= %(now)s
                THEN 'expired' ELSE b.status END, u.amount, b.currency, u.used_at, {COUNTS.format(now="%(now)s")}
            FROM promo_code_uses u JOIN bookings b ON b.organisation_id = u.organisation_id AND b.id = u.booking_id
            WHERE u.organisation_id = %(organisation)s AND u.promo_code_id = %(id)s
            ORDER BY u.used_at DESC, u.booking_id OFFSET %(offset)s LIMIT %(limit)s""".encode(),
        {"organisation": organisation_id, "id": promo_code_id, "now": now, "offset": offset, "limit": limit},
    )
    found = [PromoUse(*row) for row in await cursor.fetchall()]
    counted = await (
        await connection.execute(
            "SELECT count(*) FROM promo_code_uses WHERE organisation_id = %s AND promo_code_id = %s",
            (organisation_id, promo_code_id),
        )
    ).fetchone()
    return found, counted[0] if counted else 0


async def counted_uses(
    connection: Connection, code: PromoCode, booking_id: UUID, phone: str, email: str, now: datetime
) -> tuple[int, int]:
    """How many other bookings use the code at the moment, and how many of them are of this contact."""
    cursor = await connection.execute(
        f"""SELECT count(*), count(*) FILTER (WHERE b.contact_phone = %(phone)s OR lower(b.contact_email) = %(email)s)
            FROM promo_code_uses u JOIN bookings b ON b.organisation_id = u.organisation_id AND b.id = u.booking_id
            WHERE u.organisation_id = %(organisation)s AND u.promo_code_id = %(code)s AND u.booking_id <> %(booking)s
              AND {COUNTS.format(now="%(now)s")}""".encode(),
        {
            "organisation": code.organisation_id,
            "code": code.id,
            "booking": booking_id,
            "phone": phone,
            "email": email.lower(),
            "now": now,
        },
    )
    row = await cursor.fetchone()
    return (row[0], row[1]) if row else (0, 0)


async def use_of_booking(
    connection: Connection, organisation_id: UUID, booking_id: UUID
) -> tuple[UUID, PromoTerms] | None:
    """The code that a booking uses, whether or not others still may."""
    cursor = await connection.execute(
        f"""SELECT c.id, {_TERMS} FROM promo_code_uses u
            JOIN promo_codes c ON c.organisation_id = u.organisation_id AND c.id = u.promo_code_id
            WHERE u.organisation_id = %s AND u.booking_id = %s""".encode(),
        (organisation_id, booking_id),
    )
    row = await cursor.fetchone()
    return (row[0], PromoTerms(*row[1:])) if row else None


async def write_use(
    connection: Connection, organisation_id: UUID, booking_id: UUID, promo_code_id: UUID, amount: int, at: datetime
) -> None:
    """A booking uses that code, in place of any other."""
    await connection.execute(
        """INSERT INTO promo_code_uses (organisation_id, booking_id, promo_code_id, amount, used_at)
           VALUES (%s, %s, %s, %s, %s) ON CONFLICT (organisation_id, booking_id)
           DO UPDATE SET promo_code_id = excluded.promo_code_id, amount = excluded.amount""",
        (organisation_id, booking_id, promo_code_id, amount, at),
    )


async def drop_use(connection: Connection, organisation_id: UUID, booking_id: UUID) -> None:
    """A booking uses no code any more."""
    await connection.execute(
        "DELETE FROM promo_code_uses WHERE organisation_id = %s AND booking_id = %s", (organisation_id, booking_id)
    )
