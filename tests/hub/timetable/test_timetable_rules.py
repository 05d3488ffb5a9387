"""When a timetable runs, what stands in its way, what becomes of its departures, what a pair of stops costs."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from itertools import count, pairwise
from uuid import UUID
from zoneinfo import ZoneInfo

from hypothesis import given, settings
from hypothesis import strategies as st

from kamhub.hub.price.types import TariffPrice
from kamhub.hub.timetable import rules
from kamhub.hub.timetable.types import Busy, DayException, Existing, KeptSold, Pattern, Plan, Terms

KAMCHATKA = ZoneInfo("Asia/Kamchatka")
BERLIN = ZoneInfo("Europe/Berlin")
NOW = datetime(2026, 11, 24, tzinfo=UTC)
BUS, VAN, ANNA, IVAN = (UUID(int=n) for n in range(1, 5))
ROUTE, TARIFF, NEW_TARIFF = UUID(int=11), UUID(int=12), UUID(int=13)
LENGTH = timedelta(minutes=100)
HALF_HOUR = timedelta(minutes=30)


def pattern(*times: str, weekdays: tuple[int, ...] = (1, 2, 3, 4, 5, 6, 7), days: int = 7) -> Pattern:
    first = date(2026, 11, 24)
    return Pattern(weekdays, tuple(map(time.fromisoformat, times)), first, first + timedelta(days=days - 1))


def terms(**changes: object) -> Terms:
    usual = Terms(ROUTE, BUS, ANNA, TARIFF, 16, HALF_HOUR, LENGTH, 3)
    return replace(usual, **changes)  # type: ignore[arg-type]


def departure(number: int, departs_at: datetime, **changes: object) -> Existing:
    usual = Existing(UUID(int=100 + number), departs_at, BUS, ANNA, TARIFF, HALF_HOUR, 16, bookings=0, referred=False)
    return replace(usual, **changes)  # type: ignore[arg-type]


def planned(
    wanted: list[datetime],
    existing: list[Existing],
    before: Terms | None = None,
    after: Terms | None = None,
    busy: tuple[Busy, ...] = (),
    rest: timedelta = timedelta(0),
) -> Plan:
    numbers = count(1000)
    start = before or terms()
    return rules.plan(
        wanted, existing, start, after or start, rules.Roads(busy, rest), KAMCHATKA, lambda: UUID(int=next(numbers))
    )


def at(day: int, clock: str) -> datetime:
    return rules.instant(date(2026, 11, day), time.fromisoformat(clock), KAMCHATKA)


def test_a_pattern_runs_on_its_weekdays_within_its_season() -> None:
    wednesdays = pattern("08:00", weekdays=(3,), days=14)
    found = rules.slots(wednesdays, {}, KAMCHATKA, NOW, NOW + rules.HORIZON)
    assert found == [at(25, "08:00"), at(25, "08:00") + timedelta(days=7)]


def test_an_exception_replaces_the_times_of_its_date() -> None:
    exceptions = {
        date(2026, 11, 26): DayException(date(2026, 11, 26), ()),
        date(2026, 11, 27): DayException(date(2026, 11, 27), (time(10),)),
        date(2027, 1, 1): DayException(date(2027, 1, 1), (time(10),)),
    }
    found = rules.slots(pattern("08:00", days=4), exceptions, KAMCHATKA, NOW, NOW + rules.HORIZON)
    assert found == [at(25, "08:00"), at(27, "10:00")]


def test_nothing_is_called_for_before_now_or_past_the_horizon() -> None:
    year = pattern("08:00", "14:00", days=365)
    found = rules.slots(year, {}, KAMCHATKA, NOW, NOW + timedelta(days=2))
    assert found == [at(24, "14:00"), at(25, "08:00"), at(25, "14:00"), at(26, "08:00")]
    assert rules.slots(year, {}, KAMCHATKA, NOW + timedelta(days=800), NOW + timedelta(days=900)) == []


def test_a_change_of_the_clock_loses_no_departure() -> None:
    spring, autumn = date(2026, 3, 29), date(2026, 10, 25)
    assert rules.instant(spring, time(2, 30), BERLIN).astimezone(BERLIN).strftime("%H:%M") == "03:30"
    assert rules.instant(autumn, time(2, 30), BERLIN) == datetime(2026, 10, 25, 0, 30, tzinfo=UTC)
    twice = Pattern((7,), (time(2, 30), time(3, 30)), spring, spring)
    early = datetime(2026, 3, 1, tzinfo=UTC)
    assert len(rules.slots(twice, {}, BERLIN, early, early + rules.HORIZON)) == 1


@given(
    st.sets(st.integers(1, 7), min_size=1),
    st.sets(st.times().map(lambda one: one.replace(second=0, microsecond=0)), min_size=1, max_size=4),
    st.integers(1, 60),
    st.sampled_from((KAMCHATKA, BERLIN)),
)
@settings(max_examples=40)
def test_every_departure_is_of_its_weekday_and_time(
    weekdays: set[int], times: set[time], days: int, zone: ZoneInfo
) -> None:
    first = date(2026, 3, 1)
    season = Pattern(tuple(weekdays), tuple(times), first, first + timedelta(days=days - 1))
    found = rules.slots(season, {}, zone, datetime(2026, 1, 1, tzinfo=UTC), datetime(2026, 12, 1, tzinfo=UTC))
    running = [first + timedelta(days=n) for n in range(days) if (first + timedelta(days=n)).isoweekday() in weekdays]
    assert found == sorted({rules.instant(day, one, zone) for day in running for one in times})
    assert all(one.astimezone(zone).isoweekday() in weekdays for one in found)


def test_roads_know_who_is_where() -> None:
    roads = rules.Roads([Busy(UUID(int=50), BUS, ANNA, at(25, "08:00"), at(25, "09:40"))], timedelta(hours=1))

    def asked(vehicle: UUID, driver: UUID | None, start: str, end: str) -> str | None:
        found = roads.obstacle(vehicle, driver, at(25, start), at(25, end))
        return found[0] if found else None

    assert asked(BUS, None, "09:00", "10:00") == "vehicle"
    assert asked(BUS, ANNA, "09:00", "10:00") == "vehicle"
    assert asked(VAN, ANNA, "09:00", "10:00") == "driver"
    assert asked(VAN, ANNA, "10:39", "11:00") == "rest"
    assert asked(VAN, ANNA, "06:00", "07:01") == "rest"
    assert asked(VAN, ANNA, "10:40", "11:00") is None
    assert asked(BUS, None, "09:40", "10:00") is None
    assert asked(VAN, IVAN, "08:00", "09:00") is None


def test_a_way_over_midnight_is_met_on_both_days() -> None:
    roads = rules.Roads([Busy(UUID(int=50), BUS, None, at(25, "12:00"), at(27, "08:00"))], timedelta(0))
    assert roads.obstacle(BUS, None, at(26, "15:00"), at(26, "16:00")) == ("vehicle", UUID(int=50))


def test_unsold_departures_keep_their_moment_move_within_the_day_or_go() -> None:
    existing = [departure(1, at(25, "08:00")), departure(2, at(25, "14:00")), departure(3, at(26, "08:00"))]
    plan = planned([at(25, "10:00"), at(25, "14:00"), at(27, "10:00")], existing)
    assert [(one.before.id.int, one.departs_at) for one in plan.moved] == [(101, at(25, "10:00"))]
    assert [one.before.id.int for one in plan.followed if not one.moved] == [102]
    assert plan.changed == ()
    assert [one.id.int for one in plan.removed] == [103]
    assert [one.departs_at for one in plan.created] == [at(27, "10:00")]


def test_what_something_names_is_never_moved() -> None:
    plan = planned([at(25, "10:00")], [departure(1, at(25, "08:00"), referred=True)])
    assert (len(plan.moved), len(plan.removed), len(plan.created)) == (0, 1, 1)


def test_a_sold_departure_stays_and_is_in_the_way() -> None:
    sold = departure(1, at(25, "08:00"), bookings=2, referred=True)
    plan = planned([at(25, "09:00"), at(25, "10:00")], [sold])
    assert plan.kept_sold == (KeptSold(sold.id, sold.departs_at, 2, ("time",)),)
    assert [(one.departs_at, one.reason, one.departure_id) for one in plan.conflicts] == [
        (at(25, "09:00"), "vehicle", sold.id)
    ]
    assert [one.departs_at for one in plan.created] == [at(25, "10:00")]


def test_new_terms_reach_what_is_unsold_and_was_not_decided_otherwise() -> None:
    existing = [
        departure(1, at(25, "08:00")),
        departure(2, at(26, "08:00"), vehicle_id=VAN, capacity=4),
        departure(3, at(27, "08:00"), bookings=1, referred=True),
        departure(4, at(28, "08:00"), driver_id=IVAN),
    ]
    other = UUID(int=9)
    after = terms(vehicle_id=other, driver_id=None, tariff_id=NEW_TARIFF, capacity=30)
    plan = planned([one.departs_at for one in existing], existing, after=after)
    told = {one.before.id.int: (one.vehicle_id, one.driver_id, one.capacity, one.tariff_id) for one in plan.followed}
    assert told == {
        101: (other, None, 30, NEW_TARIFF),
        102: (VAN, None, 4, NEW_TARIFF),
        104: (other, IVAN, 30, NEW_TARIFF),
    }
    assert len(plan.changed) == 3
    assert [one.differs for one in plan.kept_sold] == [("vehicle", "driver")]


def test_a_new_price_takes_nobody_off_the_road() -> None:
    """Also where a dispatcher has assigned a driver who does not rest."""
    existing = [departure(1, at(25, "08:00")), departure(2, at(25, "10:00"))]
    plan = planned(
        [at(25, "08:00"), at(25, "10:00")], existing, after=terms(tariff_id=NEW_TARIFF), rest=timedelta(hours=5)
    )
    assert (len(plan.changed), plan.conflicts, plan.removed) == (2, (), ())


def test_what_cannot_follow_goes() -> None:
    busy = (Busy(UUID(int=50), VAN, None, at(25, "08:00"), at(25, "09:00")),)
    existing = [departure(1, at(25, "08:00")), departure(2, at(25, "14:00"))]
    plan = planned([at(25, "08:00"), at(25, "14:00")], existing, after=terms(vehicle_id=VAN), busy=busy)
    assert [one.id.int for one in plan.removed] == [101]
    assert [one.departs_at for one in plan.conflicts] == [at(25, "08:00")]
    assert [one.before.id.int for one in plan.changed] == [102]


def test_misfits_are_told_by_time_and_vehicle() -> None:
    sold = [
        departure(1, at(25, "08:00"), bookings=1),
        departure(2, at(26, "08:00"), bookings=1, vehicle_id=VAN),
        departure(3, at(27, "08:00"), bookings=1, driver_id=IVAN),
    ]
    found = rules.misfits(sold, frozenset({at(26, "08:00"), at(27, "08:00")}), terms())
    assert [(one.departure_id.int, one.differs) for one in found] == [(101, ("time",)), (102, ("vehicle",))]


_moments = st.sets(st.integers(0, 40), max_size=12).map(
    lambda ns: [NOW + timedelta(minutes=47 * n) for n in sorted(ns)]
)


@given(_moments, _moments, st.sets(st.integers(0, 11), max_size=4), st.booleans())
@settings(max_examples=60)
def test_unsold_departures_are_as_if_made_afresh(
    wanted: list[datetime], there: list[datetime], sold: set[int], other_vehicle: bool
) -> None:
    """Every wanted moment has one departure or one conflict; nothing sold is touched; nobody is in two places."""
    existing = [departure(n, moment, bookings=int(n in sold), referred=n in sold) for n, moment in enumerate(there)]
    before = terms(length=timedelta(minutes=40))
    after = replace(before, vehicle_id=VAN, capacity=20) if other_vehicle else before
    plan = planned(wanted, existing, before, after)
    kept = {one.departs_at for one in existing if one.sold}
    runs = [one.departs_at for one in plan.followed] + [one.departs_at for one in plan.created]
    assert sorted([*runs, *(one.departs_at for one in plan.conflicts)]) == sorted(set(wanted) - kept)
    assert len(set(runs)) == len(runs)
    touched = {one.before.id for one in plan.followed} | {one.id for one in plan.removed}
    assert touched == {one.id for one in existing if not one.sold}
    assert not {one.before.id for one in plan.followed} & {one.id for one in plan.removed}
    roads = sorted([(moment, after.vehicle_id) for moment in runs] + [(moment, BUS) for moment in kept])
    for (first, vehicle), (second, same) in pairwise(roads):
        assert vehicle != same or second - first >= timedelta(minutes=40)
    again = planned(
        wanted,
        [one for one in existing if one.sold]
        + [
            departure(n + 50, moment, vehicle_id=after.vehicle_id, capacity=after.capacity)
            for n, moment in enumerate(runs)
        ],
        after,
    )
    assert (again.created, again.moved, again.changed, again.removed) == ((), (), (), ())


def price(start: int, end: int, amount: int, child: int | None = None, infant: int | None = None) -> TariffPrice:
    return TariffPrice(start, end, amount, child, infant)


def test_a_price_of_its_own_is_left_alone() -> None:
    given_prices = [price(0, 1, 100), price(1, 2, 100), price(0, 2, 150)]
    assert rules.complete_prices(3, given_prices) == ([price(0, 1, 100), price(0, 2, 150), price(1, 2, 100)], [])


def test_a_missing_price_is_the_sum_of_the_shortest_chain_and_of_those_the_cheapest() -> None:
    found, missing = rules.complete_prices(
        4, [price(0, 1, 100, 50), price(1, 2, 100), price(2, 3, 100, None, 0), price(0, 2, 500), price(1, 3, 300)]
    )
    assert missing == []
    # Two prices are enough: 0-2-3 costs 600, 0-1-3 costs 400; three would cost 300.
    assert price(0, 3, 400, 350) in found


def test_children_pay_the_sum_of_what_they_pay() -> None:
    found, _ = rules.complete_prices(3, [price(0, 1, 100, 50, 0), price(1, 2, 200, 100)])
    assert found[1] == price(0, 2, 300, 150, 200)


def test_what_no_chain_reaches_is_missing() -> None:
    found, missing = rules.complete_prices(4, [price(0, 1, 100), price(2, 3, 100)])
    assert [(one.from_position, one.to_position) for one in found] == [(0, 1), (2, 3)]
    assert missing == [(0, 2), (0, 3), (1, 2), (1, 3)]


@given(st.integers(2, 8), st.data())
@settings(max_examples=40)
def test_with_a_price_for_every_leg_every_pair_has_one(stops: int, data: st.DataObject) -> None:
    amounts = data.draw(st.lists(st.integers(100, 10_000), min_size=stops - 1, max_size=stops - 1))
    found, missing = rules.complete_prices(stops, [price(n, n + 1, amount) for n, amount in enumerate(amounts)])
    assert missing == []
    assert len(found) == stops * (stops - 1) // 2
    assert all(one.amount == sum(amounts[one.from_position : one.to_position]) for one in found)


def test_outside_the_season_nothing_runs() -> None:
    spring = date(2026, 3, 29)
    pattern = Pattern((1, 2, 3, 4, 5, 6, 7), (time(8),), spring, spring)
    assert rules.times_on(pattern, {}, spring) == (time(8),)
    assert rules.times_on(pattern, {}, spring - timedelta(days=1)) == ()
