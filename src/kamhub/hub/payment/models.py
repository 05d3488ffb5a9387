"""Reading the transactions of the provider's replies. Source: developers.cloudpayments.ru, "Просмотр транзакции"."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from typing import Any, Literal

from kamhub.hub.payment.types import Operation
from kamhub.kit.money import Money, parse_major
from kamhub.kit.text import clean_line

_STATUSES: Mapping[str, Literal["authorized", "completed", "declined", "cancelled", "waiting"]] = {
    "AwaitingAuthentication": "waiting",
    "Authorized": "authorized",
    "Completed": "completed",
    "Cancelled": "cancelled",
    "Declined": "declined",
}
_KINDS: Mapping[object, Literal["payment", "refund"]] = {"Payment": "payment", "Refund": "refund"}


def read_operation(model: Mapping[str, Any]) -> Operation | None:
    """A transaction; None for what is no payment and no refund, or makes no sense."""
    kind = _KINDS.get(model.get("OperationType") or "Payment")
    status = _STATUSES.get(str(model.get("Status") or "Completed"))
    amount = _money(model.get("Amount"), model.get("Currency"))
    number = model.get("TransactionId")
    if kind is None or status is None or amount is None or not isinstance(number, int) or number < 0:
        return None
    parent = model.get("OriginalTransactionId")
    fee = _money(model.get("TotalFee"), "RUB")
    return Operation(
        transaction_id=number,
        kind=kind,
        amount=amount,
        status=status,
        parent=parent if isinstance(parent, int) and kind == "refund" else None,
        invoice=_line(model.get("InvoiceId")),
        account=_line(model.get("AccountId")),
        test=bool(model.get("TestMode")),
        at=_moment(model.get("CreatedDateIso")),
        method=_line(model.get("PaymentMethod") or model.get("CardType")),
        card_last_four=_line(model.get("CardLastFour")),
        fee=fee.amount if fee is not None else None,
    )


def _money(amount: object, currency: object) -> Money | None:
    if isinstance(amount, bool) or not isinstance(amount, int | float | str):
        return None
    try:
        # A float is what JSON has; its shortest text is what was written.
        read = parse_major(format(Decimal(str(amount)), "f"), str(currency or "RUB"))
    except (ValueError, InvalidOperation):
        return None
    return read if read.amount > 0 else None


def _moment(text: object) -> datetime | None:
    """In UTC, and without a word of it."""
    try:
        return datetime.fromisoformat(str(text)).replace(tzinfo=UTC)
    except ValueError:
        return None


def _line(value: object) -> str | None:
    return clean_line(str(value))[:100] or None if value not in (None, "") else None
