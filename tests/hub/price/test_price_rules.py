"""What a seat, a party and a promo code come to: examples, and properties over any prices."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kamhub.hub.price import rules
from kamhub.hub.price.types import (
    PassengerKind,
    PriceLine,
    PricePart,
    PriceRule,
    PromoTerms,
    SeatPrice,
    TariffPrice,
)

NOW = datetime(2026, 11, 24, tzinfo=UTC)
ROUTE = UUID(int=5)
BASE = 150_000

few = settings(max_examples=60, deadline=None)
price_rules = st.builds(
    PriceRule,
    st.sampled_from(["early", "last_minute", "load", "group"]),
    st.integers(1, 5000),
    st.integers(-90, 200).filter(bool),
)
kinds: st.SearchStrategy[PassengerKind] = st.sampled_from(["adult", "child", "infant"])
parties = st.lists(kinds, min_size=1, max_size=50)


@st.composite
def fares(draw: st.DrawFn) -> TariffPrice:
    amount = draw(st.integers(100, 100_000_000))
    child = draw(st.none() | st.integers(0, amount))
    infant = draw(st.none() | st.integers(0, amount))
    return TariffPrice(0, 1, amount, child, infant)


def seat(
    *chosen: PriceRule,
    base: int = BASE,
    minutes: float = 1440,
    taken: int = 0,
    capacity: int = 10,
    passengers: int = 1,
) -> SeatPrice:
    return rules.seat_price(
        base,
        chosen,
        departs_at=NOW + timedelta(minutes=minutes),
        now=NOW,
        taken_fullest=taken,
        capacity=capacity,
        passengers=passengers,
    )


def test_without_rules_the_seat_costs_its_base() -> None:
    assert seat() == SeatPrice(BASE, None)
    assert rules.seat_parts(BASE, None) == (PricePart("base", BASE),)


@pytest.mark.parametrize(
    ("rule", "just", "not_yet"),
    [
        (PriceRule("early", 1440, -10), {"minutes": 1440}, {"minutes": 1439.99}),
        (PriceRule("last_minute", 120, 20), {"minutes": 120}, {"minutes": 120.01}),
        (PriceRule("load", 50, 20), {"taken": 5}, {"taken": 4}),
        (PriceRule("group", 4, -5), {"passengers": 4}, {"passengers": 3}),
    ],
)
def test_a_rule_holds_from_its_threshold_on(rule: PriceRule, just: dict[str, float], not_yet: dict[str, float]) -> None:
    assert seat(rule, **just).amount == BASE + rules.share(BASE, rule.percent)  # type: ignore[arg-type]
    assert seat(rule, **not_yet) == SeatPrice(BASE, None)  # type: ignore[arg-type]


def test_rules_add_up_and_say_what_each_did() -> None:
    price = seat(
        PriceRule("early", 60, -10), PriceRule("load", 50, 5), PriceRule("group", 2, -3), taken=5, passengers=2
    )
    assert price == SeatPrice(138_000, "base:150000|early:-15000|load:7500|group:-4500")
    assert rules.seat_parts(price.amount, price.parts) == (
        PricePart("base", 150_000),
        PricePart("early", -15_000),
        PricePart("load", 7_500),
        PricePart("group", -4_500),
    )


def test_of_several_rules_of_one_kind_the_strongest_that_matches_counts() -> None:
    loads = [PriceRule("load", 30, 10), PriceRule("load", 60, 30), PriceRule("load", 90, 50)]
    assert [seat(*loads, taken=taken).amount for taken in (2, 3, 6, 9)] == [150_000, 165_000, 195_000, 225_000]
    assert seat(PriceRule("early", 10, 10), PriceRule("early", 10, -10)).amount == 135_000, "of equals the cheaper"


def test_whole_roubles_half_up() -> None:
    assert rules.share(15_500, 10) == 1_600
    assert rules.share(15_500, -10) == -1_500
    assert seat(PriceRule("early", 1, 1), base=100) == SeatPrice(100, None), "less than half a rouble is nothing"


def test_no_seat_costs_less_than_a_rouble() -> None:
    price = seat(PriceRule("early", 1, -60), PriceRule("group", 1, -60))
    assert price == SeatPrice(100, "base:150000|early:-90000|group:-90000|minimum:30100")


@few
@given(st.integers(100, 100_000_000), st.lists(price_rules, max_size=20), st.integers(0, 10), st.integers(1, 50))
def test_a_seat_costs_something_and_its_parts_say_how_much(
    base: int, chosen: list[PriceRule], taken: int, passengers: int
) -> None:
    price = seat(*chosen, base=base, taken=taken, passengers=passengers)
    assert price.amount >= rules.LEAST
    assert sum(part.amount for part in rules.seat_parts(price.amount, price.parts)) == price.amount
    assert price == seat(*reversed(chosen), base=base, taken=taken, passengers=passengers)
    if price.parts is not None:
        assert not set(price.parts) & set(',{}" \\'), "goes into an array literal without quotes"


@few
@given(st.lists(st.tuples(st.integers(1, 100), st.integers(1, 200)), max_size=5), st.integers(0, 9), st.integers(0, 10))
def test_a_fuller_departure_is_never_cheaper_when_load_makes_dearer(
    loads: list[tuple[int, int]], taken: int, more: int
) -> None:
    chosen = [PriceRule("load", threshold, percent) for threshold, percent in loads]
    assert seat(*chosen, taken=taken).amount <= seat(*chosen, taken=min(10, taken + more)).amount


def test_children_and_infants_pay_their_own_price() -> None:
    fare = TariffPrice(0, 1, 150_000, 75_000, 0)
    party = rules.party_total(fare, SeatPrice(150_000), ["adult", "child", "infant", "adult"])
    assert (party.total, party.discount) == (375_000, 225_000)
    assert party.lines == (PriceLine("adult", 2, 150_000), PriceLine("child", 1, 75_000), PriceLine("infant", 1, 0))


def test_children_follow_the_adults_price() -> None:
    fare = TariffPrice(0, 1, 150_000, 75_000, None)
    party = rules.party_total(fare, SeatPrice(135_000, "base:150000|early:-15000"), ["adult", "child", "infant"])
    assert [line.each for line in party.lines] == [135_000, 67_500, 135_000]
    halves = rules.party_total(TariffPrice(0, 1, 150_000, 50_000), SeatPrice(165_450), ["adult", "child"])
    assert halves.lines[1].each == 55_200, "55 150, half up to whole roubles"


def test_somebody_pays_for_a_whole_seat() -> None:
    fare = TariffPrice(0, 1, 150_000, 75_000, 0)
    assert rules.party_total(fare, SeatPrice(150_000), ["infant"]).total == 150_000
    party = rules.party_total(fare, SeatPrice(150_000), ["infant", "child", "child"])
    assert party.lines == (PriceLine("adult", 1, 150_000), PriceLine("child", 1, 75_000), PriceLine("infant", 1, 0))


@few
@given(fares(), st.integers(100, 500_000_000), parties)
def test_the_party_adds_up_and_nobody_pays_more_than_an_adult(
    fare: TariffPrice, amount: int, party: list[PassengerKind]
) -> None:
    price = rules.party_total(fare, SeatPrice(amount), party)
    assert price.total == amount * len(party) - price.discount
    assert price.total == sum(line.amount for line in price.lines)
    assert sum(line.count for line in price.lines) == len(party)
    assert price.discount >= 0
    assert price.total >= amount >= rules.LEAST
    assert all(0 <= line.each <= amount for line in price.lines)
    assert rules.read_lines(rules.lines_text(price.lines), amount, len(party)) == price.lines


@few
@given(fares(), st.integers(100, 500_000_000), parties, kinds)
def test_one_more_passenger_never_makes_it_cheaper(
    fare: TariffPrice, amount: int, party: list[PassengerKind], another: PassengerKind
) -> None:
    fewer, more = (rules.party_total(fare, SeatPrice(amount), people) for people in (party, [*party, another]))
    assert fewer.total <= more.total


def test_who_is_not_named_is_an_adult() -> None:
    assert rules.kinds_of_party(["child"], 3) == ("child", "adult", "adult")
    assert rules.read_lines(None, 5, 2) == (PriceLine("adult", 2, 5),)


def test_a_code_is_typed_as_people_type() -> None:
    assert rules.tidy_code(" summer - 26 ") == "SUMMER-26"
    assert rules.CODE.fullmatch(rules.tidy_code("весна-ёж"))
    assert not rules.CODE.fullmatch("AB")


def test_what_a_code_takes_off() -> None:
    assert rules.promo_discount(PromoTerms("A", "percent", 10), 155_500) == 15_600
    assert rules.promo_discount(PromoTerms("A", "amount", 50_000), 155_500) == 50_000
    assert rules.promo_discount(PromoTerms("A", "amount", 200_000), 155_500) == 155_400, "a rouble is left"
    assert rules.promo_discount(PromoTerms("A", "percent", 10), 100) == 0


@few
@given(st.sampled_from(["percent", "amount"]), st.integers(1, 90), st.integers(100, 10**9), st.integers(0, 10**6))
def test_a_code_never_takes_everything_and_more_of_more(kind: str, value: int, total: int, more: int) -> None:
    terms = PromoTerms("A", kind, value)  # type: ignore[arg-type]
    off = rules.promo_discount(terms, total)
    assert 0 <= off <= total - rules.LEAST
    assert off <= rules.promo_discount(terms, total + more)


@pytest.mark.parametrize(
    ("terms", "fault"),
    [
        (PromoTerms("A", "percent", 10), None),
        (PromoTerms("A", "percent", 10, valid_from=NOW, valid_to=NOW + timedelta(seconds=1)), None),
        (PromoTerms("A", "percent", 10, valid_from=NOW + timedelta(seconds=1)), "expired"),
        (PromoTerms("A", "percent", 10, valid_to=NOW), "expired"),
        (PromoTerms("A", "percent", 10, route_id=ROUTE), None),
        (PromoTerms("A", "percent", 10, route_id=UUID(int=6)), "not_for_this"),
        (PromoTerms("A", "percent", 10, most_uses=4), None),
        (PromoTerms("A", "percent", 10, most_uses=3), "used_up"),
        (PromoTerms("A", "percent", 10, most_per_contact=2), None),
        (PromoTerms("A", "percent", 10, most_per_contact=1), "used_up"),
    ],
)
def test_why_a_code_cannot_be_used(terms: PromoTerms, fault: str | None) -> None:
    assert rules.promo_fault(terms, route_id=ROUTE, now=NOW, uses=3, uses_of_contact=1) == fault
