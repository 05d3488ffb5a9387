"""SQL that finds bookings for a list, and reads them whole.

A list is walked in the order of an index until the page is full: of the bookings' own ids, the newest first, or of the
departures' times. Statuses stand in the statements themselves, so that the index of each can be seen to fit.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from kamhub.hub.booking import rules as booking_rules
from kamhub.hub.booking.types import BookingStatus, Contact, Passenger
from kamhub.hub.booking_office import rules
from kamhub.hub.booking_office.types import BookingFilter, Cursor, ListedBooking
from kamhub.hub.departure import store as departures
from kamhub.kit.money import Money
from kamhub.platform.database.pool import Connection

_LAPSED = "b.status IN ('on_hold', 'pending') AND b.expires_at <= %(now)s"
# As people are told: a hold whose time is over has expired, swept or not.
_STATUS: dict[BookingStatus, tuple[str, ...]] = {
    "on_hold": ("b.status = 'on_hold' AND b.expires_at > %(now)s",),
    "pending": ("b.status = 'pending' AND b.expires_at > %(now)s",),
    "confirmed": ("b.status = 'confirmed'",),
    "redeemed": ("b.status = 'redeemed'",),
    "expired": ("b.status = 'expired'", _LAPSED),
    "cancelled": ("b.status = 'cancelled'",),
    "rejected": ("b.status = 'rejected'",),
}
_WORDS = "plain_words(b.contact_name || ' ' || b.contact_email || ' ' || b.contact_phone || ' ' || b.code)"
_SPEAKS_OF = f"""(b.code = %(code)s OR (%(worded)s AND ({_WORDS} ~ ALL (%(words)s) OR EXISTS (
  SELECT FROM booking_passengers p WHERE p.organisation_id = b.organisation_id AND p.booking_id = b.id
  AND plain_words(p.name) ~ ALL (%(words)s)))))"""
_CANDIDATES = "b.id = ANY (%(candidates)s)"


@dataclass(frozen=True, slots=True)
class Walk:
    """The statements that find ids: one for each index to be walked, their parameters, and in which order they go."""

    sources: tuple[str, ...]
    parameters: dict[str, Any] = field(repr=False)
    order: str

    def page(self) -> str:
        """``id, departs_at`` of a page: what each source gives first, put in order again."""
        if len(self.sources) == 1:
            return f"{self.sources[0]} ORDER BY {self.order} OFFSET %(offset)s LIMIT %(limit)s"
        first = " UNION ALL ".join(
            f"(SELECT * FROM ({source} ORDER BY {self.order} LIMIT %(reach)s) one)" for source in self.sources
        )
        outer = self.order.replace("b.id", "id").replace("d.departs_at", "departs_at")
        return f"SELECT id, departs_at FROM ({first}) every ORDER BY {outer} OFFSET %(offset)s LIMIT %(limit)s"

    def count(self) -> str:
        """How many there are, counted no further than ``most``."""
        each = " + ".join(f"(SELECT count(*) FROM ({source} LIMIT %(most)s) one)" for source in self.sources)
        return f"SELECT least({each}, %(most)s)"


def walk(
    organisation_id: UUID,
    wanted: BookingFilter,
    now: datetime,
    *,
    candidates: Sequence[UUID] | None = None,
    after: Cursor | None = None,
) -> Walk:
    """How the bookings that fit are found. ``candidates`` are those a text was found in; ``after``: only what follows."""
    parameters: dict[str, Any] = {"organisation": organisation_id, "now": now}
    conditions = ["b.organisation_id = %(organisation)s", *_simple(wanted, parameters)]
    if candidates is not None:
        conditions.append(_CANDIDATES)
        parameters["candidates"] = list(candidates)
    elif wanted.text is not None:
        conditions.append(_SPEAKS_OF)
        words = list(wanted.text.words)
        parameters |= {"code": wanted.text.code, "words": words, "worded": bool(words)}
    by_travel = rules.by_travel(wanted)
    ascending = by_travel and wanted.start is not None
    order = f"d.departs_at {_way(ascending)}, b.id {_way(ascending)}" if by_travel else "b.id DESC"
    if after is not None:
        conditions.append(_follows(by_travel, ascending))
        parameters |= {"after_id": after.booking_id, "after_at": after.departs_at}
    select = (
        "SELECT b.id, d.departs_at FROM bookings b JOIN departures d "
        "ON d.organisation_id = b.organisation_id AND d.id = b.departure_id"
        if by_travel
        else "SELECT b.id, NULL::timestamptz AS departs_at FROM bookings b"
    )
    statuses = _STATUS[wanted.status] if wanted.status else ("true",)
    sources = tuple(f"{select} WHERE {' AND '.join([*conditions, status])}" for status in statuses)
    return Walk(sources, parameters, order)


def _way(ascending: bool) -> str:
    return "ASC" if ascending else "DESC"


def _follows(by_travel: bool, ascending: bool) -> str:
    if not by_travel:
        return "b.id < %(after_id)s"
    return f"(d.departs_at, b.id) {'>' if ascending else '<'} (%(after_at)s, %(after_id)s)"


def _simple(wanted: BookingFilter, parameters: dict[str, Any]) -> list[str]:
    """The filters that compare a column with a value."""
    offered = {
        "departure": ("b.departure_id = %(departure)s", wanted.departure_id),
        "channel": ("b.channel = %(channel)s", wanted.channel),
        "routes": ("d.route_id = ANY (%(routes)s)", list(wanted.routes) if wanted.routes is not None else None),
        "start": ("d.departs_at >= %(start)s", wanted.start),
        "end": ("d.departs_at < %(end)s", wanted.end),
    }
    chosen = {name: (condition, value) for name, (condition, value) in offered.items() if value is not None}
    parameters |= {name: value for name, (_, value) in chosen.items()}
    conditions = [condition for condition, _ in chosen.values()]
    if wanted.named or wanted.channel is not None:  # as the index of channels has it
        conditions.append("(b.contact_name IS NOT NULL OR b.erased_at IS NOT NULL)")
    if rules.by_travel(wanted):
        conditions.append("d.organisation_id = %(organisation)s")
    return conditions


async def page_ids(connection: Connection, found: Walk, offset: int, limit: int) -> list[UUID]:
    """The ids of a page, in order."""
    bounds = {"offset": offset, "limit": limit, "reach": offset + limit}
    # Not prepared: the best plan depends on what is asked for.
    rows = await connection.execute(found.page().encode(), found.parameters | bounds, prepare=False)
    return [row[0] for row in await rows.fetchall()]


async def count(connection: Connection, found: Walk, most: int) -> int:
    """How many fit, counted no further than ``most``."""
    rows = await connection.execute(found.count().encode(), found.parameters | {"most": most}, prepare=False)
    row = await rows.fetchone()
    return row[0] if row else 0


async def with_text(
    connection: Connection, organisation_id: UUID, code: str | None, words: Sequence[str], most: int
) -> list[UUID]:
    """The newest bookings with that code, or with all of these words in contact, code or one passenger's name."""
    rows = await connection.execute(
        "SELECT id FROM bookings WHERE code = %s AND organisation_id = %s "
        "UNION SELECT found.id FROM bookings_with_words(%s, %s) AS found(id)",
        (code, organisation_id, list(words), most),
    )
    return [row[0] for row in await rows.fetchall()]


