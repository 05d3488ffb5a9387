"""Who gets which seats: examples, and properties over any departure and any crowd."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kamhub.hub.seats import rules
from kamhub.hub.seats.types import (
    DepartureSeats,
    Grant,
    HoldAsk,
    PriceTable,
    RoutePlan,
    SalesClosed,
    SeatsTaken,
    SoldOut,
    StretchNotServed,
)

NOW = datetime(2026, 11, 24, tzinfo=UTC)
LEGS = 4
PLACES = [UUID(int=n + 1) for n in range(LEGS + 1)]
PLAN = RoutePlan({place: position for position, place in enumerate(PLACES)})
PRICES = PriceTable("RUB", {(i, j): 1000 * (j - i) + i for i in range(LEGS + 1) for j in range(i + 1, LEGS + 1)})


def departure(
    capacity: int = 4,
    taken: tuple[int, ...] = (0,) * LEGS,
    status: str = "open",
    closes_in: timedelta = timedelta(hours=5),
) -> DepartureSeats:
    return DepartureSeats(
        organisation_id=UUID(int=90),
        id=UUID(int=91),
        route_id=UUID(int=92),
        tariff_id=UUID(int=93),
        status=status,
        capacity=capacity,
        taken=taken,
        departs_at=NOW + closes_in + timedelta(minutes=30),
        sales_close_at=NOW + closes_in,
        hold_minutes=15,
    )


def ask(start: int | None, end: int | None, passengers: int) -> HoldAsk:
    return HoldAsk(
        UUID(int=91),
        passengers,
        "api",
        None if start is None else PLACES[start],
        None if end is None else PLACES[end],
    )


@st.composite
def parties(draw: st.DrawFn) -> SeatsTaken:
    start = draw(st.integers(0, LEGS - 1))
    return SeatsTaken(start, draw(st.integers(start + 1, LEGS)), draw(st.integers(1, 6)))


@st.composite
def scenes(draw: st.DrawFn) -> tuple[DepartureSeats, list[HoldAsk]]:
    """A departure that is partly sold, and a crowd."""
    capacity = draw(st.integers(1, 12))
    taken = tuple(draw(st.lists(st.integers(0, capacity), min_size=LEGS, max_size=LEGS)))
    crowd = draw(st.lists(parties(), max_size=25))
    return departure(capacity, taken), [
        ask(party.from_position, party.to_position, party.passengers) for party in crowd
    ]


def naive_free(capacity: int, sold: list[SeatsTaken], taken: tuple[int, ...], start: int, end: int) -> int:
    """Seat by seat and leg by leg, the slow way."""
    free = []
    for leg in range(start, end):
        riders = sum(party.passengers for party in sold if party.from_position <= leg < party.to_position)
        free.append(capacity - taken[leg] - riders)
    return min(free)


@given(scenes())
def test_never_above_capacity_and_never_below_zero(scene: tuple[DepartureSeats, list[HoldAsk]]) -> None:
    row, crowd = scene
    after, outcomes = rules.allocate(row, PLAN, PRICES, crowd, NOW)
    assert len(outcomes) == len(crowd)
    assert all(0 <= count <= row.capacity for count in after)


@given(scenes())
def test_in_order_all_or_nothing_and_no_refusal_while_seats_are_free(
    scene: tuple[DepartureSeats, list[HoldAsk]],
) -> None:
    row, crowd = scene
    after, outcomes = rules.allocate(row, PLAN, PRICES, crowd, NOW)
    sold: list[SeatsTaken] = []
    for party, outcome in zip(crowd, outcomes, strict=True):
        start, end = rules.stretch_of(party, PLAN)
        free = naive_free(row.capacity, sold, row.taken, start, end)
        if free >= party.passengers:
            assert isinstance(outcome, Grant)
            assert outcome.seats == SeatsTaken(start, end, party.passengers)
            sold.append(outcome.seats)
        else:
            assert isinstance(outcome, SoldOut)
            assert outcome.extra["seats_available"] == free
    for leg in range(LEGS):
        assert row.capacity - after[leg] == naive_free(row.capacity, sold, row.taken, leg, leg + 1)


@given(scenes(), st.integers(0, 25))
def test_one_round_or_two_come_to_the_same(scene: tuple[DepartureSeats, list[HoldAsk]], cut: int) -> None:
    row, crowd = scene
    together, outcomes = rules.allocate(row, PLAN, PRICES, crowd, NOW)
    between, first = rules.allocate(row, PLAN, PRICES, crowd[:cut], NOW)
    apart, second = rules.allocate(departure(row.capacity, between), PLAN, PRICES, crowd[cut:], NOW)
    assert together == apart
    assert [type(one) for one in outcomes] == [type(one) for one in first + second]


@given(st.lists(st.integers(0, 50), min_size=LEGS, max_size=LEGS), st.lists(parties(), max_size=10))
def test_giving_back_undoes_taking(taken: list[int], crowd: list[SeatsTaken]) -> None:
    after: tuple[int, ...] = tuple(taken)
    for party in crowd:
        after = rules.take(after, party)
    assert rules.give_back(after, crowd) == tuple(taken)


@given(st.lists(st.integers(0, 50), min_size=LEGS, max_size=LEGS), parties())
def test_a_party_changes_the_legs_of_its_stretch_alone(taken: list[int], party: SeatsTaken) -> None:
    after = rules.take(taken, party)
    for leg in range(LEGS):
        rides = party.from_position <= leg < party.to_position
        assert after[leg] - taken[leg] == (party.passengers if rides else 0)


def test_free_seats_are_those_of_the_fullest_leg_of_the_stretch() -> None:
    taken = (1, 4, 2, 0)
    assert rules.free_seats(taken, 4, 0, 4) == 0
    assert rules.free_seats(taken, 4, 2, 4) == 2
    assert rules.free_seats(taken, 4, 3, 4) == 4


def test_a_seat_is_sold_again_from_where_it_gets_free() -> None:
    crowd = [ask(0, 2, 4), ask(2, 4, 4), ask(1, 3, 1)]
    after, outcomes = rules.allocate(departure(4), PLAN, PRICES, crowd, NOW)
    assert [type(one) for one in outcomes] == [Grant, Grant, SoldOut]
    assert after == (4, 4, 4, 4)


def test_a_party_that_does_not_fit_leaves_its_seats_to_those_behind_it() -> None:
    crowd = [ask(0, 4, 3), ask(0, 4, 2), ask(0, 4, 1)]
    after, outcomes = rules.allocate(departure(4), PLAN, PRICES, crowd, NOW)
    assert [type(one) for one in outcomes] == [Grant, SoldOut, Grant]
    assert after == (4, 4, 4, 4)


def test_without_places_the_party_rides_from_the_first_stop_to_the_last() -> None:
    assert rules.stretch_of(ask(None, None, 1), PLAN) == (0, LEGS)
    assert rules.stretch_of(ask(2, None, 1), PLAN) == (2, LEGS)
    assert rules.stretch_of(ask(None, 2, 1), PLAN) == (0, 2)


@pytest.mark.parametrize(
    ("start", "end"),
    [
        (PLACES[2], PLACES[2]),
        (PLACES[3], PLACES[1]),
        (PLACES[LEGS], None),
        (None, PLACES[0]),
        (UUID(int=77), PLACES[1]),
        (PLACES[1], UUID(int=77)),
    ],
)
def test_a_stretch_against_the_way_or_off_the_route_is_refused(start: UUID | None, end: UUID | None) -> None:
    with pytest.raises(StretchNotServed):
        rules.stretch_of(HoldAsk(UUID(int=91), 1, "api", start, end), PLAN)


def test_a_stretch_without_a_price_is_not_sold() -> None:
    prices = PriceTable("RUB", {(0, 1): 500})
    row = departure()
    assert rules.decide(row, row.taken, PLAN, prices, ask(0, 1, 1), NOW).price_per_seat == 500
    with pytest.raises(StretchNotServed):
        rules.decide(row, row.taken, PLAN, prices, ask(0, 2, 1), NOW)


@pytest.mark.parametrize("status", ["closed", "cancelled"])
def test_a_departure_that_is_not_open_sells_nothing(status: str) -> None:
    row = departure(status=status)
    with pytest.raises(SalesClosed):
        rules.decide(row, row.taken, PLAN, PRICES, ask(0, 1, 1), NOW)


def test_sales_end_at_the_cutoff_to_the_microsecond() -> None:
    tick = timedelta(microseconds=1)
    row = departure()
    last = rules.decide(row, row.taken, PLAN, PRICES, ask(0, 1, 1), row.sales_close_at - tick)
    assert last.expires_at == row.sales_close_at
    with pytest.raises(SalesClosed):
        rules.decide(row, row.taken, PLAN, PRICES, ask(0, 1, 1), row.sales_close_at)


def test_a_grant_says_price_currency_and_how_long_it_lasts() -> None:
    row = departure()
    grant = rules.decide(row, row.taken, PLAN, PRICES, ask(1, 3, 2), NOW)
    assert grant == Grant(SeatsTaken(1, 3, 2), 2001, "RUB", NOW + timedelta(minutes=15))


@given(st.integers(5, 60), st.integers(0, 5000))
def test_a_hold_never_outlives_the_sales(minutes: int, closes_in_seconds: int) -> None:
    closes = NOW + timedelta(seconds=closes_in_seconds)
    until = rules.hold_until(NOW, minutes, closes)
    assert until <= closes
    assert until == closes or until == NOW + timedelta(minutes=minutes)
