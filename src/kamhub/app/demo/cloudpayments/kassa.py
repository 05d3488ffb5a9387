"""The cash register: receipts of ``kkt/receipt`` and the notification that one is made."""

from __future__ import annotations

import json
import uuid
from decimal import Decimal, InvalidOperation
from urllib.parse import urlencode

from .fields import Fields
from .notices import money
from .rules import utc
from .store import Store
from .types import Kind, Receipt, Refusal

# A register needs a moment for the fiscal mark.
MADE_AFTER = 1.0
_KINDS = {"Income", "IncomeReturn"}


def _kopecks(value: object) -> int:
    try:
        return int(Decimal(str(value)) * 100)
    except (InvalidOperation, ValueError):
        raise Refusal("A number of CustomerReceipt cannot be read") from None


def read_receipt(fields: Fields, now: float) -> Receipt:
    """A receipt as it was asked for; Refusal when the register would not make it."""
    kind, body = fields.required("Type"), fields.json_text("CustomerReceipt")
    told = json.loads(body or "null")
    items = told.get("Items") if isinstance(told, dict) else None
    if kind not in _KINDS:
        raise Refusal("Type must be Income or IncomeReturn")
    if not isinstance(items, list) or not items or not all(isinstance(one, dict) and one.get("label") for one in items):
        raise Refusal("CustomerReceipt must have Items, each with a label")
    amount = sum(_kopecks(one.get("amount")) for one in items)
    if amount <= 0:
        raise Refusal("The sum of a receipt must be positive")
    number = uuid.uuid4().hex
    return Receipt(0, number, kind, fields.text("InvoiceId"), fields.text("AccountId"), amount, body, now)


def notify_made(store: Store, receipt: Receipt, now: float) -> None:
    """Save the notification that will say the receipt is made; it names the last transaction of its invoice."""
    transaction = store.last_transaction(receipt.invoice_id, with_refunds=True)
    if transaction is None:
        return
    body = {
        "Id": receipt.id,
        "DocumentNumber": str(receipt.number),
        "SessionNumber": "1",
        "Number": str(receipt.number),
        "FiscalSign": f"{receipt.number:010d}",
        "DeviceNumber": "demo",
        "RegNumber": "demo",
        "Inn": "4101000000",
        "Type": receipt.kind,
        "Ofd": "demo",
        "Url": f"https://receipts.example/{receipt.id}",
        "TransactionId": str(transaction.id),
        "Amount": money(receipt.amount),
        "DateTime": utc(now).strftime("%Y-%m-%d %H:%M:%S"),
        "InvoiceId": receipt.invoice_id,
        "AccountId": receipt.account_id,
    }
    store.add_notice(Kind.RECEIPT, transaction.id, receipt.invoice_id, urlencode(body), now + MADE_AFTER)


def status(receipt: Receipt, now: float) -> str:
    """What ``kkt/receipt/status/get`` answers."""
    return "Processed" if now - receipt.created_at >= MADE_AFTER else "Queued"
