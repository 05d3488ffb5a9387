"""Who gets which seats: pure arithmetic over legs, no I/O.

A departure with stops 0..n has legs 0..n-1; a party from stop i to stop j takes its seats on legs i..j-1.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta

from kamhub.hub.price.rules import seat_price
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
from kamhub.kit.errors import Refusal


def free_seats(taken: Sequence[int], capacity: int, from_position: int, to_position: int) -> int:
    """Seats free on every leg of the stretch."""
    return capacity - max(taken[from_position:to_position])


def take(taken: Sequence[int], seats: SeatsTaken) -> tuple[int, ...]:
    """The counters after a party has boarded its stretch."""
    return _shift(taken, seats, seats.passengers)


def give_back(taken: Sequence[int], seats: Iterable[SeatsTaken]) -> tuple[int, ...]:
    """The counters after those parties are gone."""
    for party in seats:
        taken = _shift(taken, party, -party.passengers)
    return tuple(taken)


def _shift(taken: Sequence[int], seats: SeatsTaken, by: int) -> tuple[int, ...]:
    return tuple(
        count + by if seats.from_position <= leg < seats.to_position else count for leg, count in enumerate(taken)
    )


def hold_until(now: datetime, hold_minutes: int, sales_close_at: datetime) -> datetime:
    """When a hold made now lapses: never past the close of sales."""
    return min(now + timedelta(minutes=hold_minutes), sales_close_at)


def stretch_of(ask: HoldAsk, plan: RoutePlan) -> tuple[int, int]:
    """Positions the party rides between. Raises ``StretchNotServed``."""
    start = 0 if ask.from_place_id is None else plan.positions.get(ask.from_place_id)
    end = plan.last if ask.to_place_id is None else plan.positions.get(ask.to_place_id)
    if start is None or end is None or start >= end:
        raise StretchNotServed
    return start, end


def decide(
    departure: DepartureSeats, taken: Sequence[int], plan: RoutePlan, prices: PriceTable, ask: HoldAsk, now: datetime
) -> Grant:
    """Give the party its seats, all or none.

    ``taken`` are the counters as earlier parties of the same round left them. Raises ``SalesClosed``,
    ``StretchNotServed`` or ``SoldOut``.
    """
    start, end = stretch_of(ask, plan)
    if departure.status != "open" or now >= departure.sales_close_at:
        raise SalesClosed
    amount = prices.amounts.get((start, end))
    if amount is None:
        raise StretchNotServed
    free = free_seats(taken, departure.capacity, start, end)
    if free < ask.passengers:
        raise SoldOut(free)
    parts = None
    if prices.rules:
        price = seat_price(
            amount,
            prices.rules,
            departs_at=departure.departs_at,
            now=now,
            taken_fullest=departure.capacity - free,
            capacity=departure.capacity,
            passengers=ask.passengers,
        )
        amount, parts = price.amount, price.parts
    return Grant(
        seats=SeatsTaken(start, end, ask.passengers),
        price_per_seat=amount,
        currency=prices.currency,
        expires_at=hold_until(now, departure.hold_minutes, departure.sales_close_at),
        price_parts=parts,
    )


def allocate(
    departure: DepartureSeats, plan: RoutePlan, prices: PriceTable, asks: Sequence[HoldAsk], now: datetime
) -> tuple[tuple[int, ...], list[Grant | Refusal]]:
    """Serve the parties in order; one that does not fit leaves the seats to those behind it.

    Returns the new counters and, for each party, its grant or the refusal it gets.
    """
    taken = departure.taken
    outcomes: list[Grant | Refusal] = []
    for ask in asks:
        try:
            grant = decide(departure, taken, plan, prices, ask, now)
        except Refusal as refusal:
            outcomes.append(refusal)
        else:
            taken = take(taken, grant.seats)
            outcomes.append(grant)
    return taken, outcomes
