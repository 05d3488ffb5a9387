"""When a timetable runs, which of it can be, and what becomes of its departures when it changes. Pure."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import UTC, date, datetime, time, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

from kamhub.hub.driver.rules import works_then
from kamhub.hub.price.types import TariffPrice
from kamhub.hub.timetable.types import (
    Busy,
    Conflict,
    ConflictReason,
    DayException,
    Difference,
    Existing,
    Followed,
    KeptSold,
    NewDeparture,
    OutsideHours,
    Pattern,
    Plan,
    Terms,
)

# Departures are made so far ahead; every night the horizon moves on by a day.
HORIZON = timedelta(days=180)
# What one timetable may call for within the horizon is bounded by its shape: 48 times a day.
MOST_TIMES = 48


def times_on(pattern: Pattern, exceptions: Mapping[date, DayException], day: date) -> tuple[time, ...]:
    """The times of that date: of its exception, else of the pattern; outside the season there are none."""
    if not pattern.valid_from <= day <= pattern.valid_to:
        return ()
    if day in exceptions:
        return exceptions[day].times
    return pattern.times if day.isoweekday() in pattern.weekdays else ()


def instant(day: date, at: time, zone: ZoneInfo) -> datetime:
    """That wall clock of that zone, in UTC.

    A time that a change of the clock skips is as much later as the clock was put forward; of one that comes twice it is
    the first. So a timetable never loses a departure to a change of the clock.
    """
    return datetime.combine(day, at, tzinfo=zone).astimezone(UTC)


def slots(
    pattern: Pattern, exceptions: Mapping[date, DayException], zone: ZoneInfo, after: datetime, until: datetime
) -> list[datetime]:
    """Every departure the timetable calls for after that moment and up to the other, in order, in UTC."""
    first = max(pattern.valid_from, after.astimezone(zone).date())
    last = min(pattern.valid_to, until.astimezone(zone).date())
    found = set()
    for ahead in range((last - first).days + 1):
        day = first + timedelta(days=ahead)
        for at in times_on(pattern, exceptions, day):
            departs_at = instant(day, at, zone)
            if after < departs_at <= until:
                found.add(departs_at)
    return sorted(found)


def outside_hours(
    moments: Iterable[datetime], length: timedelta, zone: ZoneInfo, hours: tuple[time, time], hours_zone: ZoneInfo
) -> OutsideHours | None:
    """At which times (of ``zone``) the way does not lie within the driver's hours (of ``hours_zone``); None when all do."""
    outside = {
        moment.astimezone(zone).time()
        for moment in moments
        if not works_then(*hours, moment, moment + length, hours_zone)
    }
    return OutsideHours(*hours, tuple(sorted(outside))) if outside else None


class Roads:
    """Where vehicles and drivers have to be; tells what stands in the way of a departure."""

    def __init__(self, busy: Iterable[Busy], rest: timedelta) -> None:
        self._rest = rest
        # By the thing and the day: a departure is looked for among a handful, not among all of a season.
        self._by_day: dict[tuple[UUID, int], list[Busy]] = defaultdict(list)
        for one in busy:
            self.add(one)

    def add(self, one: Busy) -> None:
        """From now on that is in the way of others."""
        for thing in (one.vehicle_id, one.driver_id):
            if thing is not None:
                for day in _days(one.starts_at, one.ends_at):
                    self._by_day[thing, day].append(one)

    def obstacle(
        self, vehicle_id: UUID, driver_id: UUID | None, starts_at: datetime, ends_at: datetime
    ) -> tuple[ConflictReason, UUID] | None:
        """What keeps that vehicle and driver from being on the road then; the vehicle is named before the driver, being
        elsewhere before not having rested."""
        checks: tuple[tuple[ConflictReason, UUID | None, timedelta], ...] = (
            ("vehicle", vehicle_id, timedelta(0)),
            ("driver", driver_id, timedelta(0)),
            ("rest", driver_id, self._rest),
        )
        for reason, thing, apart in checks:
            if thing is not None and (found := self._meets(thing, starts_at - apart, ends_at + apart)):
                return reason, found.departure_id
        return None

    def _meets(self, thing: UUID, starts_at: datetime, ends_at: datetime) -> Busy | None:
        for day in _days(starts_at, ends_at):
            for one in self._by_day.get((thing, day), ()):
                if one.starts_at < ends_at and starts_at < one.ends_at:
                    return one
        return None


def _days(starts_at: datetime, ends_at: datetime) -> range:
    return range(starts_at.toordinal(), ends_at.toordinal() + 1)


