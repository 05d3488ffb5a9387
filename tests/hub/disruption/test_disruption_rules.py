"""Who goes where, and until when one may answer."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from uuid import UUID

from hypothesis import given, settings
from hypothesis import strategies as st

from kamhub.hub.disruption.rules import answer_until, assign, first_fit, tell_from
from kamhub.hub.disruption.types import Party
from kamhub.hub.move.types import Candidate
from kamhub.hub.seats.rules import free_seats
from kamhub.hub.seats.types import DepartureSeats, LockedDeparture

NOW = datetime(2026, 11, 24, tzinfo=UTC)
PLACES = {n: UUID(int=n + 1) for n in range(4)}


def candidate(number: int, capacity: int, taken: tuple[int, int, int], stretch: tuple[int, int]) -> Candidate:
    at = NOW + timedelta(hours=number)
    departure = DepartureSeats(
        UUID(int=9), UUID(int=100 + number), UUID(int=8), UUID(int=7), "open", capacity, taken, at, at, 15
    )
    seen = LockedDeparture(departure, (), taken)
    return Candidate(PLACES[stretch[0]], PLACES[stretch[1]], *stretch, at, at, seen)


stretches = st.sampled_from([(0, 3), (0, 1), (1, 3), (2, 3)])
parties_of = st.lists(st.tuples(st.integers(1, 4), stretches), max_size=12)
departures_of = st.lists(st.tuples(st.integers(1, 6), st.tuples(*[st.integers(0, 1)] * 3)), max_size=4)


@settings(max_examples=60)
@given(parties_of, departures_of)
def test_nobody_is_split_no_leg_is_oversold_and_the_first_with_room_is_taken(
    wanted: list[tuple[int, tuple[int, int]]], there: list[tuple[int, tuple[int, int, int]]]
) -> None:
    parties = [Party(UUID(int=n), size, *stretch, True, 0, "RUB") for n, (size, stretch) in enumerate(wanted)]
    serving = {
        stretch: [candidate(n, capacity, taken, stretch) for n, (capacity, taken) in enumerate(there)]
        for stretch in {party.stretch for party in parties}
    }
    every = [one for several in serving.values() for one in several]
    taken: dict[UUID, tuple[int, ...]] = {}
    chosen = assign(parties, every, taken, PLACES)
    assert list(chosen) == [party.booking_id for party in parties]
    counters = {one.departure_id: one.seen.taken for one in every}
    for party in parties:
        fits = [
            one.departure_id
            for one in serving[party.stretch]
            if free_seats(counters[one.departure_id], one.seen.seats.capacity, *party.stretch) >= party.passengers
        ]
        found = chosen[party.booking_id]
        assert (found.departure_id if found else None) == (fits[0] if fits else None)
        if found is not None:
            counters[found.departure_id] = tuple(
                count + party.passengers if party.from_position <= leg < party.to_position else count
                for leg, count in enumerate(counters[found.departure_id])
            )
    for one in every:
        assert max(counters[one.departure_id]) <= one.seen.seats.capacity
        assert taken.get(one.departure_id, one.seen.taken) == counters[one.departure_id]


def test_several_departures_share_what_is_free() -> None:
    there = [candidate(1, 2, (0, 0, 0), (0, 3))]
    taken: dict[UUID, tuple[int, ...]] = {}
    first = assign([Party(UUID(int=1), 2, 0, 3, True, 0, "RUB")], there, taken, PLACES)
    second = assign([Party(UUID(int=2), 1, 0, 3, True, 0, "RUB")], there, taken, PLACES)
    assert first == {UUID(int=1): there[0]}
    assert second == {UUID(int=2): None}
    assert first_fit(there, 1, taken) is None


def test_travellers_have_a_day_less_when_it_is_nearer_never_less_than_an_hour() -> None:
    hour = timedelta(hours=1)
    assert answer_until(NOW, NOW + 72 * hour) == NOW + 24 * hour
    assert answer_until(NOW, NOW + 5 * hour) == NOW + 5 * hour
    assert answer_until(NOW, NOW + hour / 2) == NOW + hour


def test_a_few_are_told_at_once_and_hundreds_when_everybody_is_settled() -> None:
    assert tell_from(NOW, 2) - NOW < timedelta(seconds=0.1)
    assert tell_from(NOW, 600) - NOW == timedelta(seconds=15)
    assert tell_from(NOW, 10_000) - NOW == timedelta(seconds=30)
