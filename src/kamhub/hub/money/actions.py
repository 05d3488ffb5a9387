"""What staff do about money: return it, take it by hand, write down a chargeback, settle a case."""

from __future__ import annotations

import hashlib
from datetime import datetime
from uuid import UUID

from kamhub.hub.booking import store as bookings
from kamhub.hub.booking.messages import tell_booker
from kamhub.hub.booking.types import BookingNotFound
from kamhub.hub.ledger import actions as ledger
from kamhub.hub.ledger import rules as lines
from kamhub.hub.ledger.types import Entry, Till
from kamhub.hub.money import rules, store
from kamhub.hub.money.types import (
    Dues,
    KeyUsedOtherwise,
    NothingToReturn,
    RefundNotFound,
    RefundNotRefused,
    RefundTooLarge,
    RefundView,
)
from kamhub.hub.payment import refunding
from kamhub.hub.payment import store as payments
from kamhub.hub.payment.store import PaymentRow
from kamhub.hub.payment.types import PaymentNotFound
from kamhub.hub.services import Hub
from kamhub.kit.ids import new_id
from kamhub.kit.money import Money
from kamhub.platform.audit import actions as audit
from kamhub.platform.database.pool import Connection
from kamhub.platform.person.types import Staff


async def payment_to_return(
    connection: Connection, organisation_id: UUID, *, booking_id: UUID | None, payment_id: UUID | None
) -> PaymentRow:
    """The payment that is meant: itself, or the one that counts for a booking.

    Raises ``BookingNotFound``, ``PaymentNotFound``, ``NothingToReturn``.
    """
    if payment_id is not None:
        payment = await payments.payment_by_id(connection, organisation_id, payment_id)
        if payment is None or (booking_id is not None and payment.booking_id != booking_id):
            raise PaymentNotFound
        return payment
    if booking_id is None or await bookings.load(connection, organisation_id, booking_id) is None:
        raise BookingNotFound
    payment = await payments.accepted_payment(connection, organisation_id, booking_id)
    if payment is None:
        raise NothingToReturn
    return payment


async def refund(
    hub: Hub,
    staff: Staff,
    *,
    booking_id: UUID | None = None,
    payment_id: UUID | None = None,
    amount: Money | None = None,
    reason: str,
    key: str | None = None,
) -> tuple[RefundView, bool]:
    """Return money: all that is left of a payment, or a part; and whether this very call asked for it.

    The traveller is told. With a ``key`` a repeat gives the same refund. Raises what ``payment_to_return`` raises,
    ``RefundTooLarge``, ``KeyUsedOtherwise``.
    """
    organisation_id, now = staff.organisation_id, hub.clock.now()
    key_hash = hashlib.sha256(key.encode()).digest() if key else None
    async with hub.database.tenant(organisation_id) as connection:
        found = await payment_to_return(connection, organisation_id, booking_id=booking_id, payment_id=payment_id)
        payment = await refunding.lock_money(connection, found)
        if key_hash and (known := await _repeated(connection, payment, amount, key_hash)):
            return known, False
        left = Money(await refunding.returnable(connection, payment), payment.currency)
        wanted = amount or left
        if left.amount <= 0:
            raise NothingToReturn
        if wanted.currency != left.currency or wanted.amount > left.amount:
            raise RefundTooLarge(extra={"left": left.as_json()})
        refund_id = await return_money(connection, payment, wanted.amount, reason, now, key_hash)
        facts = {"amount": str(wanted), "reason": reason, "payment_id": str(payment.id)}
        await audit.record(
            connection, organisation_id, staff.trail, "refund.requested", "refund", refund_id, now, after=facts
        )
        return await require_refund(connection, organisation_id, refund_id), True


async def _repeated(
    connection: Connection, payment: PaymentRow, amount: Money | None, key_hash: bytes
) -> RefundView | None:
    known = await payments.refund_by_key(connection, payment.organisation_id, key_hash)
    if known is None:
        return None
    if known.payment_id != payment.id or (amount is not None and amount.amount != known.amount):
        raise KeyUsedOtherwise
    return await require_refund(connection, payment.organisation_id, known.id)


async def return_money(
    connection: Connection, payment: PaymentRow, amount: int, reason: str, now: datetime, key_hash: bytes | None = None
) -> UUID:
    """Ask for it and tell the traveller, in the caller's transaction. Raises ``NothingToReturn``."""
    refund_id = await refunding.give_money_back(connection, payment, amount, reason, now, key_hash)
    if refund_id is None:
        raise NothingToReturn
    if payment.booking_id is not None:
        booking = await bookings.load(connection, payment.organisation_id, payment.booking_id)
        if booking is not None:
            told = {"amount": str(amount), "currency": payment.currency}
            await tell_booker(connection, booking, "money_returned", now, occasion=str(refund_id), facts=told)
    return refund_id


