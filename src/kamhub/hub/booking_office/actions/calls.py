"""Booking for whoever calls: seats held, named and settled as the caller wants to pay."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from kamhub.hub.booking import actions as bookings
from kamhub.hub.booking import pricing
from kamhub.hub.booking import rules as booking_rules
from kamhub.hub.booking import store as booking_store
from kamhub.hub.booking.locks import lock_booking
from kamhub.hub.booking.messages import tell_booker
from kamhub.hub.booking.store import BookingRow
from kamhub.hub.booking.tokens import BookingAccess
from kamhub.hub.booking.types import BookingNotFound, BookingNotOpen, Consent, HoldExpired
from kamhub.hub.booking_office import rules
from kamhub.hub.booking_office.store import desk
from kamhub.hub.booking_office.types import NewBooking, OnlinePaymentOff
from kamhub.hub.departure.types import DepartureNotFound
from kamhub.hub.notice.types import MessageKind
from kamhub.hub.payment import actions as payments
from kamhub.hub.payment import store as payment_store
from kamhub.hub.payment.types import PaymentUnavailable
from kamhub.hub.seats.types import LockedDeparture
from kamhub.hub.services import Hub
from kamhub.kit.errors import Refusal
from kamhub.platform.audit import actions as audit
from kamhub.platform.audit.types import Trail
from kamhub.platform.database.pool import Connection
from kamhub.platform.person.types import Staff


@dataclass(frozen=True, slots=True)
class Naming:
    """How a fresh hold becomes somebody's booking: who does it, what the booker is told, how long the seats wait at least.

    ``also`` is done in the same transaction, and may refuse.
    """

    trail: Trail
    tell: MessageKind
    action: str
    at_least: timedelta = timedelta(0)
    consent: Consent | None = None
    also: Callable[[Connection, UUID], Awaitable[None]] | None = None


async def make(hub: Hub, staff: Staff, wanted: NewBooking, key: str | None = None) -> UUID:
    """Book for a caller; returns the booking's id. With a ``key`` a repeat gives the same booking.

    Paid online, the seats are held and the link to pay goes out by message; paid on board or by invoice, the booking is
    confirmed at once. When it is refused after the hold (a promo code) and has no key, the seats are given back.
    Raises ``DepartureNotFound``, ``OnlinePaymentOff``, ``PromoCodeRefused`` and what ``SeatEngine.hold`` raises.
    """
    organisation_id = staff.organisation_id
    async with hub.database.tenant(organisation_id) as connection:
        if not await desk.departure_is_ours(connection, organisation_id, wanted.departure_id):
            raise DepartureNotFound
        if wanted.pay_by == "online":
            await _require_account(hub, connection, organisation_id)
    held = await bookings.hold(
        hub,
        departure_id=wanted.departure_id,
        passengers=wanted.passengers,
        from_place=wanted.from_place,
        to_place=wanted.to_place,
        key=f"{organisation_id}|{key}" if key is not None else None,
        channel="staff",
    )
    access = BookingAccess(organisation_id, held.booking.id, actor=staff.trail.actor)
    try:
        await name(hub, access, wanted, Naming(staff.trail, "payment_link", "booking.made"))
    except Refusal:
        if key is None:
            with suppress(Refusal):
                await bookings.cancel(hub, access, "not_booked")
        raise
    return held.booking.id


async def name(hub: Hub, access: BookingAccess, wanted: NewBooking, how: Naming) -> None:
    """Write who travels on a hold and how it is paid, and tell them. Nothing when that was done before.

    Raises ``BookingNotFound``, ``HoldExpired``, ``BookingNotOpen``, ``PromoCodeRefused``.
    """
    now, contact = hub.clock.now(), wanted.contact
    locks = booking_rules.contact_locks(access.organisation_id, contact.phone, contact.email)
    async with hub.database.tenant(access.organisation_id) as connection:
        # Whoever is to be removed from everything is removed from this too, or comes after it.
        await booking_store.lock_contact(connection, locks)
        found = await lock_booking(connection, access.organisation_id, access.booking_id, now)
        if found is None:
            raise BookingNotFound
        row, departure = found
        if row.contact is None:
            booking_rules.require_open(row.status, row.expires_at, now)
            if departure.seats.status == "cancelled":
                raise BookingNotOpen("Its departure was cancelled")
            await _write(hub, connection, row, departure, wanted, how, access.actor)
    if wanted.pay_by == "online":
        # What is shown is what is: no link yet, or a hold whose time has just run out.
        with suppress(PaymentUnavailable, HoldExpired, BookingNotOpen):
            await payments.ensure_payment_link(hub, access)


async def _write(
    hub: Hub,
    connection: Connection,
    row: BookingRow,
    departure: LockedDeparture,
    wanted: NewBooking,
    how: Naming,
    actor: str,
) -> None:
    now, closes = hub.clock.now(), departure.seats.sales_close_at
    if how.consent is not None:
        await booking_store.add_consent(connection, row, how.consent, now)
    await booking_store.set_passengers(connection, row, wanted.contact, wanted.special_requests, wanted.passenger_list)
    kinds = rules.kinds_of(wanted.passenger_list)
    await pricing.settle_party(connection, row, kinds, wanted.contact, wanted.promo_code, now)
    await desk.set_pay_by(connection, row, wanted.pay_by)
    named = await _again(connection, row)
    if wanted.pay_by != "online":
        await booking_store.set_status(connection, row, "confirmed", now, actor, f"pays_{wanted.pay_by}")
    elif await payment_store.account_of(connection, hub.keys, row.organisation_id) is None:
        await booking_store.set_status(connection, row, "pending", now, actor, "no_online_payment")
        await booking_store.set_expiry(connection, row, closes)
    elif row.expires_at is not None:
        await booking_store.set_expiry(connection, row, max(row.expires_at, min(now + how.at_least, closes)))
    await _tell(connection, named, wanted, how, now)
    if how.also is not None:
        await how.also(connection, row.id)


async def _tell(connection: Connection, row: BookingRow, wanted: NewBooking, how: Naming, now: datetime) -> None:
    """Tell the booker, and write it into the log."""
    await tell_booker(connection, row, how.tell if wanted.pay_by == "online" else "confirmed", now)
    facts = {
        "code": row.code,
        "departure_id": str(row.departure_id),
        "passengers": row.passengers,
        "total": row.total,
        "pay_by": wanted.pay_by,
    }
    await audit.record(connection, row.organisation_id, how.trail, how.action, "booking", row.id, now, after=facts)


async def _again(connection: Connection, row: BookingRow) -> BookingRow:
    fresh = await booking_store.load(connection, row.organisation_id, row.id)
    if fresh is None:
        raise LookupError("a locked booking is there")
    return fresh


async def _require_account(hub: Hub, connection: Connection, organisation_id: UUID) -> None:
    if await payment_store.account_of(connection, hub.keys, organisation_id) is None:
        raise OnlinePaymentOff


async def send_link(hub: Hub, staff: Staff, booking_id: UUID) -> None:
    """Send the link to pay by once more, at most once a minute.

    Raises ``BookingNotFound``, ``HoldExpired``, ``BookingNotOpen``, ``OnlinePaymentOff``, ``PaymentUnavailable``.
    """
    organisation_id, now = staff.organisation_id, hub.clock.now()
    access = BookingAccess(organisation_id, booking_id, actor=staff.trail.actor)
    async with hub.database.tenant(organisation_id) as connection:
        if await booking_store.load(connection, organisation_id, booking_id) is None:
            raise BookingNotFound
        await _require_account(hub, connection, organisation_id)
    await payments.ensure_payment_link(hub, access)
    async with hub.database.tenant(organisation_id) as connection:
        row = await booking_store.load(connection, organisation_id, booking_id, lock=True)
        if row is None:
            raise BookingNotFound
        booking_rules.require_open(row.status, row.expires_at, now)
        await tell_booker(connection, row, "payment_link", now, occasion=f"{now:%Y-%m-%dT%H:%M}")
        await audit.record(
            connection, organisation_id, staff.trail, "booking.payment_link_sent", "booking", row.id, now, after={}
        )
