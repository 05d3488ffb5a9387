"""What a notification says: the fields of each type, as a form-urlencoded body.

Source: CloudPayments documentation, notifications. Optional scalars without a value are sent as empty
strings, which real handlers meet too. Geography is left out: the payer of a demo sits on the same machine.
"""

from __future__ import annotations

from urllib.parse import urlencode

from .rules import utc
from .types import Kind, Operation, Order, Transaction, TransactionStatus

_ISSUER = "Demo Bank"


def money(amount: int) -> str:
    """Write minor units with a dot and two digits: 150000 is ``1500.00``."""
    return f"{amount // 100}.{amount % 100:02d}"


def auth_code(payment: Transaction) -> str:
    """Give the six-character authorisation code of an approved payment."""
    return f"A{payment.id % 100_000:05d}"


def card_token(payment: Transaction) -> str:
    """Give the token of the card of an approved payment."""
    return f"demo_tk_{payment.card.first_six}{payment.card.last_four}"


def reference_number(transaction: Transaction) -> str:
    """Give the twelve-digit Rrn of a transaction."""
    return f"{transaction.id:012d}"


def _moment(instant: float) -> str:
    return utc(instant).strftime("%Y-%m-%d %H:%M:%S")


def _party(order: Order, transaction: Transaction) -> dict[str, str]:
    fields = {
        "InvoiceId": order.draft.invoice_id,
        "AccountId": order.draft.account_id,
        "Email": order.draft.email,
    }
    return fields | ({"Data": transaction.json_data} if transaction.json_data else {})


def _base(order: Order, payment: Transaction, test_mode: bool) -> dict[str, str]:
    return {
        "TransactionId": str(payment.id),
        "Amount": money(payment.amount),
        "Currency": order.draft.currency,
        "PaymentAmount": money(payment.amount),
        "PaymentCurrency": order.draft.currency,
        "DateTime": _moment(payment.created_at),
        "CardFirstSix": payment.card.first_six,
        "CardLastFour": payment.card.last_four,
        "CardType": payment.card.brand,
        "CardExpDate": payment.card.expiry,
        "TestMode": str(int(test_mode)),
        "SubscriptionId": "",
        "Name": payment.card.holder,
        "IpAddress": "127.0.0.1",
        "Issuer": _ISSUER,
        "IssuerBankCountry": "RU",
        "Description": order.draft.description,
    } | _party(order, payment)


def _payment_extras(kind: Kind, order: Order, payment: Transaction) -> dict[str, str]:
    status, operation = {"Status": payment.status.value}, {"OperationType": payment.operation.value}
    approved = {
        "AuthCode": auth_code(payment),
        "Token": card_token(payment),
        "Rrn": reference_number(payment),
    }
    if kind is Kind.CHECK:
        # Nothing is charged yet: Check names the status the payment will have when it succeeds.
        outcome = TransactionStatus.AUTHORIZED if order.draft.require_confirmation else TransactionStatus.COMPLETED
        return {"Status": outcome.value, "CardProduct": ""} | operation
    if kind is Kind.PAY:
        return status | operation | approved | {"GatewayName": "Test", "TotalFee": "0.00", "CardProduct": ""}
    if kind is Kind.CONFIRM:
        return status | approved
    reason = payment.reason
    if reason is None:
        raise ValueError("a Fail notification needs a declined payment")
    return {
        "Reason": reason.title,
        "ReasonCode": str(reason.code),
        "Rrn": reference_number(payment),
    } | operation


def notice_body(kind: Kind, order: Order, transaction: Transaction, test_mode: bool, now: float) -> str:
    """Give the body of a notification; for Refund ``transaction`` is the refund, otherwise the payment."""
    if kind is Kind.REFUND:
        fields = {
            "TransactionId": str(transaction.id),
            "PaymentTransactionId": str(transaction.parent_id),
            "Amount": money(transaction.amount),
            "DateTime": _moment(transaction.created_at),
            "OperationType": Operation.REFUND.value,
            "Rrn": reference_number(transaction),
        } | _party(order, transaction)
    elif kind is Kind.CANCEL:
        fields = {
            "TransactionId": str(transaction.id),
            "Amount": money(transaction.amount),
            "DateTime": _moment(now),
            "Rrn": reference_number(transaction),
        } | _party(order, transaction)
    else:
        fields = _base(order, transaction, test_mode) | _payment_extras(kind, order, transaction)
    return urlencode(fields)
