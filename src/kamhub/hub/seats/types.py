"""What is asked of the engine, what it works on, what it answers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from kamhub.hub.price.types import PriceRule
from kamhub.kit.errors import Refusal
from kamhub.kit.text import mark


class SoldOut(Refusal):
    code = "sold_out"
    status = 409
    title = mark("There are not enough free seats")

    def __init__(self, seats_available: int) -> None:
        super().__init__(
            f"{seats_available} seat(s) are free on this stretch"
            if seats_available
            else "No seat is free on this stretch",
            extra={"seats_available": seats_available},
        )


class SalesClosed(Refusal):
    code = "sales_closed"
    status = 410
    title = mark("This departure is no longer on sale")


class StretchNotServed(Refusal):
    code = "stretch_not_served"
    status = 404
    title = mark("This departure does not go from that place to the other")


class EngineBusy(Refusal):
    code = "busy"
    status = 409
    title = mark("Too many people are booking this departure at this moment; nothing was held")

    def __init__(self) -> None:
        super().__init__(headers={"Retry-After": "1"})


class IdempotencyConflict(Refusal):
    code = "idempotency_conflict"
    status = 409
    title = mark("This Idempotency-Key was already used for another request")


@dataclass(frozen=True, slots=True)
class HoldAsk:
    """One party that wants seats; places default to the departure's first and last stop.

    ``key_hash`` and ``request_hash`` (SHA-256) make a repeat give the same booking.
    """

    departure_id: UUID
    passengers: int
    channel: str
    from_place_id: UUID | None = None
    to_place_id: UUID | None = None
    key_hash: bytes | None = None
    request_hash: bytes | None = None


@dataclass(frozen=True, slots=True)
class DepartureSeats:
    """A locked departure as the allocation sees it."""

    organisation_id: UUID
    id: UUID
    route_id: UUID
    tariff_id: UUID
    status: str
    capacity: int
    taken: tuple[int, ...]
    departs_at: datetime
    sales_close_at: datetime
    hold_minutes: int


@dataclass(frozen=True, slots=True)
class RoutePlan:
    """Stops of a route: place → position. Never changes, so it may be kept."""

    positions: Mapping[UUID, int]

    @property
    def last(self) -> int:
        return len(self.positions) - 1


@dataclass(frozen=True, slots=True)
class PriceTable:
    """Prices of a tariff by pair of positions, minor units per seat, and what changes them. Never changes itself, so it may
    be kept."""

    currency: str
    amounts: Mapping[tuple[int, int], int]
    rules: tuple[PriceRule, ...] = ()


@dataclass(frozen=True, slots=True)
class SeatsTaken:
    """Seats a booking has on its stretch."""

    from_position: int
    to_position: int
    passengers: int


@dataclass(frozen=True, slots=True)
class LapsedBooking:
    """A hold (or a booking waiting for the operator) whose time is over but which still has its seats."""

    organisation_id: UUID
    id: UUID
    departure_id: UUID
    status: str
    seats: SeatsTaken


@dataclass(frozen=True, slots=True)
class LockedDeparture:
    """A departure held by this transaction, its lapsed bookings, and the counters without them."""

    seats: DepartureSeats
    lapsed: tuple[LapsedBooking, ...]
    taken: tuple[int, ...]

    def free(self, stretch: SeatsTaken) -> int:
        """Seats free on the stretch."""
        return self.seats.capacity - max(self.taken[stretch.from_position : stretch.to_position])


@dataclass(frozen=True, slots=True)
class Grant:
    """Seats given to one party. ``price_parts`` says how rules came to the price; None when none did."""

    seats: SeatsTaken
    price_per_seat: int
    currency: str
    expires_at: datetime
    price_parts: str | None = None


@dataclass(frozen=True, slots=True)
class NewHold:
    """A hold that was committed."""

    id: UUID
    code: str
    departure: DepartureSeats
    grant: Grant
    channel: str
    created_at: datetime
    key_hash: bytes | None
    request_hash: bytes | None

    @property
    def organisation_id(self) -> UUID:
        return self.departure.organisation_id


@dataclass(frozen=True, slots=True)
class RepeatedHold:
    """The booking an earlier request with the same key made."""

    organisation_id: UUID
    id: UUID


HoldAnswer = NewHold | RepeatedHold
