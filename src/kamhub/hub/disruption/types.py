"""Decisions about departures that do not run, and what came of them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Literal
from uuid import UUID

from kamhub.hub.move.types import Candidate
from kamhub.kit.errors import Refusal
from kamhub.kit.money import Money
from kamhub.kit.text import mark

# nearest: to the next departure with free seats, the money back where there is none; refund: the money back; ask: the
# traveller chooses.
Rebook = Literal["nearest", "refund", "ask"]
REBOOKS: tuple[Rebook, ...] = ("nearest", "refund", "ask")
Outcome = Literal["waiting", "asked", "moved", "refunded", "cancelled", "already_over"]
OUTCOMES: tuple[Outcome, ...] = ("waiting", "asked", "moved", "refunded", "cancelled", "already_over")
MOST_DEPARTURES = 500  # of one decision
OPEN: frozenset[Outcome] = frozenset({"waiting", "asked"})


class DisruptionNotFound(Refusal):
    code = "disruption_not_found"
    status = 404
    title = mark("There is no such disruption")


class NothingToCancel(Refusal):
    """A day without departures that still run, or a list of departures that are all cancelled already."""

    code = "nothing_to_cancel"
    status = 409
    title = mark("There is no departure to cancel among these")


class ChoiceOver(Refusal):
    """The traveller has chosen already, or the time to choose is over."""

    code = "choice_over"
    status = 409
    title = mark("This has been settled already")


class OptionGone(Refusal):
    """What the traveller chose has left or is not on sale any more; nothing was changed."""

    code = "option_gone"
    status = 409
    title = mark("This departure can no longer be had; nothing was changed")


@dataclass(frozen=True, slots=True)
class Decision:
    """What is called off, and what is offered. Either departures, or a day (of a route, or of all)."""

    rebook: Rebook
    departure_ids: tuple[UUID, ...] = ()
    day: date | None = None
    route_id: UUID | None = None
    reason: str | None = None
    weather: bool = False


@dataclass(frozen=True, slots=True)
class Progress:
    """How many bookings a disruption met, and how many have which outcome."""

    counts: Mapping[Outcome, int]

    @property
    def total(self) -> int:
        return sum(self.counts.values())

    @property
    def open(self) -> int:
        """Bookings that are not settled yet."""
        return sum(self.of(outcome) for outcome in OPEN)

    def of(self, outcome: Outcome) -> int:
        """Bookings with that outcome."""
        return self.counts.get(outcome, 0)


@dataclass(frozen=True, slots=True)
class Disruption:
    """A decision as it was taken. ``answer_until``: until when travellers may choose, None unless they are asked."""

    organisation_id: UUID
    id: UUID
    rebook: Rebook
    reason: str | None
    weather: bool
    actor: str
    created_at: datetime
    answer_until: datetime | None
    finished_at: datetime | None
    departures: int = 0
    progress: Progress = Progress({})
    first_at: datetime | None = None
    last_at: datetime | None = None

    def answers_are_over(self, now: datetime) -> bool:
        """Whether who was asked and did not answer is decided for."""
        return self.answer_until is not None and now >= self.answer_until


@dataclass(frozen=True, slots=True)
class AffectedDeparture:
    """A departure that could be called off; ``departs_at`` in the zone of its first stop."""

    id: UUID
    route_id: UUID
    route: str
    departs_at: datetime
    status: str
    capacity: int
    vehicle: str
    bookings: int
    passengers: int


@dataclass(frozen=True, slots=True)
class Party:
    """A booking on a departure that does not run, as it was seen without a lock, in the order in which it is served."""

    booking_id: UUID
    passengers: int
    from_position: int
    to_position: int
    reachable: bool
    left: int
    currency: str

    @property
    def stretch(self) -> tuple[int, int]:
        return self.from_position, self.to_position


@dataclass(frozen=True, slots=True)
class Destination:
    """How many bookings and passengers of a departure would go to another one."""

    departure_id: UUID
    departs_at: datetime
    bookings: int
    passengers: int


@dataclass(frozen=True, slots=True)
class Effect:
    """What calling one departure off would do. ``refund`` is money that would go back at once."""

    departure: AffectedDeparture
    moved: tuple[Destination, ...]
    returned: int
    asked: int
    refund: Money


@dataclass(frozen=True, slots=True)
class DisruptedBooking:
    """A booking a disruption met, with where it was and where it went; times in the zone of the departure's first stop."""

    booking_id: UUID
    code: str
    name: str | None
    phone: str | None
    passengers: int
    departure_id: UUID
    departed_at: datetime
    outcome: Outcome
    moved_to: UUID | None
    moved_to_at: datetime | None
    refunded: Money | None
    settled_at: datetime | None


@dataclass(frozen=True, slots=True)
class Question:
    """What a traveller is asked: the next departures with room for the party, or the money back.

    ``asked`` is false while the operator's own decision is being carried out: then there is nothing to choose.
    """

    disruption: Disruption
    asked: bool
    left_at: datetime
    options: tuple[Candidate, ...]
    refund: Money | None
