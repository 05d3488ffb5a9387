"""What a booking costs: its passengers by kind, its promo code, another departure. The pure part is in hub/price.

Whoever uses a promo code locks it after the booking; nobody who has it locked waits for a booking.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from uuid import UUID

from kamhub.hub.booking import store
from kamhub.hub.booking.store import BookingRow
from kamhub.hub.booking.types import BookingNotOpen, Contact, NewPrice, PassengerKind, PriceBreakdown
from kamhub.hub.payment import store as payments
from kamhub.hub.price import rules
from kamhub.hub.price import store as prices
from kamhub.hub.price.types import PromoCode, PromoCodeRefused, PromoTerms, SeatPrice, TariffPrice
from kamhub.hub.seats.types import LockedDeparture, SeatsTaken, StretchNotServed
from kamhub.platform.database.pool import Connection


def breakdown(row: BookingRow, promo: tuple[str, int] | None) -> PriceBreakdown:
    """How the price of a stored booking came about; ``promo`` is its code and what that took off."""
    return PriceBreakdown(
        rules.seat_parts(row.price_per_seat, row.price_parts),
        rules.read_lines(row.price_lines, row.price_per_seat, row.passengers),
        promo[1] if promo else 0,
        promo[0] if promo else None,
    )


async def settle_party(
    connection: Connection,
    row: BookingRow,
    named: Sequence[PassengerKind],
    contact: Contact,
    promo_code: str | None,
    now: datetime,
) -> None:
    """Price an open, locked booking for its passengers and the code they typed (None: no code), and write it.

    The seat keeps the price it was held at. A link to pay another total is closed. Safe to repeat.
    Raises ``PromoCodeRefused``, and ``BookingNotOpen`` when money came for another total already.
    """
    if promo_code is None and row.discount == 0 and row.price_lines is None and set(named) <= {"adult"}:
        return
    route_id, fare = await _fare(connection, row)
    code = None
    if promo_code is not None:
        code = await _usable_code(connection, row, route_id, contact, promo_code, now)
    price = _price(row.currency, fare, _held_at(row), rules.kinds_of_party(named, row.passengers), _terms(code))
    if code is not None and price.promo_amount == 0:
        raise PromoCodeRefused("not_for_this")
    await _require_same_total_when_paid(connection, row, price)
    await _write(connection, row, price)
    if code is None:
        await prices.drop_use(connection, row.organisation_id, row.id)
    else:
        await prices.write_use(connection, row.organisation_id, row.id, code.id, price.promo_amount, now)


async def _usable_code(
    connection: Connection, row: BookingRow, route_id: UUID, contact: Contact, text: str, now: datetime
) -> PromoCode:
    """The code of that name, locked, with room for this booking. One that it has already stays valid for the same person."""
    name, own = rules.tidy_code(text), await prices.use_of_booking(connection, row.organisation_id, row.id)
    kept = own is not None and own[1].code == name
    if own is not None and kept:
        code = await prices.lock_code(connection, row.organisation_id, own[0])
    else:
        code = await prices.lock_code_named(connection, row.organisation_id, name)
    if code is None:
        raise PromoCodeRefused("unknown")
    terms = code.terms
    if kept:
        terms = replace(terms, valid_from=None, valid_to=None, most_uses=None)
    if kept and row.contact is not None and _same_person(row.contact, contact):
        terms = replace(terms, most_per_contact=None)
    uses, of_contact = await prices.counted_uses(connection, code, row.id, contact.phone, contact.email, now)
    fault = rules.promo_fault(terms, route_id=route_id, now=now, uses=uses, uses_of_contact=of_contact)
    if fault is not None:
        raise PromoCodeRefused(fault)
    return code


def _same_person(one: Contact, other: Contact) -> bool:
    return (one.phone, one.email.lower()) == (other.phone, other.email.lower())


async def change_kinds(
    connection: Connection, row: BookingRow, named: Sequence[PassengerKind], now: datetime
) -> NewPrice:
    """Price a locked booking for other kinds of passengers, with the promo code it has, and write it.

    Raises ``BookingNotOpen`` when money came for another total already.
    """
    _, fare = await _fare(connection, row)
    own = await prices.use_of_booking(connection, row.organisation_id, row.id)
    kinds = rules.kinds_of_party(named, row.passengers)
    price = _price(row.currency, fare, _held_at(row), kinds, own[1] if own else None)
    await _require_same_total_when_paid(connection, row, price)
    await write_price(connection, row, price, now)
    return price


async def reprice(
    connection: Connection, row: BookingRow, departure: LockedDeparture, stretch: SeatsTaken, now: datetime
) -> NewPrice:
    """What the same party, with the same promo code, would cost on a stretch of another departure this moment.

    Nothing is written. Raises ``StretchNotServed`` when that stretch is not sold.
    """
    seats = departure.seats
    tariff = await prices.load_tariff(connection, row.organisation_id, seats.tariff_id)
    fare = tariff.price(stretch.from_position, stretch.to_position) if tariff else None
    if tariff is None or fare is None:
        raise StretchNotServed
    seat = rules.seat_price(
        fare.amount,
        tariff.rules,
        departs_at=seats.departs_at,
        now=now,
        taken_fullest=seats.capacity - departure.free(stretch),
        capacity=seats.capacity,
        passengers=row.passengers,
    )
    own = await prices.use_of_booking(connection, row.organisation_id, row.id)
    named = await store.kinds(connection, row)
    kinds = rules.kinds_of_party(named, row.passengers)
    return _price(tariff.currency, fare, seat, kinds, own[1] if own else None)


async def write_price(connection: Connection, row: BookingRow, price: NewPrice, now: datetime) -> None:
    """Write a price made by ``reprice``: the booking's, and what its promo code takes off now."""
    await _write(connection, row, price)
    own = await prices.use_of_booking(connection, row.organisation_id, row.id)
    if own is None:
        return
    if price.promo_amount > 0:
        await prices.write_use(connection, row.organisation_id, row.id, own[0], price.promo_amount, now)
    else:
        await prices.drop_use(connection, row.organisation_id, row.id)


