"""Who rides, and why somebody may not board."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from kamhub.hub.booking.types import BookingStatus, PassengerKind
from kamhub.hub.departure.types import DepartureStatus, StaffDeparture, StaffStop
from kamhub.kit.errors import Refusal
from kamhub.kit.money import Money
from kamhub.kit.text import mark


class BoardingTooEarly(Refusal):
    """Boarding begins with the day before; ``extra.opens_on`` is that day where the party gets on."""

    code = "boarding_too_early"
    status = 409
    title = mark("Boarding begins the day before the departure")

    def __init__(self, opens_on: date) -> None:
        super().__init__(extra={"opens_on": opens_on.isoformat()})


class BookingHasNoSeats(Refusal):
    """Only a confirmed booking can board."""

    code = "booking_not_confirmed"
    status = 409
    title = mark("The booking is not confirmed")

    def __init__(self, status: BookingStatus) -> None:
        super().__init__(extra={"booking_status": status})


class AlreadyBoarded(Refusal):
    """Whoever has boarded has come."""

    code = "already_boarded"
    status = 409
    title = mark("The party has boarded")


class NotMissedYet(Refusal):
    """Before the departure nobody is missing."""

    code = "departure_not_left"
    status = 409
    title = mark("The departure has not left yet")


@dataclass(frozen=True, slots=True)
class Party:
    """A booking as it matters at the door; ``boarded_at`` is when it boarded, ``missed_at`` when it was noted missing."""

    id: UUID
    code: str
    departure_id: UUID
    departure_status: DepartureStatus
    status: BookingStatus
    passengers: int
    boards_at: datetime
    boarded_at: datetime | None
    missed_at: datetime | None


@dataclass(frozen=True, slots=True)
class PassengerNamed:
    """One traveller by name."""

    name: str
    kind: PassengerKind


@dataclass(frozen=True, slots=True)
class ManifestParty:
    """A booking of the manifest with its travellers; ``due`` is what is to be taken from them on board."""

    id: UUID
    code: str
    status: BookingStatus
    contact_name: str
    phone: str | None
    passengers: int
    named: tuple[PassengerNamed, ...]
    from_position: int
    to_position: int
    special_requests: str | None
    boarded_at: datetime | None
    missed_at: datetime | None
    due: Money | None


@dataclass(frozen=True, slots=True)
class ManifestRow:
    """One seat. ``first`` is true of the first seat of its booking, which alone has the money to be taken."""

    party: ManifestParty
    name: str
    kind: PassengerKind
    origin: StaffStop
    destination: StaffStop
    first: bool

    @property
    def due(self) -> Money | None:
        """What to take from the whole party, told once."""
        return self.party.due if self.first else None

    @property
    def boarded(self) -> bool:
        """Whether the party has boarded."""
        return self.party.boarded_at is not None


@dataclass(frozen=True, slots=True)
class Manifest:
    """Who rides on a departure, in the order in which they get on."""

    departure: StaffDeparture
    parties: tuple[ManifestParty, ...]
    rows: tuple[ManifestRow, ...]

    @property
    def seats(self) -> int:
        """How many people ride."""
        return len(self.rows)

    @property
    def boarded(self) -> int:
        """How many of them have boarded."""
        return sum(row.boarded for row in self.rows)
