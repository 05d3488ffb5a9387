"""SQL of the departures that follow a timetable. Every statement is for all of them at once."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import UUID

from kamhub.hub.timetable.types import Busy, Existing, Followed, NewDeparture, Terms
from kamhub.platform.database.pool import Connection

# Whatever may name a departure besides its own history.
_REFERRED = """
  EXISTS (SELECT FROM bookings b WHERE b.departure_id = d.id AND b.organisation_id = d.organisation_id)
  OR d.id IN (SELECT w.departure_id FROM waiting_parties w WHERE w.organisation_id = %(organisation)s)
  OR d.id IN (SELECT unnest(ARRAY[m.from_departure_id, m.to_departure_id]) FROM booking_moves m
              WHERE m.organisation_id = %(organisation)s)
  OR d.id IN (SELECT x.departure_id FROM disrupted_departures x WHERE x.organisation_id = %(organisation)s)
  OR d.id IN (SELECT unnest(ARRAY[x.departure_id, x.moved_to]) FROM disrupted_bookings x
              WHERE x.organisation_id = %(organisation)s)"""

_EXISTING = f"""
SELECT d.id, d.departs_at, d.vehicle_id, d.driver_id, d.tariff_id, d.departs_at - d.sales_close_at, d.capacity,
  (SELECT count(*) FROM bookings b WHERE b.departure_id = d.id AND b.organisation_id = d.organisation_id
   AND (b.status IN ('confirmed', 'redeemed') OR b.status IN ('on_hold', 'pending') AND b.expires_at > %(now)s)),
  {_REFERRED}