def plan(
    wanted: Sequence[datetime],
    existing: Sequence[Existing],
    before: Terms,
    terms: Terms,
    roads: Roads,
    zone: ZoneInfo,
    new_id: Callable[[], UUID],
) -> Plan:
    """What becomes of the departures when the timetable calls for those moments on those terms.

    Sold departures stay as they are. The unsold follow: they keep their moment if it is still wanted, are moved to a
    moment of the same day that has none yet (never one that anything names: what was promised then would change behind
    its back), or go. What a dispatcher has decided for one departure (another vehicle or driver than ``before``)
    stays. ``roads`` must know everything else that vehicles and drivers have to do, and learns what is decided here.
    """
    sold = [one for one in existing if one.sold]
    for one in sold:
        roads.add(_on_road(one, before.length))
    open_slots = set(wanted) - {one.departs_at for one in sold}
    unsold = [one for one in existing if not one.sold]
    stays = [one for one in unsold if one.departs_at in open_slots]
    open_slots.difference_update(one.departs_at for one in stays)
    staying = {one.id for one in stays}
    goes = [one for one in unsold if one.id not in staying]
    moves, gone = _pair(sorted(goes, key=lambda one: one.departs_at), sorted(open_slots), zone)
    open_slots.difference_update(to for _, to in moves)
    candidates = [_followed(one, one.departs_at, before, terms) for one in stays]
    candidates += [_followed(one, to, before, terms) for one, to in moves]
    followed, conflicts = _settle(candidates, terms, roads)
    blocked = {one.before.id for one in candidates} - {one.before.id for one in followed}
    created, collisions = _fresh(sorted(open_slots), terms, roads, new_id)
    conflicts += collisions
    return Plan(
        created=tuple(created),
        followed=tuple(followed),
        removed=tuple(sorted([*gone, *(one for one in unsold if one.id in blocked)], key=lambda one: one.departs_at)),
        kept_sold=tuple(kept_sold(sold, frozenset(wanted), before, terms)),
        conflicts=tuple(sorted(conflicts, key=lambda one: one.departs_at)),
    )


def _fresh(
    moments: Sequence[datetime], terms: Terms, roads: Roads, new_id: Callable[[], UUID]
) -> tuple[list[NewDeparture], list[Conflict]]:
    """A departure for each of those moments at which vehicle and driver are free."""
    created: list[NewDeparture] = []
    conflicts: list[Conflict] = []
    for departs_at in moments:
        fresh = NewDeparture(new_id(), departs_at)
        conflict = _take_road(roads, fresh.id, terms.vehicle_id, terms.driver_id, departs_at, terms.length)
        if conflict is None:
            created.append(fresh)
        else:
            conflicts.append(conflict)
    return created, conflicts


def _settle(candidates: Sequence[Followed], terms: Terms, roads: Roads) -> tuple[list[Followed], list[Conflict]]:
    """Which of them can be as planned. What keeps its moment, vehicle and driver is not asked again and goes first: a
    new price takes nobody off the road."""
    followed, conflicts = [], []
    for one in sorted(candidates, key=lambda each: (not _as_before(each), each.departs_at)):
        if _as_before(one):
            roads.add(_on_road(one.before, terms.length))
            followed.append(one)
            continue
        conflict = _take_road(roads, one.before.id, one.vehicle_id, one.driver_id, one.departs_at, terms.length)
        if conflict is None:
            followed.append(one)
        else:
            conflicts.append(conflict)
    return followed, conflicts


def _as_before(one: Followed) -> bool:
    return not one.moved and (one.vehicle_id, one.driver_id) == (one.before.vehicle_id, one.before.driver_id)


def kept_sold(sold: Iterable[Existing], wanted: frozenset[datetime], before: Terms, terms: Terms) -> Iterable[KeptSold]:
    """The sold departures that do not fit the timetable any more, and in what."""
    for one in sorted(sold, key=lambda each: each.departs_at):
        differs: list[Difference] = []
        if one.departs_at not in wanted:
            differs.append("time")
        if one.vehicle_id == before.vehicle_id != terms.vehicle_id:
            differs.append("vehicle")
        if one.driver_id == before.driver_id != terms.driver_id:
            differs.append("driver")
        if differs:
            yield KeptSold(one.id, one.departs_at, one.bookings, tuple(differs))


