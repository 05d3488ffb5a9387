"""The life of bookings as a child would keep it in a notebook: a naive model to compare the product with."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from uuid import UUID

import psycopg
from psycopg.rows import class_row

LEGS = 3
OCCUPYING = ("on_hold", "pending", "confirmed")


@dataclass
class ModelBooking:
    departure: UUID
    start: int
    end: int
    passengers: int
    status: str
    expires_at: datetime
    named: bool = False
    paid: bool = False
    history: list[str] = field(default_factory=lambda: ["on_hold"])

    def become(self, status: str) -> None:
        self.status = status
        self.history.append(status)


@dataclass
class ModelDeparture:
    capacity: int
    online: bool
    sales_close_at: datetime
    departs_at: datetime


@dataclass
class Model:
    """What ought to be. Time is passed on by ``expire``; nothing here knows of counters, locks or sweepers."""

    departures: dict[UUID, ModelDeparture] = field(default_factory=dict)
    bookings: dict[UUID, ModelBooking] = field(default_factory=dict)

    def taken(self, departure: UUID) -> list[int]:
        legs = [0] * LEGS
        for booking in self.bookings.values():
            if booking.departure == departure and booking.status in OCCUPYING:
                for leg in range(booking.start, booking.end):
                    legs[leg] += booking.passengers
        return legs

    def free(self, departure: UUID, start: int, end: int) -> int:
        return self.departures[departure].capacity - max(self.taken(departure)[start:end])

    def hold_ends(self, departure: UUID, now: datetime) -> datetime:
        return min(now + timedelta(minutes=15), self.departures[departure].sales_close_at)

    def expire(self, now: datetime) -> None:
        for booking in self.bookings.values():
            if booking.status in ("on_hold", "pending") and booking.expires_at <= now:
                booking.become("expired")


@dataclass(frozen=True)
class StoredBooking:
    """A booking as the database has it, for the comparison."""

    id: UUID
    departure_id: UUID
    from_position: int
    to_position: int
    passengers: int
    status: str
    expires_at: datetime
    history: list[str]

    def lapsed(self, now: datetime) -> bool:
        """Over, but not yet swept."""
        return self.status in ("on_hold", "pending") and self.expires_at <= now


def stored_bookings(owner_url: str, departures: list[UUID]) -> list[StoredBooking]:
    """All bookings of these departures with the states they went through."""
    with psycopg.connect(owner_url, row_factory=class_row(StoredBooking)) as connection:
        return connection.execute(
            """SELECT id, departure_id, from_position, to_position, passengers, status, expires_at,
                      (SELECT array_agg(to_status ORDER BY e.id) FROM booking_events e WHERE e.booking_id = b.id) AS history
               FROM bookings b WHERE departure_id = ANY (%s)""",
            (departures,),
        ).fetchall()
