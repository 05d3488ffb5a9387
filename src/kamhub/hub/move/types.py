"""What moving a booking is about, and why it can be refused."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal
from uuid import UUID

from kamhub.hub.seats.types import LockedDeparture, SeatsTaken
from kamhub.kit.errors import Refusal
from kamhub.kit.money import Money
from kamhub.kit.text import mark

# keep: the price stays; refund: a cheaper one counts and the difference goes back; collect: a dearer one counts and the
# difference is due on board.
Difference = Literal["keep", "refund", "collect"]
DIFFERENCES: tuple[Difference, ...] = ("keep", "refund", "collect")


class SameDeparture(Refusal):
    """The booking is on that departure already, from and to those stops."""

    code = "same_departure"
    status = 409
    title = mark("The booking is on this departure already")


class DepartureLeft(Refusal):
    """What has left can neither be boarded nor called off."""

    code = "departure_left"
    status = 409
    title = mark("This departure has left already")


class DepartureCancelled(Refusal):
    """A departure that does not run."""

    code = "departure_cancelled"
    status = 409
    title = mark("This departure was cancelled")


@dataclass(frozen=True, slots=True)
class MoveWish:
    """Where a booking is to go. Places default to those it has; ``reason`` is a person's own words."""

    departure_id: UUID
    difference: Difference = "keep"
    reason: str | None = None
    from_place: UUID | None = None
    to_place: UUID | None = None


@dataclass(frozen=True, slots=True)
class Wanted:
    """A stretch somebody wants to ride after a moment."""

    from_place: UUID
    to_place: UUID
    after: datetime


@dataclass(frozen=True, slots=True)
class Candidate:
    """A departure on sale that serves a wanted stretch, as it was seen without a lock.

    ``leaves_at`` and ``arrives_at`` are those of the stretch, in the zone of its stops.
    """

    from_place: UUID
    to_place: UUID
    from_position: int
    to_position: int
    leaves_at: datetime
    arrives_at: datetime
    seen: LockedDeparture

    @property
    def departure_id(self) -> UUID:
        return self.seen.seats.id

    def seats(self, passengers: int) -> SeatsTaken:
        """The seats of a party on the stretch."""
        return SeatsTaken(self.from_position, self.to_position, passengers)

    @property
    def free(self) -> int:
        """Seats free on the stretch when it was seen."""
        return self.seen.free(self.seats(0))


@dataclass(frozen=True, slots=True)
class MoveOption:
    """A departure a booking could be moved to, what the party would pay there, and how much more (or less) that is."""

    candidate: Candidate
    price_per_seat: Money
    total: Money
    difference: Money