def _terms(code: PromoCode | None) -> PromoTerms | None:
    return code.terms if code else None


def _held_at(row: BookingRow) -> SeatPrice:
    return SeatPrice(row.price_per_seat, row.price_parts)


async def _fare(connection: Connection, row: BookingRow) -> tuple[UUID, TariffPrice]:
    """The route and the fare of a booking's stretch; when it is not sold any more, every seat costs what it was held at."""
    route_id, fare = await prices.fare_of(
        connection, row.organisation_id, row.departure_id, row.from_position, row.to_position
    )
    return route_id, fare or TariffPrice(row.from_position, row.to_position, row.price_per_seat)


def _price(
    currency: str, fare: TariffPrice, seat: SeatPrice, kinds: Sequence[PassengerKind], terms: PromoTerms | None
) -> NewPrice:
    party = rules.party_total(fare, seat, kinds)
    off = rules.promo_discount(terms, party.total) if terms else 0
    all_adults = all(line.kind == "adult" for line in party.lines)
    return NewPrice(
        price_per_seat=seat.amount,
        total=party.total - off,
        discount=party.discount + off,
        currency=currency,
        price_parts=seat.parts,
        price_lines=None if all_adults else rules.lines_text(party.lines),
        promo_amount=off,
    )


async def _require_same_total_when_paid(connection: Connection, row: BookingRow, price: NewPrice) -> None:
    if price.total != row.total and await payments.has_other_money(connection, row.organisation_id, row.id, None):
        raise BookingNotOpen("Money came for this booking already; its price cannot change any more")


async def _write(connection: Connection, row: BookingRow, price: NewPrice) -> None:
    if price.total != row.total:
        await payments.close_orders(connection, row.organisation_id, row.id)
    await store.set_price(connection, row, price)
