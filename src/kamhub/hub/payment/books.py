"""What money through the payment service means for the ledger and for receipts, in the transaction that settles it."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from kamhub.hub.ledger import actions as ledger
from kamhub.hub.ledger import rules as lines
from kamhub.hub.ledger import store as ledger_store
from kamhub.hub.ledger.types import Entry
from kamhub.hub.payment.store import PaymentRow
from kamhub.hub.receipt import actions as receipts
from kamhub.platform.database.pool import Connection


def charge_source(payment_id: UUID) -> str:
    """What the entry of a charge tells of."""
    return f"payment:{payment_id}"


async def enter_charge(connection: Connection, payment: PaymentRow, fee: int | None, now: datetime) -> None:
    """Money came in, and the payment service may have told what it keeps of it."""
    await ledger.record(
        connection,
        Entry(
            payment.organisation_id,
            now,
            "charge" if payment.accepted else "charge_unmatched",
            charge_source(payment.id),
            payment.currency,
            lines.charge(payment.amount, accepted=payment.accepted),
            booking_id=payment.booking_id,
            payment_id=payment.id,
        ),
    )
    if fee:
        entry = Entry(
            payment.organisation_id,
            now,
            "fee",
            f"fee:{payment.id}",
            payment.currency,
            lines.fee(fee),
            booking_id=payment.booking_id,
            payment_id=payment.id,
        )
        await ledger.record(connection, entry)
    await ask_prepayment_receipt(connection, payment, now)
    await true_up(connection, payment, now)


async def ask_prepayment_receipt(connection: Connection, payment: PaymentRow, now: datetime) -> None:
    """The first of the two receipts of a service that is paid ahead."""
    if payment.accepted and payment.booking_id is not None:
        await receipts.ask(
            connection,
            "prepayment",
            organisation_id=payment.organisation_id,
            account_id=payment.account_id,
            booking_id=payment.booking_id,
            payment_id=payment.id,
            refund_id=None,
            amount=payment.amount,
            currency=payment.currency,
            now=now,
        )


async def enter_refund(
    connection: Connection, payment: PaymentRow, refund_id: UUID, amount: int, now: datetime
) -> None:
    """Money went back. Of a payment that was never entered (refused test money) neither is its return."""
    if not await ledger_store.has(connection, payment.organisation_id, charge_source(payment.id)):
        return
    await ledger.record(
        connection,
        Entry(
            payment.organisation_id,
            now,
            "refund",
            f"refund:{refund_id}",
            payment.currency,
            lines.refund(amount, accepted=payment.accepted),
            booking_id=payment.booking_id,
            payment_id=payment.id,
            refund_id=refund_id,
        ),
    )
    if payment.accepted and payment.booking_id is not None:
        await receipts.ask(
            connection,
            "refund",
            organisation_id=payment.organisation_id,
            account_id=payment.account_id,
            booking_id=payment.booking_id,
            payment_id=payment.id,
            refund_id=refund_id,
            amount=amount,
            currency=payment.currency,
            now=now,
        )


async def true_up(connection: Connection, payment: PaymentRow, now: datetime) -> None:
    """What the booking earned, when its trip is in the books already, follows what was returned."""
    if payment.accepted and payment.booking_id is not None:
        await ledger.true_up(connection, payment.organisation_id, payment.booking_id, now)
