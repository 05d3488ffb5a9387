"""Who waits for what, and what can be refused to them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal
from uuid import UUID

from kamhub.hub.booking.types import Contact
from kamhub.hub.departure.types import Stretch
from kamhub.kit.errors import Refusal
from kamhub.kit.text import mark

PartyStatus = Literal["waiting", "offered", "booked", "lapsed", "left"]


class PartyNotFound(Refusal):
    code = "waiting_party_not_found"
    status = 404
    title = mark("Nobody waits here under this number")


class SeatsThere(Refusal):
    """There is nothing to wait for: the party can be booked now."""

    code = "seats_available"
    status = 409
    title = mark("There are enough free seats; book them")

    def __init__(self, seats_available: int) -> None:
        super().__init__(extra={"seats_available": seats_available})
        self.seats_available = seats_available


class NothingToWaitFor(Refusal):
    """The departure is cancelled, closed or gone."""

    code = "not_on_sale"
    status = 409
    title = mark("This departure is no longer on sale, so there is nothing to wait for")


class WaitingListFull(Refusal):
    code = "waiting_list_full"
    status = 409
    title = mark("So many wait for this departure already that nobody more would get a seat")


class TooLargeToWait(Refusal):
    """The party is larger than the vehicle."""

    code = "party_too_large"
    status = 409
    title = mark("The party is larger than the vehicle")


@dataclass(frozen=True, slots=True)
class Joining:
    """Who would like to wait for what. ``text_version`` is the text on personal data that was shown, if any."""

    departure_id: UUID
    passengers: int
    contact: Contact
    from_place: UUID | None = None
    to_place: UUID | None = None
    text_version: str | None = None


@dataclass(frozen=True, slots=True)
class Party:
    """A party that waits, or waited. ``booking_id`` is the hold it was offered."""

    organisation_id: UUID
    id: UUID
    departure_id: UUID
    from_position: int
    to_position: int
    passengers: int
    contact: Contact
    status: PartyStatus
    booking_id: UUID | None
    created_at: datetime
    offered_at: datetime | None
    attempts: int
    text_version: str | None


@dataclass(frozen=True, slots=True)
class ListedParty:
    """The same with where it wants to go."""

    party: Party
    stretch: Stretch
    booking_code: str | None


@dataclass(frozen=True, slots=True)
class PartyFilter:
    """Which parties; None is any. ``alive``: only those that still wait or have an offer."""

    status: PartyStatus | None = None
    departure_id: UUID | None = None
    alive: bool = True


@dataclass(frozen=True, slots=True)
class Awaited:
    """A departure as those see it who wait for it; ``taken`` counts lapsed holds as free."""

    organisation_id: UUID
    id: UUID
    status: str
    capacity: int
    taken: tuple[int, ...]
    departs_at: datetime
    sales_close_at: datetime
    places: tuple[UUID, ...]