async def require_refund(connection: Connection, organisation_id: UUID, refund_id: UUID) -> RefundView:
    """The refund. Raises ``RefundNotFound``."""
    found = await store.refund(connection, organisation_id, refund_id)
    if found is None:
        raise RefundNotFound
    return found


async def retry(hub: Hub, staff: Staff, refund_id: UUID) -> RefundView:
    """Ask again for a refused refund. Raises ``RefundNotFound``, ``RefundNotRefused``, ``RefundTooLarge``."""
    organisation_id, now = staff.organisation_id, hub.clock.now()
    async with hub.database.tenant(organisation_id) as connection:
        await require_refund(connection, organisation_id, refund_id)
        await retry_refund(connection, organisation_id, refund_id, now)
        await store.close_cases_of_refund(connection, organisation_id, refund_id, "retry_refund", staff.person_id, now)
        await audit.record(connection, organisation_id, staff.trail, "refund.retried", "refund", refund_id, now)
        return await require_refund(connection, organisation_id, refund_id)


async def retry_refund(connection: Connection, organisation_id: UUID, refund_id: UUID, now: datetime) -> None:
    """The same in the caller's transaction."""
    seen = await payments.refund_by_id(connection, organisation_id, refund_id, lock=False)
    payment = await payments.payment_by_id(connection, organisation_id, seen.payment_id) if seen else None
    if payment is None:
        raise RefundNotFound
    payment = await refunding.lock_money(connection, payment)
    refused = await payments.refund_by_id(connection, organisation_id, refund_id)
    if refused is None or refused.status != "refused":
        raise RefundNotRefused
    left = await refunding.returnable(connection, payment)
    if refused.amount > left:
        raise RefundTooLarge(extra={"left": Money(left, payment.currency).as_json()})
    await refunding.try_again(connection, payment, refused, new_id(), now)


async def collect(
    hub: Hub, staff: Staff, booking_id: UUID, *, amount: Money | None, till: Till | None, back: bool = False
) -> Dues:
    """Write down money taken outside the payment service, or given ``back`` that way; all that is due when no sum is given.

    Raises ``BookingNotFound``, ``NothingDue``, ``MoreThanDue``.
    """
    organisation_id, now = staff.organisation_id, hub.clock.now()
    async with hub.database.tenant(organisation_id) as connection:
        dues = await store.dues(connection, organisation_id, booking_id, lock=True)
        if dues is None:
            raise BookingNotFound
        taken = rules.taken(dues, amount, back=back)
        place = rules.till_of(dues, till)
        await store.add_collected(connection, organisation_id, booking_id, taken)
        entry = Entry(
            organisation_id,
            now,
            "collected",
            f"collected:{new_id()}",
            dues.currency,
            lines.collected(taken, place, dues.receivable),
            booking_id=booking_id,
        )
        await ledger.record(connection, entry)
        await ledger.true_up(connection, organisation_id, booking_id, now)
        facts = {"amount": str(dues.money(taken)), "till": place}
        action = "booking.collected"
        await audit.record(connection, organisation_id, staff.trail, action, "booking", booking_id, now, after=facts)
        return await store.dues(connection, organisation_id, booking_id) or dues


async def charge_back(hub: Hub, staff: Staff, payment_id: UUID, *, amount: Money | None, note: str | None) -> None:
    """Write down that the payer's bank took money back: it is lost, and a case says so.

    Raises ``PaymentNotFound``, ``NothingToReturn``, ``RefundTooLarge``.
    """
    organisation_id, now = staff.organisation_id, hub.clock.now()
    async with hub.database.tenant(organisation_id) as connection:
        found = await payment_to_return(connection, organisation_id, booking_id=None, payment_id=payment_id)
        payment = await refunding.lock_money(connection, found)
        left = Money(await refunding.returnable(connection, payment), payment.currency)
        taken = amount or left
        if left.amount <= 0:
            raise NothingToReturn
        if taken.currency != left.currency or taken.amount > left.amount:
            raise RefundTooLarge(extra={"left": left.as_json()})
        await payments.add_chargeback(connection, payment, taken.amount, now)
        entry = Entry(
            organisation_id,
            now,
            "chargeback",
            f"chargeback:{payment.id}:{payment.charged_back}",
            payment.currency,
            lines.chargeback(taken.amount),
            booking_id=payment.booking_id,
            payment_id=payment.id,
            memo=note,
        )
        await ledger.record(connection, entry)
        if payment.accepted and payment.booking_id is not None:
            await ledger.true_up(connection, organisation_id, payment.booking_id, now)
        await payments.open_case(
            connection,
            "chargeback",
            organisation_id=organisation_id,
            now=now,
            booking_id=payment.booking_id,
            payment_id=payment.id,
            details={"amount": str(taken)} | ({"message": note} if note else {}),
        )
        facts = {"amount": str(taken), "reason": note}
        action = "payment.charged_back"
        await audit.record(connection, organisation_id, staff.trail, action, "payment", payment.id, now, after=facts)
