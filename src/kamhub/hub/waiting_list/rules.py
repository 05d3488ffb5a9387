"""Who is asked next, and what became of an offer: pure decisions."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import UUID

from kamhub.hub.booking.types import BookingStatus
from kamhub.hub.seats.rules import free_seats
from kamhub.hub.seats.types import StretchNotServed
from kamhub.hub.waiting_list.types import (
    Awaited,
    NothingToWaitFor,
    Party,
    PartyStatus,
    SeatsThere,
    TooLargeToWait,
    WaitingListFull,
)

# An offer comes unasked, perhaps at dinner: it waits longer than a hold somebody has just made.
OFFER_AT_LEAST = timedelta(minutes=30)
# More have no hope, and a list without end is a way to fill the database.
MOST_WAITING = 100


def is_over(departure: Awaited, now: datetime) -> bool:
    """Whether nothing will be sold any more; a departure that is closed may be opened again."""
    return departure.status == "cancelled" or now >= departure.sales_close_at


def on_sale(departure: Awaited, now: datetime) -> bool:
    """Whether a seat that comes back can be sold at this moment."""
    return departure.status == "open" and not is_over(departure, now)


def stretch_between(departure: Awaited, start: UUID | None, end: UUID | None) -> tuple[int, int]:
    """Positions of two places; the first and the last stop when they are not named. Raises ``StretchNotServed``."""
    places = departure.places
    try:
        first = 0 if start is None else places.index(start)
        last = len(places) - 1 if end is None else places.index(end)
    except ValueError:
        raise StretchNotServed from None
    if first >= last:
        raise StretchNotServed
    return first, last


def free(departure: Awaited, from_position: int, to_position: int) -> int:
    """Seats free on a stretch."""
    return free_seats(departure.taken, departure.capacity, from_position, to_position)


def require_reason_to_wait(
    departure: Awaited, stretch: tuple[int, int], passengers: int, waiting: int, now: datetime
) -> None:
    """Raise ``NothingToWaitFor``, ``TooLargeToWait``, ``SeatsThere`` or ``WaitingListFull`` unless waiting makes sense."""
    if not on_sale(departure, now):
        raise NothingToWaitFor
    if passengers > departure.capacity:
        raise TooLargeToWait
    available = free(departure, *stretch)
    if available >= passengers:
        raise SeatsThere(available)
    if waiting >= MOST_WAITING:
        raise WaitingListFull


def next_party(departure: Awaited, waiting: Sequence[Party]) -> Party | None:
    """Of those who wait (the longest first) the first that fits as a whole into what is free."""
    fitting = (
        party for party in waiting if free(departure, party.from_position, party.to_position) >= party.passengers
    )
    return next(fitting, None)


def outcome(booking: BookingStatus) -> PartyStatus:
    """What became of a party with an offer, by the state of the booking it was offered."""
    if booking in {"on_hold", "pending"}:
        return "offered"
    return "booked" if booking in {"confirmed", "redeemed"} else "lapsed"


def key_of(party: Party) -> str:
    """The idempotency key of an offer: a run that was killed after the hold finds it again."""
    return f"waiting-list|{party.id}|{party.attempts}"
