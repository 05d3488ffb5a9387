"""Pure decisions of the waiting list."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kamhub.hub.booking.types import Contact
from kamhub.hub.seats.types import StretchNotServed
from kamhub.hub.waiting_list import rules
from kamhub.hub.waiting_list.types import Awaited, Party

NOW = datetime(2026, 11, 24, tzinfo=UTC)
PLACES = tuple(UUID(int=n) for n in range(1, 5))


def departure(*taken: int, capacity: int = 4, status: str = "open") -> Awaited:
    """A departure of three legs, tomorrow."""
    day = NOW + timedelta(days=1)
    return Awaited(UUID(int=9), UUID(int=8), status, capacity, taken or (0, 0, 0), day, day, PLACES)


def party(number: int, start: int, end: int, passengers: int) -> Party:
    contact = Contact("Anna", "+79141234567", "anna@example.org", "en")
    return Party(
        UUID(int=9), UUID(int=number), UUID(int=8), start, end, passengers, contact, "waiting", None, NOW, None, 0, None
    )


@settings(max_examples=60)
@given(
    taken=st.tuples(*[st.integers(0, 4)] * 3),
    wishes=st.lists(st.tuples(st.integers(0, 2), st.integers(1, 3), st.integers(1, 5)), max_size=6),
)
def test_the_first_that_fits_as_a_whole(taken: tuple[int, ...], wishes: list[tuple[int, int, int]]) -> None:
    found = departure(*taken)
    waiting = [party(n, start, start + 1 if end <= start else end, size) for n, (start, end, size) in enumerate(wishes)]
    chosen = rules.next_party(found, waiting)
    fits = [one for one in waiting if max(taken[one.from_position : one.to_position]) + one.passengers <= 4]
    assert chosen == (fits[0] if fits else None)


def test_places_to_positions() -> None:
    found = departure()
    assert rules.stretch_between(found, None, None) == (0, 3)
    assert rules.stretch_between(found, PLACES[1], PLACES[2]) == (1, 2)
    for start, end in ((PLACES[2], PLACES[1]), (PLACES[1], PLACES[1]), (UUID(int=77), None)):
        with pytest.raises(StretchNotServed):
            rules.stretch_between(found, start, end)


def test_what_became_of_an_offer() -> None:
    assert [rules.outcome(status) for status in ("on_hold", "pending")] == ["offered"] * 2
    assert [rules.outcome(status) for status in ("confirmed", "redeemed")] == ["booked"] * 2
    assert [rules.outcome(status) for status in ("expired", "cancelled", "rejected")] == ["lapsed"] * 3


def test_a_departure_is_over_when_nothing_can_be_sold_any_more() -> None:
    later = NOW + timedelta(days=2)
    assert [rules.is_over(departure(status=status), NOW) for status in ("open", "closed", "cancelled")] == [
        False,
        False,
        True,
    ]
    assert rules.is_over(departure(), later)
    assert [rules.on_sale(departure(status=status), NOW) for status in ("open", "closed", "cancelled")] == [
        True,
        False,
        False,
    ]


def test_every_offer_has_a_key_of_its_own() -> None:
    assert rules.key_of(party(1, 0, 1, 1)) != rules.key_of(party(2, 0, 1, 1))