async def routes_called(connection: Connection, organisation_id: UUID, reference: str) -> tuple[UUID, ...]:
    """Routes with that id or that name, archived ones too."""
    rows = await connection.execute(
        "SELECT id FROM routes WHERE organisation_id = %s AND (id::text = lower(%s) OR lower(name) = lower(%s))",
        (organisation_id, reference, reference),
    )
    return tuple(row[0] for row in await rows.fetchall())


async def routes(connection: Connection, organisation_id: UUID) -> list[tuple[UUID, str]]:
    """``(id, name)`` of the routes a list can be narrowed to."""
    rows = await connection.execute(
        "SELECT id, name FROM routes WHERE organisation_id = %s AND archived_at IS NULL ORDER BY name, id LIMIT 500",
        (organisation_id,),
    )
    return [(row[0], row[1]) for row in await rows.fetchall()]


_OWN = (
    "b.id, b.code, b.status, b.expires_at, b.created_at, b.passengers, b.price_per_seat, b.total, b.currency, b.paid, "
    "b.refunded, b.collected, b.contact_name, b.contact_phone, b.contact_email, b.contact_locale, b.special_requests, "
    "b.channel, b.pay_by, b.no_show_at, b.erased_at, b.version"
)
_BESIDE = """
(SELECT count(*) FROM booking_notes n WHERE n.organisation_id = b.organisation_id AND n.booking_id = b.id),
(SELECT array_agg(ARRAY[p.name, p.document, p.kind] ORDER BY p.position) FROM booking_passengers p
 WHERE p.organisation_id = b.organisation_id AND p.booking_id = b.id), r.id, r.name"""
