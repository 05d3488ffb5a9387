"""What a seat, a party and a promo code come to: pure arithmetic in minor units, no I/O."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from kamhub.hub.price.types import (
    PASSENGER_KINDS,
    RULE_KINDS,
    PartyPrice,
    PassengerKind,
    PriceLine,
    PricePart,
    PriceRule,
    PromoFault,
    PromoTerms,
    SeatPrice,
    TariffPrice,
)

# The least that a seat, and a booking, may cost.
LEAST = 100
_MINOR_UNITS = 100
CODE = re.compile(r"[A-Z0-9А-ЯЁ-]{3,30}")


def seat_price(
    base: int,
    rules: Sequence[PriceRule],
    *,
    departs_at: datetime,
    now: datetime,
    taken_fullest: int,
    capacity: int,
    passengers: int,
) -> SeatPrice:
    """The price of an adult's seat: the base and the percents of it that the matching rules add, in whole roubles each.

    ``taken_fullest`` are the seats taken on the fullest leg of the stretch before this party. Of several matching rules of
    one kind the strongest counts.
    """
    if not rules:
        return SeatPrice(base)
    minutes_left = (departs_at - now).total_seconds() / 60
    matching = [rule for rule in rules if _matches(rule, minutes_left, taken_fullest, capacity, passengers)]
    parts = [("base", base)]
    for kind in RULE_KINDS:
        percents = [rule.percent for rule in matching if rule.kind == kind]
        if percents and (change := share(base, max(percents, key=lambda percent: (abs(percent), -percent)))):
            parts.append((kind, change))
    amount = sum(change for _, change in parts)
    if amount < LEAST:
        parts.append(("minimum", LEAST - amount))
        amount = LEAST
    return SeatPrice(amount, "|".join(f"{kind}:{change}" for kind, change in parts) if len(parts) > 1 else None)


def _matches(rule: PriceRule, minutes_left: float, taken: int, capacity: int, passengers: int) -> bool:
    match rule.kind:
        case "early":
            return minutes_left >= rule.threshold
        case "last_minute":
            return minutes_left <= rule.threshold
        case "load":
            return taken * 100 >= rule.threshold * capacity
        case "group":
            return passengers >= rule.threshold


def share(amount: int, percent: int) -> int:
    """That share of an amount, rounded half up to whole roubles."""
    return (amount * percent + 5000) // 10_000 * _MINOR_UNITS


def seat_parts(amount: int, parts: str | None) -> tuple[PricePart, ...]:
    """The breakdown of a seat's price from how it is stored; the base alone when no rule changed it."""
    if parts is None:
        return (PricePart("base", amount),)
    pairs = (part.split(":") for part in parts.split("|"))
    return tuple(PricePart(kind, int(change)) for kind, change in pairs)  # type: ignore[arg-type]  # as written above


def party_total(fare: TariffPrice, seat: SeatPrice, kinds: Sequence[PassengerKind]) -> PartyPrice:
    """What the passengers of those kinds pay together, one kind each.

    The price of a child or an infant changes by the same factor as the adult's. Somebody pays for a whole seat: without
    an adult it is the one who would pay most.
    """
    counts = {kind: sum(one == kind for one in kinds) for kind in PASSENGER_KINDS}
    each = {kind: _each(fare, seat, kind) for kind in PASSENGER_KINDS}
    if not counts["adult"]:
        payer = max((kind for kind in PASSENGER_KINDS if counts[kind]), key=lambda kind: each[kind])
        counts = counts | {"adult": 1, payer: counts[payer] - 1}
    lines = tuple(PriceLine(kind, counts[kind], each[kind]) for kind in PASSENGER_KINDS if counts[kind])
    total = sum(line.amount for line in lines)
    return PartyPrice(total, seat.amount * len(kinds) - total, lines)


def _each(fare: TariffPrice, seat: SeatPrice, kind: PassengerKind) -> int:
    own = {"adult": None, "child": fare.child_amount, "infant": fare.infant_amount}[kind]
    if own is None:
        return seat.amount
    if seat.amount == fare.amount:
        return own
    # Half up to whole roubles, like what the rules add; never dearer than the adult beside.
    scaled = (2 * own * seat.amount + fare.amount * _MINOR_UNITS) // (2 * fare.amount * _MINOR_UNITS) * _MINOR_UNITS
    return min(scaled, seat.amount)


def kinds_of_party(named: Sequence[PassengerKind], passengers: int) -> tuple[PassengerKind, ...]:
    """A kind for each seat: who was not named rides as an adult."""
    adult: PassengerKind = "adult"
    return (*named, *(adult for _ in range(passengers - len(named))))


def lines_text(lines: Sequence[PriceLine]) -> str:
    """The lines as they are stored: ``adult:2:150000|child:1:75000``, count and minor units each."""
    return "|".join(f"{line.kind}:{line.count}:{line.each}" for line in lines)


def read_lines(text: str | None, price_per_seat: int, passengers: int) -> tuple[PriceLine, ...]:
    """The lines from how they are stored; every seat an adult's when nothing is."""
    if text is None:
        return (PriceLine("adult", passengers, price_per_seat),)
    told = (line.split(":") for line in text.split("|"))
    return tuple(PriceLine(kind, int(count), int(each)) for kind, count, each in told)  # type: ignore[arg-type]


def tidy_code(text: str) -> str:
    """The promo code a person meant: capitals, without blanks."""
    return "".join(text.split()).upper()


def promo_discount(terms: PromoTerms, total: int) -> int:
    """What the code takes off a total, minor units: never so much that less than a rouble is left."""
    wanted = share(total, terms.value) if terms.kind == "percent" else terms.value
    return max(0, min(wanted, total - LEAST))


def promo_fault(
    terms: PromoTerms, *, route_id: UUID, now: datetime, uses: int, uses_of_contact: int
) -> PromoFault | None:
    """Why the code cannot be used now by this contact on that route; None when it can.

    ``uses`` and ``uses_of_contact`` are those of other bookings that count at the moment.
    """
    if (terms.valid_from is not None and now < terms.valid_from) or (
        terms.valid_to is not None and now >= terms.valid_to
    ):
        return "expired"
    if terms.route_id is not None and terms.route_id != route_id:
        return "not_for_this"
    if terms.most_uses is not None and uses >= terms.most_uses:
        return "used_up"
    if terms.most_per_contact is not None and uses_of_contact >= terms.most_per_contact:
        return "used_up"
    return None