def misfits(sold: Iterable[Existing], wanted: frozenset[datetime], terms: Terms) -> list[KeptSold]:
    """The sold departures that run at another time or with another vehicle than the timetable has, whoever decided so; who
    drives is a matter of every day."""
    found = []
    for one in sorted(sold, key=lambda each: each.departs_at):
        checks: tuple[tuple[Difference, bool], ...] = (
            ("time", one.departs_at not in wanted),
            ("vehicle", one.vehicle_id != terms.vehicle_id),
        )
        if differs := tuple(name for name, differs in checks if differs):
            found.append(KeptSold(one.id, one.departs_at, one.bookings, differs))
    return found


def _pair(
    goes: Sequence[Existing], open_slots: Sequence[datetime], zone: ZoneInfo
) -> tuple[list[tuple[Existing, datetime]], list[Existing]]:
    """Departures without a moment to moments without a departure, in order within each local day."""
    free: dict[date, list[datetime]] = defaultdict(list)
    for moment in open_slots:
        free[moment.astimezone(zone).date()].append(moment)
    moves, gone = [], []
    for one in goes:
        day = free[one.departs_at.astimezone(zone).date()]
        if day and not one.referred:
            moves.append((one, day.pop(0)))
        else:
            gone.append(one)
    return moves, gone


def _followed(one: Existing, departs_at: datetime, before: Terms, terms: Terms) -> Followed:
    reassigned = one.vehicle_id != before.vehicle_id
    return Followed(
        before=one,
        departs_at=departs_at,
        vehicle_id=one.vehicle_id if reassigned else terms.vehicle_id,
        driver_id=one.driver_id if one.driver_id != before.driver_id else terms.driver_id,
        tariff_id=terms.tariff_id,
        sales_cutoff=terms.sales_cutoff,
        capacity=one.capacity if reassigned or before.vehicle_id == terms.vehicle_id else terms.capacity,
    )


def _on_road(one: Existing, length: timedelta) -> Busy:
    return Busy(one.id, one.vehicle_id, one.driver_id, one.departs_at, one.departs_at + length)


def _take_road(
    roads: Roads, departure_id: UUID, vehicle_id: UUID, driver_id: UUID | None, departs_at: datetime, length: timedelta
) -> Conflict | None:
    """Put a departure on the road, or say why not."""
    ends_at = departs_at + length
    if obstacle := roads.obstacle(vehicle_id, driver_id, departs_at, ends_at):
        return Conflict(departs_at, *obstacle)
    roads.add(Busy(departure_id, vehicle_id, driver_id, departs_at, ends_at))
    return None


def complete_prices(stops: int, given: Sequence[TariffPrice]) -> tuple[list[TariffPrice], list[tuple[int, int]]]:
    """Prices of every pair of stops in order, and the pairs for which there can be none.

    A pair without a price of its own costs the sum of the shortest chain of given prices that leads from the one stop to
    the other: of the fewest prices, and of those the cheapest. Children and infants pay the sum of what they pay on it;
    where no link of the chain has a price for them, they have none.
    """
    direct = {(one.from_position, one.to_position): one for one in given}
    found, missing = [], []
    for start in range(stops - 1):
        reached = _chains(start, stops, direct)
        for end in range(start + 1, stops):
            if (start, end) in direct:
                found.append(direct[start, end])
            elif end in reached:
                found.append(_sum_of(start, end, reached[end]))
            else:
                missing.append((start, end))
    return found, missing


def _chains(
    start: int, stops: int, direct: Mapping[tuple[int, int], TariffPrice]
) -> dict[int, tuple[TariffPrice, ...]]:
    """The shortest chain from that stop to every stop it can reach."""
    best: dict[int, tuple[TariffPrice, ...]] = {start: ()}
    for end in range(start + 1, stops):
        ways = [
            (*best[middle], direct[middle, end])
            for middle in range(start, end)
            if middle in best and (middle, end) in direct
        ]
        if ways:
            best[end] = min(ways, key=lambda way: (len(way), sum(one.amount for one in way)))
    return best


def _sum_of(start: int, end: int, chain: Sequence[TariffPrice]) -> TariffPrice:
    def reduced(amounts: Sequence[int | None]) -> int | None:
        if all(amount is None for amount in amounts):
            return None
        return sum(one.amount if amount is None else amount for one, amount in zip(chain, amounts, strict=True))

    return TariffPrice(
        start,
        end,
        sum(one.amount for one in chain),
        reduced([one.child_amount for one in chain]),
        reduced([one.infant_amount for one in chain]),
    )


def roubles(amount: int) -> str:
    """Minor units as a person writes them: ``1500``, ``1500.50``."""
    whole, rest = divmod(amount, 100)
    return f"{whole}.{rest:02d}" if rest else str(whole)
