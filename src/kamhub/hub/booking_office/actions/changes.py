"""Changing a booking that is there: who travels, remarks, cancellation."""

from __future__ import annotations

from contextlib import suppress
from datetime import datetime
from uuid import UUID

from kamhub.hub.booking import actions as bookings
from kamhub.hub.booking import pricing
from kamhub.hub.booking import rules as booking_rules
from kamhub.hub.booking import store as booking_store
from kamhub.hub.booking.forms import LIST_TOO_LONG
from kamhub.hub.booking.locks import lock_booking
from kamhub.hub.booking.messages import tell_booker
from kamhub.hub.booking.store import BookingRow
from kamhub.hub.booking.tokens import BookingAccess
from kamhub.hub.booking.types import BookingNotFound, BookingNotOpen, CancellationQuote, HoldExpired, Passenger
from kamhub.hub.booking_office import rules
from kamhub.hub.booking_office.store import desk
from kamhub.hub.booking_office.types import Changes, Note, PriceWouldChange, RefundChoice
from kamhub.hub.departure import store as departures
from kamhub.hub.payment import actions as payments
from kamhub.hub.payment import settle
from kamhub.hub.payment import store as payment_store
from kamhub.hub.payment.types import PaymentUnavailable
from kamhub.hub.seats import actions as seats
from kamhub.hub.seats.types import LockedDeparture
from kamhub.hub.services import Hub
from kamhub.kit.ids import new_id
from kamhub.kit.money import Money
from kamhub.platform.audit import actions as audit
from kamhub.platform.database.pool import Connection
from kamhub.platform.person.types import Staff
from kamhub.platform.web.problems import FieldError, InputInvalid, PermissionMissing
from kamhub.platform.web.versions import require_version

REFUND = "refunds.write"
Asked = frozenset[str] | int | None


async def _locked(
    connection: Connection, staff: Staff, booking_id: UUID, now: datetime
) -> tuple[BookingRow, LockedDeparture]:
    found = await lock_booking(connection, staff.organisation_id, booking_id, now)
    if found is None:
        raise BookingNotFound
    return found


async def change(hub: Hub, staff: Staff, booking_id: UUID, changes: Changes, asked: Asked = None) -> None:
    """Change contact, passengers or remarks of a booking that is still to travel, if nobody was faster.

    Other kinds of passengers change the price as long as nothing was paid; the old link to pay is then closed.
    Raises ``BookingNotFound``, ``VersionStale``, ``HoldExpired``, ``BookingNotOpen``, ``PriceWouldChange``, ``InputInvalid``.
    """
    now = hub.clock.now()
    async with hub.database.tenant(staff.organisation_id) as connection:
        if changes.contact is not None:
            contact = changes.contact
            locks = booking_rules.contact_locks(staff.organisation_id, contact.phone, contact.email)
            await booking_store.lock_contact(connection, locks)
        row, _ = await _locked(connection, staff, booking_id, now)
        require_version(asked, await desk.version_of(connection, row))
        _require_changeable(row, now)
        people = changes.passenger_list
        if people is not None and len(people) > row.passengers:
            raise InputInvalid([FieldError("passenger_list", LIST_TOO_LONG, "too_long")])
        beside = await booking_store.surroundings(connection, row)
        await desk.change(connection, row, changes)
        after = await _priced(connection, row, beside.passengers, people, beside.promo, now)
        facts = {"fields": changes.fields(), "total": after.total}
        await audit.record(
            connection, row.organisation_id, staff.trail, "booking.changed", "booking", row.id, now,
            before={"fields": [], "total": row.total}, after=facts,
        )  # fmt: skip
    if after.total != row.total and row.status == "on_hold":
        access = BookingAccess(staff.organisation_id, booking_id, actor=staff.trail.actor)
        with suppress(PaymentUnavailable, HoldExpired, BookingNotOpen):
            await payments.ensure_payment_link(hub, access)


def _require_changeable(row: BookingRow, now: datetime) -> None:
    current = booking_rules.effective_status(row.status, row.expires_at, now)
    if current == "expired":
        raise HoldExpired
    if current not in rules.CHANGEABLE:
        raise BookingNotOpen(f"The booking is {current}")