_OWN_WIDTH, _BESIDE_WIDTH = 22, 4
_READ = f"""
SELECT {_OWN}, {_BESIDE}, d.id, d.departs_at, {departures.OPERATOR}, {departures.VEHICLE},
  {departures.STOP.format(s="fs", p="fp")}, {departures.STOP.format(s="ts", p="tp")}
FROM bookings b
JOIN departures d ON d.organisation_id = b.organisation_id AND d.id = b.departure_id
JOIN routes r ON r.organisation_id = d.organisation_id AND r.id = d.route_id
JOIN organisations o ON o.id = d.organisation_id
JOIN vehicles v ON v.organisation_id = d.organisation_id AND v.id = d.vehicle_id
JOIN route_stops fs ON fs.organisation_id = d.organisation_id AND fs.route_id = d.route_id AND fs.position = b.from_position
JOIN places fp ON fp.organisation_id = fs.place_organisation_id AND fp.id = fs.place_id
JOIN route_stops ts ON ts.organisation_id = d.organisation_id AND ts.route_id = d.route_id AND ts.position = b.to_position
JOIN places tp ON tp.organisation_id = ts.place_organisation_id AND tp.id = ts.place_id
WHERE b.organisation_id = %s AND b.id = ANY (%s)"""


async def read(
    connection: Connection, organisation_id: UUID, bookings: Sequence[UUID], now: datetime
) -> tuple[ListedBooking, ...]:
    """These bookings, in the order of the ids."""
    rows = await connection.execute(_READ.encode(), (organisation_id, list(bookings)))
    known = {row[0]: _listed(row, now) for row in await rows.fetchall()}
    return tuple(known[booking] for booking in bookings if booking in known)


def _listed(row: Sequence[Any], now: datetime) -> ListedBooking:
    (number, code, status, expires_at, created_at, passengers, price, total, currency, paid, refunded, collected,
     name, phone, email, locale, requests, channel, pay_by, no_show_at, erased_at, version) = row[:_OWN_WIDTH]  # fmt: skip
    notes, people, route_id, route_name = row[_OWN_WIDTH : _OWN_WIDTH + _BESIDE_WIDTH]
    return ListedBooking(
        id=number,
        code=code,
        status=booking_rules.effective_status(status, expires_at, now),
        expires_at=expires_at,
        created_at=created_at,
        passengers=passengers,
        price_per_seat=Money(price, currency),
        total=Money(total, currency),
        paid=None if paid is None else Money(paid, currency),
        refunded=None if refunded is None else Money(refunded, currency),
        collected=Money(collected, currency),
        contact=Contact(name, phone, email, "en" if locale == "en" else "ru") if name else None,
        passenger_list=tuple(Passenger(*person) for person in people or ()),
        special_requests=requests,
        channel=channel,
        pay_by=pay_by,
        no_show_at=no_show_at,
        erased_at=erased_at,
        version=version,
        notes=notes,
        route_id=route_id,
        route_name=route_name,
        stretch=departures.stretch_from(row[_OWN_WIDTH + _BESIDE_WIDTH :]),
        departs_at=row[_OWN_WIDTH + _BESIDE_WIDTH + 1],
    )
