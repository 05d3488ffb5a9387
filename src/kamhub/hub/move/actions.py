"""Moving bookings."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from uuid import UUID

from kamhub.hub.booking import actions as booking_actions
from kamhub.hub.booking import pricing
from kamhub.hub.booking import store as bookings
from kamhub.hub.booking.locks import lock_booking_beside
from kamhub.hub.booking.messages import tell_booker
from kamhub.hub.booking.store import BookingRow
from kamhub.hub.booking.tokens import BookingAccess
from kamhub.hub.booking.types import Booking, BookingNotFound, BookingNotOpen, HoldExpired, NewPrice, TripMove
from kamhub.hub.departure.types import DepartureNotFound
from kamhub.hub.move import rules, store
from kamhub.hub.move.store import StopTime
from kamhub.hub.move.types import Candidate, MoveOption, MoveWish, SameDeparture, Wanted
from kamhub.hub.payment import settle
from kamhub.hub.payment import store as payments
from kamhub.hub.payment.actions import ensure_payment_link
from kamhub.hub.payment.types import PaymentUnavailable
from kamhub.hub.seats import actions as seats
from kamhub.hub.seats.actions import Transfer
from kamhub.hub.seats.types import LockedDeparture, SeatsTaken, StretchNotServed
from kamhub.hub.services import Hub
from kamhub.kit.ids import new_id
from kamhub.kit.money import Money
from kamhub.platform.audit import actions as audit
from kamhub.platform.database.pool import Connection
from kamhub.platform.person.types import Staff

HORIZON = timedelta(days=7)
MOST_OPTIONS = 50
BY_OPERATOR = "moved_by_operator"


@dataclass(frozen=True, slots=True)
class Relocation:
    """A locked booking that goes from a locked departure to another: its new seats, when it leaves its stop before and
    after, who does it and why. ``price`` is the new one, None when the price stays. ``anew``: a hold gets its ordinary time
    and no more."""

    row: BookingRow
    source: LockedDeparture
    target: LockedDeparture
    takes: SeatsTaken
    left_at_before: datetime
    left_at_after: datetime
    actor: str
    reason: str
    price: NewPrice | None = None
    anew: bool = False


async def relocate(
    connection: Connection, going: Relocation, now: datetime
) -> tuple[TripMove, LockedDeparture, LockedDeparture]:
    """Carry a move out in the caller's transaction; returns it and both departures as they are then, still locked.

    What is to be told and what becomes of the money is the caller's. Raises ``SoldOut`` with nothing written.
    """
    row = going.row
    moving = Transfer(row.id, going.source, going.target, row.seats, going.takes)
    before, after = await seats.transfer(connection, moving, now)
    total = going.price.total if going.price else row.total
    move = TripMove(
        id=new_id(),
        at=now,
        from_departure_id=going.source.seats.id,
        to_departure_id=going.target.seats.id,
        left_at_before=going.left_at_before,
        left_at_after=going.left_at_after,
        total_before=Money(row.total, row.currency),
        total_after=Money(total, row.currency),
        actor=going.actor,
        reason=going.reason,
    )
    expires_at = rules.expiry_after(
        row.status, row.expires_at, going.source.seats, going.target.seats, now, anew=going.anew
    )
    if going.price is not None:
        await pricing.write_price(connection, row, going.price, now)
    async with connection.pipeline():
        await store.put_on(connection, row, going.target.seats.id, going.takes, expires_at)
        await store.add_move(connection, row, move)
    return move, before, after


async def move(hub: Hub, staff: Staff, booking_id: UUID, wish: MoveWish) -> Booking:
    """Move a booking of the operator's to another departure, and tell whoever booked.

    Raises ``BookingNotFound``, ``HoldExpired``, ``BookingNotOpen``, ``DepartureNotFound``, ``DepartureCancelled``,
    ``DepartureLeft``, ``SameDeparture``, ``SalesClosed``, ``StretchNotServed``, ``SoldOut``.
    """
    now, organisation_id = hub.clock.now(), staff.organisation_id
    async with hub.database.tenant(organisation_id) as connection:
        locked = await lock_booking_beside(connection, organisation_id, booking_id, (wish.departure_id,), now)
        if locked is None:
            raise BookingNotFound
        row, departures = locked
        rules.require_movable(row.status, row.expires_at, now)
        going = await _relocation(connection, row, departures.get(wish.departure_id), departures, wish, now)
        going = replace(going, actor=staff.trail.actor)
        if wish.difference != "keep":
            price = await pricing.reprice(connection, row, going.target, going.takes, now)
            if rules.takes_new_price(wish.difference, row.total, price.total):
                going = replace(going, price=price)
        done, _, _ = await relocate(connection, going, now)
        if going.price is not None:
            await _settle_difference(connection, row, going.price, now)
        await _tell(connection, row, done, wish, now)
        await audit.record(
            connection, organisation_id, staff.trail, "booking.moved", "booking", row.id, now,
            before={"departure": str(done.from_departure_id), "total": row.total},
            after={"departure": str(done.to_departure_id), "total": done.total_after.amount},
        )  # fmt: skip
    access = BookingAccess(organisation_id, booking_id, staff.trail.actor)
    await link_again(hub, access)
    return await booking_actions.load(hub, access)


async def link_again(hub: Hub, access: BookingAccess) -> None:
    """See that a booking which waits for its money has a link to be paid by: a new price closes the old one."""
    with suppress(PaymentUnavailable, HoldExpired, BookingNotOpen):
        await ensure_payment_link(hub, access)


async def _relocation(
    connection: Connection,
    row: BookingRow,
    target: LockedDeparture | None,
    departures: Mapping[UUID, LockedDeparture],
    wish: MoveWish,
    now: datetime,
) -> Relocation:
    """What the wish comes to, judged under the locks."""
    if target is None:
        raise DepartureNotFound
    source = departures[row.departure_id]
    old = await store.stops(connection, row.organisation_id, source.seats.id)
    new = await store.stops(connection, row.organisation_id, target.seats.id)
    start = _stop_at(new, wish.from_place or old[row.from_position].place_id)
    end = _stop_at(new, wish.to_place or old[row.to_position].place_id)
    if start.position >= end.position:
        raise StretchNotServed
    if target.seats.id == source.seats.id:
        raise SameDeparture
    leaves_at = start.at(target.seats.departs_at)
    rules.require_boardable(target.seats, row.status, leaves_at, now)
    return Relocation(
        row=row,
        source=source,
        target=target,
        takes=SeatsTaken(start.position, end.position, row.passengers),
        left_at_before=old[row.from_position].at(source.seats.departs_at),
        left_at_after=leaves_at,
        actor="",
        reason=wish.reason or BY_OPERATOR,
    )


def _stop_at(stops: Mapping[int, StopTime], place_id: UUID) -> StopTime:
    for stop in stops.values():
        if stop.place_id == place_id:
            return stop
    raise StretchNotServed


async def _settle_difference(connection: Connection, row: BookingRow, price: NewPrice, now: datetime) -> None:
    """Return what was paid beyond the new price; money that did not come through the payment service a person returns."""
    back = rules.to_return(row.paid, row.refunded, price.total)
    payment = await payments.accepted_payment(connection, row.organisation_id, row.id) if back else None
    if payment is not None:
        await settle.give_money_back(connection, payment, back, "moved", now)
    beside = await store.collected(connection, row) - price.total if not row.paid else 0
    if beside > 0:
        await payments.open_case(
            connection,
            "move_difference",
            organisation_id=row.organisation_id,
            now=now,
            booking_id=row.id,
            details={"amount": str(beside)},
        )


async def _tell(connection: Connection, row: BookingRow, done: TripMove, wish: MoveWish, now: datetime) -> None:
    facts = {"old_departs_at": done.left_at_before.isoformat(), "new_departs_at": done.left_at_after.isoformat()}
    if wish.reason:
        facts["reason"] = wish.reason
    await tell_booker(connection, row, "moved", now, occasion=str(done.id), facts=facts)


async def options(hub: Hub, staff: Staff, booking_id: UUID, day: date | None = None) -> list[MoveOption]:
    """Where the booking could go: departures of its stretch on sale, of that day or of the next week, with the price there.

    Raises ``BookingNotFound``, ``HoldExpired``, ``BookingNotOpen``.
    """
    now, organisation_id = hub.clock.now(), staff.organisation_id
    async with hub.database.tenant(organisation_id) as connection:
        row = await bookings.load(connection, organisation_id, booking_id)
        if row is None:
            raise BookingNotFound
        rules.require_movable(row.status, row.expires_at, now)
        found = await _next_departures(connection, row, day, now)
        priced = [(one, await _price_there(connection, row, one, now)) for one in found]
    return [
        MoveOption(
            one,
            Money(price.price_per_seat, price.currency),
            Money(price.total, price.currency),
            Money(price.total - row.total, price.currency),
        )
        for one, price in priced
        if price is not None
    ]


async def _next_departures(
    connection: Connection, row: BookingRow, day: date | None, now: datetime
) -> Sequence[Candidate]:
    stops = await store.stops(connection, row.organisation_id, row.departure_id)
    start, end = stops[row.from_position], stops[row.to_position]
    after, until = now, now + HORIZON
    if day is not None:
        midnight = datetime(day.year, day.month, day.day, tzinfo=start.zone)
        after, until = max(now, midnight - timedelta(seconds=1)), midnight + timedelta(days=1)
    wanted = [Wanted(start.place_id, end.place_id, after)]
    found = await store.candidates(connection, row.organisation_id, wanted, until=until, now=now, limit=MOST_OPTIONS)
    return [
        one for one in found if one.departure_id != row.departure_id and (day is None or one.leaves_at.date() == day)
    ]


async def collected(connection: Connection, row: BookingRow) -> int:
    """Money that was taken for the booking outside the payment service, minor units."""
    return await store.collected(connection, row)


async def _price_there(connection: Connection, row: BookingRow, candidate: Candidate, now: datetime) -> NewPrice | None:
    """None when that stretch is not sold on that departure."""
    try:
        return await pricing.reprice(connection, row, candidate.seen, candidate.seats(row.passengers), now)
    except StretchNotServed:
        return None


async def require_booking(hub: Hub, staff: Staff, booking_id: UUID) -> Booking:
    """The booking, if it is the operator's: of two refusals that goes before what is wrong with the rest."""
    return await booking_actions.load(hub, BookingAccess(staff.organisation_id, booking_id, staff.trail.actor))