async def _priced(
    connection: Connection,
    row: BookingRow,
    before: tuple[Passenger, ...],
    after: tuple[Passenger, ...] | None,
    promo: tuple[str, int] | None,
    now: datetime,
) -> BookingRow:
    """The booking at the price of those who travel now."""
    fresh = await _again(connection, row)
    if after is None or fresh.contact is None or rules.same_party(before, after):
        return fresh
    code = promo[0] if promo else None
    try:
        await pricing.settle_party(connection, fresh, rules.kinds_of(after), fresh.contact, code, now)
    except BookingNotOpen as error:  # money is on the booking, or about to be
        raise PriceWouldChange from error
    settled = await _again(connection, row)
    if settled.total != row.total and (row.paid is not None or await desk.takings(connection, row)):
        raise PriceWouldChange
    return settled


async def _again(connection: Connection, row: BookingRow) -> BookingRow:
    fresh = await booking_store.load(connection, row.organisation_id, row.id)
    if fresh is None:
        raise LookupError("a locked booking is there")
    return fresh


async def quote(hub: Hub, staff: Staff, booking_id: UUID) -> CancellationQuote:
    """What cancelling by the policy would give back. Raises ``BookingNotFound`` or what forbids cancelling."""
    return await bookings.quote_cancellation(hub, BookingAccess(staff.organisation_id, booking_id))


async def cancel(
    hub: Hub,
    staff: Staff,
    booking_id: UUID,
    reason: str | None,
    choice: RefundChoice = "policy",
    amount: int | None = None,
    asked: Asked = None,
) -> Money:
    """Cancel a booking and give back what was chosen: seats at once, money on its way. Returns the refund.

    Anything but the policy's refund, when money was paid, needs the right to return money.
    Raises ``BookingNotFound``, ``VersionStale``, ``HoldExpired``, ``BookingNotOpen``, ``TooLateToCancel``, ``PermissionMissing``, ``InputInvalid``.
    """
    now = hub.clock.now()
    async with hub.database.tenant(staff.organisation_id) as connection:
        row, departure = await _locked(connection, staff, booking_id, now)
        require_version(asked, await desk.version_of(connection, row))
        departs_at = await _departs_at(connection, row)
        booking_rules.require_cancellable(row.status, row.expires_at, departs_at, now)
        if choice != "policy" and row.paid is not None and REFUND not in staff.permissions:
            raise PermissionMissing
        tiers = await booking_store.tiers(connection, row.organisation_id, row.cancellation_policy_id)
        paid, refunded = row.money(row.paid), row.money(row.refunded)
        promised = booking_rules.quote_cancellation(tiers, paid, row.currency, departs_at, now)
        back = rules.refund_amount(choice, amount, promised, paid, refunded)
        await seats.release(connection, departure, row.id, row.seats, now)
        await booking_store.set_status(connection, row, "cancelled", now, staff.trail.actor, reason)
        await payment_store.close_orders(connection, row.organisation_id, row.id)
        held = await payment_store.held_payment(connection, row.organisation_id, row.id)
        if held is not None:
            await payments.release(connection, held, now)
        payment = await payment_store.accepted_payment(connection, row.organisation_id, row.id)
        if payment is not None and back.amount > 0:
            await settle.give_money_back(connection, payment, back.amount, "cancelled_by_staff", now)
        await tell_booker(connection, row, "cancelled", now)
        facts = {"status": "cancelled", "refund": back.amount, "choice": choice}
        await audit.record(
            connection, row.organisation_id, staff.trail, "booking.cancelled", "booking", row.id, now,
            before={"status": row.status}, after=facts,
        )  # fmt: skip
    return back


async def _departs_at(connection: Connection, row: BookingRow) -> datetime:
    """When the booking's own stretch begins, by which the policy counts."""
    stretch = await departures.load_stretch(
        connection, row.organisation_id, row.departure_id, row.from_position, row.to_position
    )
    if stretch is None:
        raise LookupError("a booking has its departure")
    return stretch.departs_at


async def add_note(hub: Hub, staff: Staff, booking_id: UUID, text: str) -> Note:
    """Write a remark for colleagues. Raises ``BookingNotFound``."""
    now = hub.clock.now()
    note = Note(new_id(), now, staff.trail.actor_id, staff.trail.actor_name, text)
    async with hub.database.tenant(staff.organisation_id) as connection:
        row = await booking_store.load(connection, staff.organisation_id, booking_id, lock=True)
        if row is None:
            raise BookingNotFound
        await desk.add_note(connection, staff.organisation_id, booking_id, note)
        await audit.record(
            connection, staff.organisation_id, staff.trail, "booking.noted", "booking", booking_id, now, after={}
        )
    return note
