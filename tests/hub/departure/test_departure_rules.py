"""Who is left out of a smaller vehicle, when a driver works, what a calendar shows."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kamhub.hub.departure import rules
from kamhub.hub.departure.types import DayLoad, DepartureCancelled, DepartureGone, PriceWanted, SoldParty
from kamhub.kit.ids import new_id

LEGS = 4
NOW = datetime(2026, 11, 24, tzinfo=UTC)
KAMCHATKA = ZoneInfo("Asia/Kamchatka")
stretches = st.tuples(st.integers(0, LEGS - 1), st.integers(1, LEGS)).filter(lambda pair: pair[0] < pair[1])


@st.composite
def parties(draw: st.DrawFn) -> list[SoldParty]:
    found = draw(st.lists(st.tuples(stretches, st.integers(1, 9), st.integers(0, 50)), max_size=12))
    return [
        SoldParty(UUID(int=number), f"C{number}", seats, start, end, NOW + timedelta(minutes=minutes))
        for number, ((start, end), seats, minutes) in enumerate(found)
    ]


def load(kept: list[SoldParty]) -> list[int]:
    return [sum(party.passengers for party in kept if rules.rides(party, leg)) for leg in range(LEGS)]


@settings(max_examples=60)
@given(parties(), st.integers(0, 40))
def test_whoever_is_left_fits_and_nobody_is_left_out_for_nothing(sold: list[SoldParty], capacity: int) -> None:
    out = rules.left_out(sold, capacity, LEGS)
    kept = [party for party in sold if party not in out]
    assert max(load(kept), default=0) <= capacity
    assert len(set(out)) == len(out)
    for party in out:  # at its turn it rode where it was too full, with everybody who was made before it
        earlier = [one for one in sold if (one.created_at, one.id) <= (party.created_at, party.id)]
        before = [one for one in sold if one not in out or out.index(one) >= out.index(party)]
        assert party in earlier
        assert any(load(before)[leg] > capacity and rules.rides(party, leg) for leg in range(LEGS))


def test_the_latest_made_goes_first() -> None:
    first, second, third = (
        SoldParty(new_id(), name, 2, 0, 1, NOW + timedelta(minutes=at)) for at, name in enumerate("ABC")
    )
    assert rules.left_out([third, first, second], 4, 1) == (third,)
    assert rules.left_out([first, second, third], 1, 1) == (third, second, first)
    assert rules.left_out([first, second], 4, 1) == ()


def test_a_cancelled_departure_and_one_that_has_left_are_not_changed() -> None:
    rules.require_running("open")
    rules.require_running("closed")
    with pytest.raises(DepartureCancelled):
        rules.require_running("cancelled")
    rules.require_ahead(NOW + timedelta(minutes=1), NOW)
    with pytest.raises(DepartureGone):
        rules.require_ahead(NOW, NOW)


def test_days_weeks_and_months() -> None:
    since, until = rules.day_bounds(date(2026, 11, 25), KAMCHATKA)
    assert (since.isoformat(), until - since) == ("2026-11-25T00:00:00+12:00", timedelta(days=1))
    assert rules.week_around(date(2026, 11, 29))[0] == date(2026, 11, 23)
    weeks = rules.month_weeks(date(2026, 11, 1))
    assert (weeks[0][0], weeks[-1][-1], len(weeks)) == (date(2026, 10, 26), date(2026, 12, 6), 6)
    assert rules.month_beside(date(2026, 12, 1), 1) == date(2027, 1, 1)
    assert rules.month_beside(date(2026, 1, 1), -1) == date(2025, 12, 1)
    assert DayLoad(date(2026, 1, 1), 1, 0, 16, 4).percent == 25
    assert DayLoad(date(2026, 1, 1), 0, 1, 0, 0).percent == 0


def test_prices_go_to_the_stretches_they_name() -> None:
    a, b, c = (new_id() for _ in range(3))
    stops = {a: 0, b: 1, c: 2}
    good, twice = PriceWanted(a, b, 100), PriceWanted(a, b, 200)
    known, wrong = rules.positions_of([good, twice, PriceWanted(c, a, 1), PriceWanted(a, new_id(), 1)], stops)
    assert (known, wrong) == ({(0, 1): good}, [1, 2, 3])
