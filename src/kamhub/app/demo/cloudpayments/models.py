"""The Model of an order and of a transaction in API replies.

Source: CloudPayments documentation. Dates come twice: ``/Date(ms)/`` and ISO in UTC without a zone suffix.
"""

from __future__ import annotations

from .notices import auth_code, card_token
from .rules import utc
from .texts import reason_text, translator
from .types import Operation, Order, Transaction, TransactionStatus


def _dates(name: str, instant: float | None) -> dict[str, object]:
    if instant is None:
        return {name: None, f"{name}Iso": None}
    return {
        name: f"/Date({int(instant * 1000)})/",
        f"{name}Iso": utc(instant).strftime("%Y-%m-%dT%H:%M:%S"),
    }


def order_model(order: Order, base_url: str) -> dict[str, object]:
    """Give the Model ``orders/create`` answers with."""
    draft = order.draft
    return {
        "Id": order.id,
        "Number": order.number,
        "Amount": draft.amount / 100,
        "Currency": draft.currency,
        "CurrencyCode": 0,
        "Email": draft.email or None,
        "Phone": draft.phone or None,
        "InvoiceId": draft.invoice_id or None,
        "AccountId": draft.account_id or None,
        "Description": draft.description,
        "RequireConfirmation": draft.require_confirmation,
        "Url": f"{base_url}/d/{order.id}",
        "CultureName": draft.culture,
        **_dates("CreatedDate", order.created_at),
        **_dates("PaymentDate", None),
        "StatusCode": 0,
        "Status": order.status,
        "InternalId": order.number,
    }


def transaction_model(order: Order, transaction: Transaction, refunded: int, test_mode: bool) -> dict[str, object]:
    """Give the Model of a transaction; ``refunded`` is the sum of its refunds in minor units."""
    approved = transaction.status in {TransactionStatus.AUTHORIZED, TransactionStatus.COMPLETED}
    reason = transaction.reason
    is_payment = transaction.operation is Operation.PAYMENT
    return {
        "TransactionId": transaction.id,
        "OriginalTransactionId": transaction.parent_id,
        "OperationType": transaction.operation,
        "Amount": transaction.amount / 100,
        "Currency": order.draft.currency,
        "CurrencyCode": 0,
        "PaymentAmount": transaction.amount / 100,
        "PaymentCurrency": order.draft.currency,
        "InvoiceId": order.draft.invoice_id or None,
        "AccountId": order.draft.account_id or None,
        "Email": order.draft.email or None,
        "Description": order.draft.description,
        "JsonData": transaction.json_data or None,
        **_dates("CreatedDate", transaction.created_at),
        **_dates("AuthDate", transaction.created_at if approved else None),
        **_dates("ConfirmDate", transaction.confirmed_at),
        "AuthCode": auth_code(transaction) if approved and is_payment else None,
        "TestMode": test_mode,
        "IpAddress": "127.0.0.1",
        "CardFirstSix": transaction.card.first_six,
        "CardLastFour": transaction.card.last_four,
        "CardExpDate": transaction.card.expiry,
        "CardType": transaction.card.brand,
        "Issuer": "Demo Bank",
        "IssuerBankCountry": "RU",
        "Status": transaction.status,
        "StatusCode": transaction.status.code,
        "Reason": reason.title if reason else "Approved",
        "ReasonCode": reason.code if reason else 0,
        "CardHolderMessage": reason_text(reason, translator(order.draft.culture)) if reason else None,
        "Name": transaction.card.holder or None,
        "Token": card_token(transaction) if approved and is_payment else None,
        "Refunded": refunded > 0,
        "GatewayName": "Test",
    }
