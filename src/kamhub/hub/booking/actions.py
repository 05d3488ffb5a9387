"""The verbs of a booking's life."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import msgspec

from kamhub.hub.booking import pricing, rules, store
from kamhub.hub.booking.locks import lock_booking
from kamhub.hub.booking.messages import tell_booker
from kamhub.hub.booking.store import BookingRow
from kamhub.hub.booking.tokens import BookingAccess
from kamhub.hub.booking.types import (
    Booking,
    BookingEvent,
    BookingNotFound,
    BookingNotOpen,
    BookingStatus,
    CancellationQuote,
    CancellationTier,
    Channel,
    Consent,
    Contact,
    HoldExpired,
    Passenger,
    PaymentLink,
    PriceBreakdown,
)
from kamhub.hub.departure import store as departures
from kamhub.hub.departure.types import Stretch
from kamhub.hub.departure.views import DescribedStretch, describe
from kamhub.hub.disruption import store as disruption_store
from kamhub.hub.move import store as move_store
from kamhub.hub.payment import actions as payments
from kamhub.hub.payment import settle
from kamhub.hub.payment import store as payment_store
from kamhub.hub.payment.types import PaymentUnavailable
from kamhub.hub.price.rules import seat_parts
from kamhub.hub.price.types import PriceLine
from kamhub.hub.seats import actions as seats
from kamhub.hub.seats.types import HoldAsk, LockedDeparture, NewHold
from kamhub.hub.services import Hub
from kamhub.kit.ids import normalise_code
from kamhub.kit.money import Money
from kamhub.kit.phone import parse_phone
from kamhub.platform.audit import actions as audit
from kamhub.platform.audit.types import Trail
from kamhub.platform.database.pool import Connection
from kamhub.platform.monitoring.sentry import note


@dataclass(frozen=True, slots=True)
class HeldBooking:
    """A booking and the token that gives access to it. ``created`` is false for a repeat of an earlier request.

    ``departure_json`` is the encoded description of the departure when it was at hand.
    """

    booking: Booking
    token: str
    created: bool = True
    departure_json: msgspec.Raw | None = None

    @property
    def access(self) -> BookingAccess:
        return BookingAccess(self.booking.organisation_id, self.booking.id)


def open_token(hub: Hub, token: str | None, booking_id: UUID) -> BookingAccess:
    """The right a token gives to that booking. Raises ``BookingTokenInvalid`` or ``BookingNotFound``."""
    return hub.tokens.open(token, booking_id)


def cookie_name(booking_id: UUID) -> str:
    """The cookie in which a browser keeps the token of that booking."""
    return f"booking_{booking_id.hex}"


async def hold(
    hub: Hub,
    *,
    departure_id: UUID,
    passengers: int,
    from_place: UUID | None = None,
    to_place: UUID | None = None,
    key: str | None = None,
    channel: Channel,
) -> HeldBooking:
    """Hold seats for a party, all or none. With a ``key`` (Idempotency-Key) a repeat gives the same booking.

    Raises what ``SeatEngine.hold`` raises.
    """
    request = f"{departure_id}|{passengers}|{from_place}|{to_place}"
    answer = await hub.engine.hold(
        HoldAsk(
            departure_id=departure_id,
            passengers=passengers,
            channel=channel,
            from_place_id=from_place,
            to_place_id=to_place,
            key_hash=hashlib.sha256(key.encode()).digest() if key is not None else None,
            request_hash=hashlib.sha256(request.encode()).digest() if key is not None else None,
        )
    )
    token = hub.tokens.issue(answer.organisation_id, answer.id)
    if isinstance(answer, NewHold):
        note("booking created", booking=answer.id, organisation=answer.organisation_id)
        described = await _described(hub, answer)
        return HeldBooking(_fresh(answer, described.stretch), token, departure_json=described.json)
    access = BookingAccess(answer.organisation_id, answer.id)
    return HeldBooking(await load(hub, access), token, created=False)


def _fresh(held: NewHold, stretch: Stretch) -> Booking:
    grant = held.grant
    price = Money(grant.price_per_seat, grant.currency)
    return Booking(
        organisation_id=held.departure.organisation_id,
        id=held.id,
        code=held.code,
        status="on_hold",
        expires_at=grant.expires_at,
        stretch=stretch,
        passengers=grant.seats.passengers,
        price_per_seat=price,
        total=price * grant.seats.passengers,
        paid=None,
        refunded=None,
        contact=None,
        special_requests=None,
        passenger_list=(),
        history=(BookingEvent(held.created_at, None, "on_hold", "traveller", None),),
        refunds=(),
        payment=None,
        created_at=held.created_at,
        price=PriceBreakdown(
            seat_parts(grant.price_per_seat, grant.price_parts),
            (PriceLine("adult", grant.seats.passengers, grant.price_per_seat),),
        ),
    )


async def _described(hub: Hub, held: NewHold) -> DescribedStretch:
    departure, seats_held = held.departure, held.grant.seats
    start, end = seats_held.from_position, seats_held.to_position
    key = (departure.id, start, end)

    async def ask() -> DescribedStretch:
        async with hub.database.public() as connection:
            stretch = await departures.load_stretch(connection, departure.organisation_id, departure.id, start, end)
        if stretch is None:
            raise LookupError("a held departure has its stops")
        return describe(stretch)

    return hub.stretches.peek(key) or await hub.stretches.get(key, ask)


async def load(hub: Hub, access: BookingAccess) -> Booking:
    """The booking as its traveller sees it. Raises ``BookingNotFound``."""
    async with hub.database.tenant(access.organisation_id) as connection:
        row = await _require(connection, access, lock=False)
        return await _assemble(hub, connection, row)


async def _require(connection: Connection, access: BookingAccess, *, lock: bool) -> BookingRow:
    row = await store.load(connection, access.organisation_id, access.booking_id, lock=lock)
    if row is None:
        raise BookingNotFound
    return row


async def _require_locked(
    connection: Connection, access: BookingAccess, now: datetime
) -> tuple[BookingRow, LockedDeparture]:
    locked = await lock_booking(connection, access.organisation_id, access.booking_id, now)
    if locked is None:
        raise BookingNotFound
    return locked


async def _assemble(hub: Hub, connection: Connection, row: BookingRow) -> Booking:
    beside = await store.surroundings(connection, row)
    stretch = await _stretch_in(connection, row)
    status = rules.effective_status(row.status, row.expires_at, hub.clock.now())
    link = None
    if status in rules.LAPSING and beside.payment_url and row.expires_at:
        link = PaymentLink(beside.payment_url, row.expires_at)
    return Booking(
        organisation_id=row.organisation_id,
        id=row.id,
        code=row.code,
        status=status,
        expires_at=row.expires_at,
        stretch=stretch,
        passengers=row.passengers,
        price_per_seat=Money(row.price_per_seat, row.currency),
        total=Money(row.total, row.currency),
        paid=row.money(row.paid),
        refunded=row.money(row.refunded),
        contact=row.contact,
        special_requests=row.special_requests,
        passenger_list=beside.passengers,
        history=beside.history,
        refunds=beside.refunds,
        payment=link,
        created_at=row.created_at,
        price=pricing.breakdown(row, beside.promo),
        moves=await move_store.moves_of(connection, row),
        disrupted=await disruption_store.open_question(connection, row.organisation_id, row.id),
    )


async def book(
    hub: Hub,
    access: BookingAccess,
    *,
    contact: Contact,
    passenger_list: Sequence[Passenger] = (),
    special_requests: str | None = None,
    consent: Consent | None = None,
    promo_code: str | None = None,
) -> Booking:
    """Say who travels on a hold, and get the link to pay it by. May be repeated while the hold lives.

    The kinds of the passengers and the promo code settle the total; a repeat without the code is without its discount.

    A hold of an organisation without a payment account becomes ``pending``: the operator decides on it. When the
    payment service does not answer the booking has no link yet; ``request_payment`` tries again. ``consent`` is the text
    that was shown before, if any.
    Raises ``BookingNotFound``, ``HoldExpired``, ``BookingNotOpen``, ``TooManyHolds``, ``PromoCodeRefused``.
    """
    now = hub.clock.now()
    async with hub.database.tenant(access.organisation_id) as connection:
        # The contact's lock first: two bookings of one contact at a time would both find room under the cap.
        await store.lock_contact(connection, rules.contact_locks(access.organisation_id, contact.phone, contact.email))
        row = await _require(connection, access, lock=True)
        rules.require_open(row.status, row.expires_at, now)
        if hub.caps and row.channel != "staff":
            others = await store.unpaid_of_contact(connection, row, contact, now)
            rules.require_under_cap(others, row.passengers, now)
        if consent is not None:
            await store.add_consent(connection, row, consent, now)
        await store.set_passengers(connection, row, contact, special_requests, passenger_list)
        kinds = [person.kind for person in passenger_list]
        await pricing.settle_party(connection, row, kinds, contact, promo_code, now)
        named = await _require(connection, access, lock=True)
        payable = await payment_store.account_of(connection, hub.keys, access.organisation_id) is not None
        if not payable and row.status == "on_hold":
            await store.set_status(connection, row, "pending", now, access.actor, "no_online_payment")
            await store.set_expiry(connection, row, await store.sales_close_at(connection, row))
        await tell_booker(connection, named, "held", now)
    if payable:
        # The reply shows what is: no link yet, or a hold whose time has just run out.
        with suppress(PaymentUnavailable, HoldExpired):
            await payments.ensure_payment_link(hub, access)
    return await load(hub, access)


async def request_payment(hub: Hub, access: BookingAccess) -> Booking:
    """Try again to get a payment link. Raises as ``payments.ensure_payment_link``."""
    await payments.ensure_payment_link(hub, access)
    return await load(hub, access)


async def quote_cancellation(hub: Hub, access: BookingAccess) -> CancellationQuote:
    """What cancelling now would give back. Raises ``BookingNotFound`` or what forbids cancelling."""
    now = hub.clock.now()
    async with hub.database.tenant(access.organisation_id) as connection:
        row = await _require(connection, access, lock=False)
        stretch = await _stretch_in(connection, row)
        rules.require_cancellable(row.status, row.expires_at, stretch.departs_at, now)
        return await _quote(connection, row, stretch, now)


async def _quote(connection: Connection, row: BookingRow, stretch: Stretch, now: datetime) -> CancellationQuote:
    """What is left of the money, by the terms of the booking; all of it when the departure does not run."""
    tiers: Sequence[CancellationTier] = (rules.EVERYTHING,)
    if await departures.is_running(connection, row.organisation_id, row.departure_id):
        tiers = await store.tiers(connection, row.organisation_id, row.cancellation_policy_id)
    return rules.quote_cancellation(tiers, row.left, row.currency, stretch.departs_at, now)


async def _stretch_in(connection: Connection, row: BookingRow) -> Stretch:
    stretch = await departures.load_stretch(
        connection, row.organisation_id, row.departure_id, row.from_position, row.to_position
    )
    if stretch is None:
        raise LookupError("a booking has its departure")
    return stretch


async def cancel(hub: Hub, access: BookingAccess, reason: str | None) -> tuple[Booking, Money]:
    """Cancel by the policy: seats back at once, money on its way back. Returns the booking and the refund.

    Raises ``BookingNotFound``, ``HoldExpired``, ``BookingNotOpen``, ``TooLateToCancel``.
    """
    now = hub.clock.now()
    async with hub.database.tenant(access.organisation_id) as connection:
        row, departure = await _require_locked(connection, access, now)
        stretch = await _stretch_in(connection, row)
        rules.require_cancellable(row.status, row.expires_at, stretch.departs_at, now)
        quote = await _quote(connection, row, stretch, now)
        await seats.release(connection, departure, row.id, row.seats, now)
        await store.set_status(connection, row, "cancelled", now, access.actor, reason)
        await payment_store.close_orders(connection, row.organisation_id, row.id)
        held = await payment_store.held_payment(connection, row.organisation_id, row.id)
        if held is not None:
            await payments.release(connection, held, now)
        payment = await payment_store.accepted_payment(connection, row.organisation_id, row.id)
        if payment is not None and quote.refund.amount > 0:
            await settle.give_money_back(
                connection, payment, quote.refund.amount, "cancelled_by_" + access.actor.split(":")[0], now
            )
        await tell_booker(connection, row, "cancelled", now)
    return await load(hub, access), quote.refund


async def decide(hub: Hub, access: BookingAccess, *, trail: Trail, confirm: bool, message: str | None) -> Booking:
    """The operator confirms a booking that waits for it (or for money), or rejects it; written into the log.

    Raises ``BookingNotFound``, ``HoldExpired``, ``BookingNotOpen``.
    """
    now = hub.clock.now()
    async with hub.database.tenant(access.organisation_id) as connection:
        row, departure = await _require_locked(connection, access, now)
        rules.require_open(row.status, row.expires_at, now)
        if confirm and row.contact is None:
            raise BookingNotOpen("The booking has no passengers yet")
        if confirm and departure.seats.status == "cancelled":
            raise BookingNotOpen("Its departure was cancelled")
        held = await payment_store.held_payment(connection, row.organisation_id, row.id)
        if held is not None:
            await (payments.capture if confirm else payments.release)(connection, held, now)
        if not confirm:
            await seats.release(connection, departure, row.id, row.seats, now)
        elif held is not None:
            # Confirmed by the money, once the provider has taken it.
            await _note_decision(connection, row, trail, now, {"status": row.status, "action": "capture"})
            return await _assemble(hub, connection, row)
        status: BookingStatus = "confirmed" if confirm else "rejected"
        await store.set_status(connection, row, status, now, access.actor, message)
        await payment_store.close_orders(connection, row.organisation_id, row.id)
        await tell_booker(connection, row, "confirmed" if confirm else "rejected", now)
        await _note_decision(connection, row, trail, now, {"status": status})
    return await load(hub, access)


async def _note_decision(
    connection: Connection, row: BookingRow, trail: Trail, now: datetime, after: Mapping[str, object]
) -> None:
    before = {"status": row.status}
    await audit.record(
        connection, row.organisation_id, trail, "booking.decided", "booking", row.id, now, before=before, after=after
    )


async def sweep(hub: Hub, limit: int = 200) -> int:
    """Tidy holds whose time is over: buyers do not need it, people who read lists do. Returns how many lapsed."""
    now = hub.clock.now()
    async with hub.database.system() as connection:
        departures_with_lapsed = await store.lapsed_departures(connection, now, limit)
    swept = 0
    for organisation_id, departure_id in departures_with_lapsed:
        async with hub.database.tenant(organisation_id) as connection:
            locked = await seats.lock(connection, departure_id, now)
            swept += await seats.sweep(connection, locked, now)
    return swept


async def look_up(hub: Hub, code: str, email_or_phone: str) -> HeldBooking:
    """A booking by its code and the e-mail or phone it was made with. Raises ``BookingNotFound`` whatever is wrong."""
    wanted = email_or_phone.strip()
    try:
        phone = parse_phone(wanted)
    except ValueError:
        phone = ""
    async with hub.database.system() as connection:
        rows = await store.by_code_anywhere(connection, normalise_code(code))
    for row in rows:
        contact = row.contact
        if contact and (contact.email.lower() == wanted.lower() or contact.phone == phone):
            access = BookingAccess(row.organisation_id, row.id)
            return HeldBooking(await load(hub, access), hub.tokens.issue(row.organisation_id, row.id), created=False)
    raise BookingNotFound("No booking has this code with this e-mail or phone")
