"""Who of a cancelled departure goes where: pure arithmetic, no I/O."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from uuid import UUID

from kamhub.hub.disruption.types import Party
from kamhub.hub.move.types import Candidate
from kamhub.hub.seats.rules import free_seats, take

# How far ahead another departure may be.
HORIZON = timedelta(days=7)
# How long a traveller may think, at most and at least; in between it is until the first departure would have left.
LONGEST_ANSWER = timedelta(hours=24)
SHORTEST_ANSWER = timedelta(hours=1)

# A few people are told at once, 600 after 15 seconds.
TELLING_WAITS = timedelta(milliseconds=25)
LONGEST_SILENCE = timedelta(seconds=30)

Counters = dict[UUID, tuple[int, ...]]


def answer_until(now: datetime, first_departure: datetime) -> datetime:
    """Until when travellers may choose: a day, less when the first departure is nearer, never less than an hour."""
    return max(min(now + LONGEST_ANSWER, first_departure), now + SHORTEST_ANSWER)


def tell_from(decided_at: datetime, met: int) -> datetime:
    """From when the messages of a decision go out: with hundreds of bookings first everybody is settled, then told.

    The same workers do both, and settling is what the others on the page and the seats wait for.
    """
    return decided_at + min(met * TELLING_WAITS, LONGEST_SILENCE)


def assign(
    parties: Sequence[Party], candidates: Sequence[Candidate], taken: Counters, places: Mapping[int, UUID]
) -> dict[UUID, Candidate | None]:
    """Give every party, in order, the first candidate of its stretch with room for all of it; None where there is none.

    ``places`` are the stops of the cancelled departure by position. ``taken`` are counters by departure, which are kept up
    to date, so that several departures may be served one after another; of a candidate that is not in it yet, what was seen
    counts. A party that does not fit leaves the seats to those behind it.
    """
    by_stretch: dict[tuple[UUID, UUID], list[Candidate]] = {}
    for candidate in candidates:
        by_stretch.setdefault((candidate.from_place, candidate.to_place), []).append(candidate)
    chosen: dict[UUID, Candidate | None] = {}
    for party in parties:
        found = first_fit(by_stretch.get(stretch_of(party, places), ()), party.passengers, taken)
        chosen[party.booking_id] = found
        if found is not None:
            before = taken.get(found.departure_id, found.seen.taken)
            taken[found.departure_id] = take(before, found.seats(party.passengers))
    return chosen


def stretch_of(party: Party, places: Mapping[int, UUID]) -> tuple[UUID, UUID]:
    """The places a party rides between, by the stops of its departure."""
    return places[party.from_position], places[party.to_position]


def first_fit(
    candidates: Sequence[Candidate], passengers: int, taken: Mapping[UUID, tuple[int, ...]]
) -> Candidate | None:
    """The first of these departures with room for so many passengers."""
    for candidate in candidates:
        counters = taken.get(candidate.departure_id, candidate.seen.taken)
        capacity = candidate.seen.seats.capacity
        if free_seats(counters, capacity, candidate.from_position, candidate.to_position) >= passengers:
            return candidate
    return None