FROM departures d
WHERE d.organisation_id = %(organisation)s AND d.timetable_id = %(timetable)s AND d.status <> 'cancelled'
  AND d.departs_at > %(now)s ORDER BY d.departs_at"""

_BUSY = """
SELECT d.id, d.vehicle_id, d.driver_id, lower(d.on_road), upper(d.on_road) FROM departures d
WHERE d.organisation_id = %(organisation)s AND d.status <> 'cancelled' AND d.on_road IS NOT NULL
  AND d.departs_at > %(since)s AND d.departs_at < %(until)s
  AND (d.vehicle_id = ANY(%(vehicles)s) OR d.driver_id = ANY(%(drivers)s))
  AND (%(timetable)s::uuid IS NULL OR d.timetable_id IS DISTINCT FROM %(timetable)s OR d.departs_at <= %(now)s)"""
# No departure is on the road for longer: offsets of stops end there.
_LONGEST = timedelta(minutes=20_160)

# A vehicle or driver taken by somebody else at this very moment: that one is left out, as the others are wanted.
_INSERT = """
WITH made AS (
  INSERT INTO departures (organisation_id, id, route_id, tariff_id, vehicle_id, driver_id, timetable_id, departs_at,
                          sales_close_at, capacity, taken, on_road, created_at)
  SELECT %(organisation)s, u.id, %(route)s, %(tariff)s, %(vehicle)s, %(driver)s, %(timetable)s, u.departs_at,
         u.departs_at - %(cutoff)s, %(capacity)s, array_fill(0, ARRAY[%(legs)s]),
         tstzrange(u.departs_at, u.departs_at + %(length)s), %(now)s
  FROM unnest(%(ids)s::uuid[], %(times)s::timestamptz[]) AS u(id, departs_at) ORDER BY u.departs_at
  ON CONFLICT DO NOTHING RETURNING organisation_id, id, departs_at
), told AS (
  INSERT INTO departure_events (organisation_id, departure_id, at, what, actor, reason)
  SELECT organisation_id, id, %(now)s, 'created', %(actor)s, 'timetable' FROM made
)
SELECT id FROM made"""

_FREE_ROADS = "UPDATE departures SET on_road = NULL WHERE organisation_id = %s AND id = ANY(%s)"

_FOLLOW = """
WITH changed AS (
  SELECT * FROM unnest(%(ids)s::uuid[], %(times)s::timestamptz[], %(vehicles)s::uuid[], %(drivers)s::uuid[],
                       %(tariffs)s::uuid[], %(cutoffs)s::interval[])
    AS u(id, departs_at, vehicle_id, driver_id, tariff_id, cutoff)
), written AS (
  UPDATE departures d SET departs_at = u.departs_at, sales_close_at = u.departs_at - u.cutoff, vehicle_id = u.vehicle_id,
    driver_id = u.driver_id, tariff_id = u.tariff_id, on_road = tstzrange(u.departs_at, u.departs_at + %(length)s),
    version = version + 1
  FROM changed u WHERE d.organisation_id = %(organisation)s AND d.id = u.id
)
INSERT INTO departure_events (organisation_id, departure_id, at, what, before, after, actor, reason)
SELECT %(organisation)s, e.id, %(now)s, e.what, e.before, e.after, %(actor)s, 'timetable'
FROM unnest(%(told)s::uuid[], %(whats)s::text[], %(befores)s::text[], %(afters)s::text[]) AS e(id, what, before, after)"""

_CANCEL = """
WITH cancelled AS (
  UPDATE departures SET status = 'cancelled', timetable_id = NULL, version = version + 1
  WHERE organisation_id = %(organisation)s AND id = ANY(%(ids)s) RETURNING id
)
INSERT INTO departure_events (organisation_id, departure_id, at, what, actor, reason)
SELECT %(organisation)s, id, %(now)s, 'cancelled', %(actor)s, 'timetable' FROM cancelled"""


async def existing(connection: Connection, organisation_id: UUID, timetable_id: UUID, now: datetime) -> list[Existing]:
    """The departures of a timetable that have not left, in order; what counts as sold is judged at ``now``."""
    rows = await connection.execute(
        _EXISTING.encode(), {"organisation": organisation_id, "timetable": timetable_id, "now": now}
    )
    return [Existing(*row) for row in await rows.fetchall()]


async def called_off(connection: Connection, organisation_id: UUID, timetable_id: UUID, now: datetime) -> set[datetime]:
    """When departures of the timetable were cancelled, by a decision about the day: they are not made again."""
    rows = await connection.execute(
        "SELECT departs_at FROM departures WHERE organisation_id = %s AND timetable_id = %s AND status = 'cancelled' "
        "AND departs_at > %s",
        (organisation_id, timetable_id, now),
    )
    return {row[0] for row in await rows.fetchall()}


async def busy(
    connection: Connection,
    organisation_id: UUID,
    vehicle_ids: Sequence[UUID],
    driver_ids: Sequence[UUID],
    now: datetime,
    until: datetime,
    *,
    beside: UUID | None = None,
) -> list[Busy]:
    """Where those vehicles and drivers have to be until then; ``beside`` leaves out what has not left of a timetable."""
    rows = await connection.execute(
        _BUSY,
        {
            "organisation": organisation_id,
            "vehicles": list(vehicle_ids),
            "drivers": list(driver_ids),
            "since": now - _LONGEST,
            "until": until + _LONGEST,
            "now": now,
            "timetable": beside,
        },
    )
    return [Busy(*row) for row in await rows.fetchall()]


async def insert(
    connection: Connection,
    organisation_id: UUID,
    timetable_id: UUID,
    terms: Terms,
    wanted: Sequence[NewDeparture],
    now: datetime,
    actor: str,
) -> set[UUID]:
    """Add departures with their first event; returns those that are there now."""
    if not wanted:
        return set()
    rows = await connection.execute(
        _INSERT,
        {
            "organisation": organisation_id,
            "timetable": timetable_id,
            "route": terms.route_id,
            "tariff": terms.tariff_id,
            "vehicle": terms.vehicle_id,
            "driver": terms.driver_id,
            "cutoff": terms.sales_cutoff,
            "capacity": terms.capacity,
            "legs": terms.legs,
            "length": terms.length,
            "ids": [one.id for one in wanted],
            "times": [one.departs_at for one in wanted],
            "now": now,
            "actor": actor,
        },
    )
    return {row[0] for row in await rows.fetchall()}


async def follow(
    connection: Connection,
    organisation_id: UUID,
    changed: Sequence[Followed],
    length: timedelta,
    now: datetime,
    actor: str,
) -> None:
    """Write unsold departures as they will be, with their events.

    All of them leave the road first: two that exchange their times must not meet on the way. Their capacity is not
    written here. Raises ``psycopg.errors.ExclusionViolation`` when somebody else took a vehicle or driver meanwhile.
    """
    if not changed:
        return
    await connection.execute(_FREE_ROADS, (organisation_id, [one.before.id for one in changed]))
    events = [event for one in changed for event in _events(one)]
    await connection.execute(
        _FOLLOW,
        {
            "organisation": organisation_id,
            "ids": [one.before.id for one in changed],
            "times": [one.departs_at for one in changed],
            "vehicles": [one.vehicle_id for one in changed],
            "drivers": [one.driver_id for one in changed],
            "tariffs": [one.tariff_id for one in changed],
            "cutoffs": [one.sales_cutoff for one in changed],
            "length": length,
            "now": now,
            "actor": actor,
            "told": [event[0] for event in events],
            "whats": [event[1] for event in events],
            "befores": [event[2] for event in events],
            "afters": [event[3] for event in events],
        },
    )


def _events(one: Followed) -> list[tuple[UUID, str, str | None, str | None]]:
    """What is told of a departure: when, in which vehicle, with whom; a new tariff is told by the tariff."""
    before = one.before
    events: list[tuple[UUID, str, str | None, str | None]] = []
    if one.moved:
        events.append((before.id, "moved", before.departs_at.isoformat(), one.departs_at.isoformat()))
    if one.vehicle_id != before.vehicle_id:
        events.append((before.id, "vehicle", str(before.vehicle_id), str(one.vehicle_id)))
    if one.driver_id != before.driver_id:
        events.append((before.id, "driver", _text(before.driver_id), _text(one.driver_id)))
    return events


def _text(value: UUID | None) -> str | None:
    return None if value is None else str(value)


async def remove(
    connection: Connection, organisation_id: UUID, removed: Sequence[Existing], now: datetime, actor: str
) -> None:
    """Take unsold departures away: those that nothing names without a trace, the others as cancelled.

    A cancelled one leaves its timetable, so that it may run again at that time. Raises
    ``psycopg.errors.ForeignKeyViolation`` when something has begun to name one meanwhile.
    """
    named = [one.id for one in removed if one.referred]
    nameless = [one.id for one in removed if not one.referred]
    if named:
        await connection.execute(_CANCEL, {"organisation": organisation_id, "ids": named, "now": now, "actor": actor})
    if nameless:
        await connection.execute(
            "DELETE FROM departures WHERE organisation_id = %s AND id = ANY(%s)", (organisation_id, nameless)
        )
