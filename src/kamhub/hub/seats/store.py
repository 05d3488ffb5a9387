"""SQL of the seat engine. Only this module writes ``departures.taken``."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from kamhub.hub.monitoring.counters import count_booking
from kamhub.hub.price.store import load_rules
from kamhub.hub.seats.types import (
    DepartureSeats,
    LapsedBooking,
    NewHold,
    PriceTable,
    RoutePlan,
    SeatsTaken,
)
from kamhub.platform.database.pool import Connection

# NO KEY UPDATE: a foreign key that points at the departure takes KEY SHARE, and must not make the engine skip it.
# Whether anything has lapsed is asked in passing, so that a round with nothing to release saves a statement.
_LOCK = """
SELECT d.organisation_id, d.id, d.route_id, d.tariff_id, d.status, d.capacity, d.taken, d.departs_at,
       d.sales_close_at, o.hold_minutes, EXISTS (
         SELECT FROM bookings b
         WHERE b.departure_id = d.id AND b.status IN ('on_hold', 'pending') AND b.expires_at <= %s)
FROM departures d JOIN organisations o ON o.id = d.organisation_id
WHERE d.id = ANY(%s::text::uuid[]) ORDER BY d.id FOR NO KEY UPDATE OF d"""

# Locked, because a payment being checked may be prolonging one of them: then it is not lapsed any more.
_LAPSED = """
SELECT organisation_id, id, departure_id, status, from_position, to_position, passengers FROM bookings
WHERE departure_id = ANY(%s::text::uuid[]) AND status IN ('on_hold', 'pending') AND expires_at <= %s
ORDER BY id FOR NO KEY UPDATE"""

_KNOWN = "SELECT key_hash, request_hash, organisation_id, booking_id FROM idempotency_keys WHERE key_hash = ANY(%s)"

_WRITE = """
WITH moved AS (
  UPDATE departures d SET taken = u.taken::integer[]
  FROM unnest(%s::text::uuid[], %s::text::uuid[], %s::text[]) AS u(organisation_id, id, taken)
  WHERE d.organisation_id = u.organisation_id AND d.id = u.id
), held AS (
  SELECT * FROM unnest(%s::text::uuid[], %s::text::uuid[], %s::text::text[], %s::text::uuid[], %s::text::int2[],
                       %s::text::int2[], %s::text::int2[], %s::text::int8[], %s::text::text[],
                       %s::text::timestamptz[], %s::text::text[], %s::text::text[])
    AS u(organisation_id, id, code, departure_id, from_position, to_position, passengers, price_per_seat,
         currency, expires_at, channel, price_parts)
), booked AS (
  INSERT INTO bookings (organisation_id, id, code, departure_id, from_position, to_position, passengers, status,
                        price_per_seat, total, currency, expires_at, channel, price_parts, created_at)
  SELECT organisation_id, id, code, departure_id, from_position, to_position, passengers, 'on_hold',
         price_per_seat, price_per_seat * passengers, currency, expires_at, channel, price_parts, %s
  FROM held
)
INSERT INTO booking_events (organisation_id, booking_id, at, to_status, actor)
SELECT organisation_id, id, %s, 'on_hold', 'traveller' FROM held"""

_REMEMBER = """
INSERT INTO idempotency_keys (key_hash, request_hash, organisation_id, booking_id, created_at)
SELECT u.*, %s FROM unnest(%s::bytea[], %s::bytea[], %s::uuid[], %s::uuid[]) AS u"""

_EXPIRE = """
WITH lapsed AS (
  UPDATE bookings b SET status = 'expired'
  FROM unnest(%s::uuid[], %s::uuid[], %s::text[]) AS u(organisation_id, id, status)
  WHERE b.organisation_id = u.organisation_id AND b.id = u.id
  RETURNING b.organisation_id, b.id, u.status AS from_status
)
INSERT INTO booking_events (organisation_id, booking_id, at, from_status, to_status, actor, reason)
SELECT organisation_id, id, %s, from_status, 'expired', 'system', 'hold_expired' FROM lapsed"""

_MOVE = """
UPDATE departures d SET taken = u.taken::integer[]
FROM unnest(%s::text::uuid[], %s::text::uuid[], %s::text[]) AS u(organisation_id, id, taken)
WHERE d.organisation_id = u.organisation_id AND d.id = u.id"""

Known = tuple[bytes, UUID, UUID]
Moved = tuple[DepartureSeats, tuple[int, ...]]


async def open_round(
    connection: Connection, departure_ids: Sequence[UUID], keys: Sequence[bytes], now: datetime, *, wait: bool
) -> tuple[dict[UUID, DepartureSeats], list[LapsedBooking], dict[bytes, Known]]:
    """Lock departures in id order and read what has lapsed on them, and which keys are known already.

    With ``wait`` false, departures that somebody else has locked are left out. One round trip, and one more when
    something has lapsed.
    """
    async with connection.pipeline():
        lock = await connection.execute(
            _LOCK if wait else _LOCK + " SKIP LOCKED", (now, _array(departure_ids)), binary=True
        )
        known = await connection.execute(_KNOWN, (list(keys),)) if keys else None
        rows = await lock.fetchall()
        known_rows = {row[0]: (row[1], row[2], row[3]) for row in await known.fetchall()} if known else {}
    # Waiting for the lock, the row is read anew but the question after lapsed bookings is not: then ask for all.
    suspects = [row[1] for row in rows if row[10] or wait]
    lapsed: list[LapsedBooking] = []
    if suspects:
        cursor = await connection.execute(_LAPSED, (_array(suspects), now))
        lapsed = [_lapsed(row) for row in await cursor.fetchall()]
    return {row[1]: _departure(row) for row in rows}, lapsed, known_rows


def _departure(row: Sequence[Any]) -> DepartureSeats:
    return DepartureSeats(
        row[0], row[1], row[2], row[3], row[4], row[5], tuple(row[6]), row[7], row[8], row[9]
    )  # in the order of _LOCK


def _lapsed(row: Sequence[Any]) -> LapsedBooking:
    return LapsedBooking(row[0], row[1], row[2], row[3], SeatsTaken(row[4], row[5], row[6]))


async def existing(connection: Connection, departure_ids: Sequence[UUID]) -> set[UUID]:
    """Which of these departures exist, locked or not."""
    rows = await (
        await connection.execute("SELECT id FROM departures WHERE id = ANY(%s)", (list(departure_ids),))
    ).fetchall()
    return {row[0] for row in rows}


async def write_round(
    connection: Connection,
    moved: Sequence[Moved],
    holds: Sequence[NewHold],
    lapsed: Sequence[LapsedBooking],
    now: datetime,
) -> None:
    """Save new counters, holds with their first event and keys, and lapsed bookings, and commit. One round trip."""
    async with connection.pipeline():
        if lapsed:
            await _expire(connection, lapsed, now)
        if holds:
            await connection.execute(_WRITE, (*_counters(moved), *_columns(holds), now, now))
            await _remember(connection, [hold for hold in holds if hold.key_hash is not None], now)
        else:
            await connection.execute(_MOVE, _counters(moved))
        await connection.commit()


async def _remember(connection: Connection, keyed: Sequence[NewHold], now: datetime) -> None:
    if not keyed:
        return
    # In key order: two processes that insert the same two keys must not wait for each other crosswise.
    ordered = sorted(keyed, key=lambda hold: hold.key_hash or b"")
    columns = (
        [hold.key_hash for hold in ordered],
        [hold.request_hash for hold in ordered],
        [hold.organisation_id for hold in ordered],
        [hold.id for hold in ordered],
    )
    await connection.execute(_REMEMBER, (now, *columns))


async def _expire(connection: Connection, lapsed: Sequence[LapsedBooking], now: datetime) -> None:
    organisations = [booking.organisation_id for booking in lapsed]
    await connection.execute(
        _EXPIRE, (organisations, [booking.id for booking in lapsed], [booking.status for booking in lapsed], now)
    )
    count_booking(connection, "expired", len(lapsed))


def _counters(moved: Sequence[Moved]) -> tuple[str, str, list[str]]:
    return (
        _array([departure.organisation_id for departure, _ in moved]),
        _array([departure.id for departure, _ in moved]),
        [_array(taken) for _, taken in moved],
    )


def _columns(holds: Sequence[NewHold]) -> tuple[str, ...]:
    grants = [hold.grant for hold in holds]
    return (
        _array([hold.departure.organisation_id for hold in holds]),
        _array([hold.id for hold in holds]),
        _array([hold.code for hold in holds]),
        _array([hold.departure.id for hold in holds]),
        _array([grant.seats.from_position for grant in grants]),
        _array([grant.seats.to_position for grant in grants]),
        _array([grant.seats.passengers for grant in grants]),
        _array([grant.price_per_seat for grant in grants]),
        _array([grant.currency for grant in grants]),
        _array([grant.expires_at.isoformat() for grant in grants]),
        _array([hold.channel for hold in holds]),
        _array([grant.price_parts or "NULL" for grant in grants]),
    )


def _array(values: Iterable[object]) -> str:
    """A PostgreSQL array literal of values that need no quoting (ids, numbers, codes, times, parts of a price): nothing a caller typed.

    psycopg adapts lists element by element, which cost more than all the rest of a round.
    """
    return "{" + ",".join(map(str, values)) + "}"


async def load_plans(connection: Connection, route_ids: Iterable[UUID]) -> dict[UUID, RoutePlan]:
    """Stops of these routes."""
    query = "SELECT route_id, place_id, position FROM route_stops WHERE route_id = ANY(%s)"
    plans: dict[UUID, dict[UUID, int]] = {}
    for route_id, place_id, position in await (await connection.execute(query, (list(route_ids),))).fetchall():
        plans.setdefault(route_id, {})[place_id] = position
    return {route_id: RoutePlan(positions) for route_id, positions in plans.items()}


async def load_prices(connection: Connection, tariff_ids: Iterable[UUID]) -> dict[UUID, PriceTable]:
    """Prices of these tariffs, with the rules that change them."""
    query = """SELECT t.organisation_id, t.id, t.currency, p.from_position, p.to_position, p.amount FROM tariffs t
               LEFT JOIN tariff_prices p ON p.organisation_id = t.organisation_id AND p.tariff_id = t.id
               WHERE t.id = ANY(%s)"""
    owners: dict[UUID, UUID] = {}
    tables: dict[UUID, tuple[str, dict[tuple[int, int], int]]] = {}
    for organisation_id, tariff_id, currency, start, end, amount in await (
        await connection.execute(query, (list(tariff_ids),))
    ).fetchall():
        owners[tariff_id] = organisation_id
        amounts = tables.setdefault(tariff_id, (currency, {}))[1]
        if amount is not None:
            amounts[start, end] = amount
    rules = await load_rules(connection, [(owner, tariff_id) for tariff_id, owner in owners.items()])
    return {
        tariff_id: PriceTable(currency, amounts, rules[tariff_id]) for tariff_id, (currency, amounts) in tables.items()
    }


async def lock_departure(
    connection: Connection, departure_id: UUID, now: datetime
) -> tuple[DepartureSeats | None, list[LapsedBooking]]:
    """Lock one departure in the caller's transaction, waiting for its turn, and read what has lapsed on it."""
    departures, lapsed, _ = await open_round(connection, [departure_id], (), now, wait=True)
    return departures.get(departure_id), lapsed


