"""Money as JSON of the HTTP contract and as lines of a spreadsheet."""

from __future__ import annotations

import zlib
from collections.abc import Sequence

import msgspec

from kamhub.hub.money import rules, words
from kamhub.hub.money.types import CaseView, Dues, PaymentEvent, PaymentView, RefundView
from kamhub.hub.receipt.types import Receipt
from kamhub.kit.money import Money
from kamhub.kit.text import Locale

PAYMENT_COLUMNS = (
    "received_at", "status", "amount", "currency", "refunded", "charged_back", "booking", "transaction_id", "method", "card",
    "counts", "invoice", "id",
)  # fmt: skip
REFUND_COLUMNS = (
    "requested_at", "settled_at", "status", "amount", "currency", "booking", "reason", "error", "transaction_id",
    "refund_transaction_id", "id",
)  # fmt: skip
CASE_COLUMNS = (
    "opened_at", "status", "kind", "title", "booking", "amount", "currency", "closed_at", "closed_by", "resolution", "id",
)  # fmt: skip


def _booking(booking_id: object, code: str | None) -> dict[str, object] | None:
    return None if booking_id is None else {"id": booking_id, "code": code}


def payment_json(payment: PaymentView) -> dict[str, object]:
    """A payment as it stands."""
    currency = payment.amount.currency
    return {
        "id": payment.id,
        "status": payment.status,
        "amount": payment.amount.as_json(),
        "refunded": Money(payment.returned, currency).as_json(),
        "charged_back": Money(payment.charged_back, currency).as_json(),
        "left": payment.left.as_json(),
        "accepted": payment.accepted,
        "test": payment.test,
        "asked": payment.asked,
        "booking": _booking(payment.booking_id, payment.booking_code),
        "account_id": payment.account_id,
        "transaction_id": payment.transaction_id,
        "invoice": payment.invoice,
        "method": payment.method,
        "card_last_four": payment.card_last_four,
        "decline_reason": payment.decline_reason,
        "received_at": payment.received_at,
    }


def payment_detail_json(
    payment: PaymentView, history: Sequence[PaymentEvent], refunds: Sequence[RefundView], receipts: Sequence[Receipt]
) -> dict[str, object]:
    """The same with its life."""
    return {
        **payment_json(payment),
        "history": [
            {"at": event.at, "before": event.before, "after": event.after, "reason": event.reason} for event in history
        ],
        "refunds": [refund_json(refund) for refund in refunds],
        "receipts": [receipt_json(receipt) for receipt in receipts],
    }


def receipt_json(receipt: Receipt) -> dict[str, object]:
    """A fiscal receipt."""
    return {
        "id": receipt.id,
        "kind": receipt.kind,
        "status": receipt.status,
        "amount": receipt.amount.as_json(),
        "url": receipt.url,
        "error": receipt.error,
        "requested_at": receipt.requested_at,
    }


def payment_cells(payment: PaymentView) -> Sequence[object]:
    """A payment as a line of a spreadsheet."""
    return (
        payment.received_at.isoformat(),
        payment.status,
        payment.amount.major(),
        payment.amount.currency,
        Money(payment.returned, payment.amount.currency).major(),
        Money(payment.charged_back, payment.amount.currency).major(),
        payment.booking_code,
        payment.transaction_id,
        payment.method,
        payment.card_last_four,
        "yes" if payment.accepted else "no",
        payment.invoice,
        payment.id,
    )


def refund_json(refund: RefundView) -> dict[str, object]:
    """A refund as it stands."""
    return {
        "id": refund.id,
        "status": refund.status,
        "amount": refund.amount.as_json(),
        "reason": refund.reason,
        "booking": _booking(refund.booking_id, refund.booking_code),
        "payment_id": refund.payment_id,
        "transaction_id": refund.transaction_id,
        "refund_transaction_id": refund.refund_transaction_id,
        "error": refund.error,
        "requested_at": refund.requested_at,
        "settled_at": refund.settled_at,
    }


def refund_cells(refund: RefundView) -> Sequence[object]:
    """A refund as a line of a spreadsheet."""
    return (
        refund.requested_at.isoformat(),
        refund.settled_at.isoformat() if refund.settled_at else None,
        refund.status,
        refund.amount.major(),
        refund.amount.currency,
        refund.booking_code,
        refund.reason,
        refund.error,
        refund.transaction_id,
        refund.refund_transaction_id,
        refund.id,
    )


def case_json(case: CaseView, locale: Locale, booking_status: str | None = None) -> dict[str, object]:
    """A case with what may be done about it."""
    offers: list[dict[str, object]] = []
    if case.closed_at is None:
        offers = [
            {"action": action, "label": words.action_name(action, locale)}
            for action in rules.offered(case.kind, booking_status)
        ]
    return {
        "id": case.id,
        "kind": case.kind,
        "status": case.status,
        "title": words.case_title(case.kind, locale),
        "text": words.case_text(case.kind, locale),
        "booking": _booking(case.booking_id, case.booking_code),
        "payment_id": case.payment_id,
        "refund_id": case.refund_id,
        "amount": case.amount.as_json() if case.amount else None,
        "details": dict(case.details),
        "suggested": offers[0] if offers else None,
        "actions": offers,
        "opened_at": case.opened_at,
        "closed_at": case.closed_at,
        "closed_by": case.closed_by,
        "resolution": case.resolution,
    }


def case_cells(case: CaseView, locale: Locale) -> Sequence[object]:
    """A case as a line of a spreadsheet."""
    return (
        case.opened_at.isoformat(),
        case.status,
        case.kind,
        words.case_title(case.kind, locale),
        case.booking_code,
        case.amount.major() if case.amount else None,
        case.amount.currency if case.amount else None,
        case.closed_at.isoformat() if case.closed_at else None,
        case.closed_by,
        case.resolution,
        case.id,
    )


def dues_json(dues: Dues) -> dict[str, object]:
    """What a booking has to pay."""
    return {
        "booking": {"id": dues.booking_id, "code": dues.code},
        "pay_by": dues.pay_by,
        "total": dues.money(dues.total).as_json(),
        "paid": dues.money(dues.paid).as_json(),
        "refunded": dues.money(dues.refunded).as_json(),
        "collected": dues.money(dues.collected).as_json(),
        "due": dues.money(dues.due).as_json(),
    }


def version_of(content: object) -> int:
    """Tells one state of a thing that nobody edits from another."""
    return zlib.crc32(msgspec.json.encode(content))