async def lock_departures(
    connection: Connection, departure_ids: Collection[UUID], now: datetime
) -> tuple[dict[UUID, DepartureSeats], list[LapsedBooking]]:
    """Lock several departures in the caller's transaction, in id order, and read what has lapsed on them."""
    departures, lapsed, _ = await open_round(connection, sorted(departure_ids), (), now, wait=True)
    return departures, lapsed


async def save_all(
    connection: Connection, moved: Sequence[Moved], lapsed: Sequence[LapsedBooking], now: datetime
) -> None:
    """Write the counters of several locked departures and expire what lapsed on them, in the caller's transaction."""
    if lapsed:
        await _expire(connection, lapsed, now)
    if changed := [(departure, taken) for departure, taken in moved if taken != departure.taken]:
        await connection.execute(_MOVE, _counters(changed))


async def save_counters(
    connection: Connection,
    departure: DepartureSeats,
    taken: tuple[int, ...],
    lapsed: Sequence[LapsedBooking],
    now: datetime,
) -> None:
    """Write a locked departure's counters and expire what lapsed on it, in the caller's transaction."""
    await save_all(connection, [(departure, taken)], lapsed, now)


async def save_capacity(connection: Connection, departure: DepartureSeats, capacity: int) -> None:
    """Write how many seats a locked departure has."""
    await connection.execute(
        "UPDATE departures SET capacity = %s WHERE organisation_id = %s AND id = %s",
        (capacity, departure.organisation_id, departure.id),
    )


async def fit(connection: Connection, organisation_id: UUID, capacities: Mapping[UUID, int]) -> None:
    """Write the capacities of departures on which nobody has a seat; the CHECK refuses any other that is too small."""
    await connection.execute(
        "UPDATE departures d SET capacity = u.capacity FROM unnest(%s::uuid[], %s::integer[]) AS u(id, capacity) "
        "WHERE d.organisation_id = %s AND d.id = u.id",
        (list(capacities), list(capacities.values()), organisation_id),
    )
