"""Reading the bodies of notifications: form or JSON, blanks for what is absent."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Annotated
from urllib.parse import parse_qsl

from pydantic import BaseModel, ConfigDict, Field

from kamhub.hub.payment.types import (
    Notification,
    NotificationKind,
    NotificationMalformed,
    ReceiptTold,
    TaxationSystem,
    Vat,
)
from kamhub.kit.money import Money, parse_major
from kamhub.kit.text import clean_line
from kamhub.platform.web.schemas import Flag, Form

MAX_FIELDS = 200
_INTEGER = re.compile(r"[0-9]{1,18}")
# Few enough digits that decimal arithmetic keeps all of them, and nothing that only Python takes for a number.
_NUMBER = re.compile(r"-?[0-9]{1,15}(\.[0-9]{1,10})?([eE]\+?[0-9]{1,2})?")
# What only a finished payment carries; the body of a Check has none of them and otherwise looks the same.
_PAY_ONLY = ("GatewayName", "AuthCode", "Token", "TotalFee", "Rrn")

# Whether it is money that came in; of the other two kinds we ask for none.
_RECEIPT_TYPES = {"Income": True, "IncomeReturn": False, "Expense": None, "ExpenseReturn": None}
MAX_NUMBER = 100
MAX_URL = 500

Short = Annotated[str, Field(max_length=100)]


class NotificationBody(BaseModel):
    """The fields of a notification that we read; the provider sends more, and other ones with every kind.

    Only documents: what counts is read from the raw bytes once their signature is right.
    """

    model_config = ConfigDict(extra="allow")

    TransactionId: Annotated[int, Field(ge=0, lt=10**18)] | None = None
    Amount: Short | None = None
    Currency: Annotated[str, Field(min_length=3, max_length=3)] | None = None
    InvoiceId: Short | None = None
    AccountId: Short | None = None
    Status: Short | None = None
    OperationType: Short | None = None
    PaymentTransactionId: Annotated[int, Field(ge=0, lt=10**18)] | None = None
    TestMode: Short | None = None


class PaymentAccountForm(Form):
    """How a terminal works; what is left out stays.

    ``receipts``: it has a cash register of CloudKassir. ``two_stage``: money is set aside, and taken on confirmation.
    ``vat``: percent of a trip that has run, ``110`` is 10/110; a receipt of money paid ahead has the calculated rate of it.
    ``taxation_system``: null for the one the cash register is set to.
    """

    receipts: Flag | None = None
    two_stage: Flag | None = None
    vat: Vat | None = None
    taxation_system: TaxationSystem | None = None


def read_fields(body: bytes, content_type: str) -> dict[str, str]:
    """The fields of a body by its content type; nested values stay JSON text, empty values are left out.

    Raises ``NotificationMalformed``.
    """
    try:
        text = body.decode("utf-8")
    except UnicodeDecodeError:
        raise NotificationMalformed("the body is not UTF-8") from None
    if "json" in content_type.lower() or text.lstrip().startswith("{"):
        return _read_json(text)
    try:
        pairs = parse_qsl(text, keep_blank_values=False, strict_parsing=False, max_num_fields=MAX_FIELDS)
    except ValueError:
        raise NotificationMalformed("too many fields") from None
    return {name: value for name, value in pairs if value.strip()}


def _read_json(text: str) -> dict[str, str]:
    try:
        # Amounts must stay the text they were, not become floats.
        data = json.loads(text, parse_float=str, parse_int=str)
    except (ValueError, RecursionError):
        raise NotificationMalformed("the body is not JSON") from None
    if not isinstance(data, dict) or len(data) > MAX_FIELDS:
        raise NotificationMalformed("the body is not a JSON object of few fields")
    fields = {}
    for name, value in data.items():
        text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
        if value is not None and text.strip():
            fields[name] = text
    return fields


def read_notification(kind: NotificationKind, fields: Mapping[str, str]) -> Notification:
    """A notification of that kind. Raises ``NotificationMalformed`` when the fields are not those of the kind.

    The kind is nowhere in the body and the signature covers no address, so a body replayed at another kind's address
    must be told apart by its fields.
    """
    _require_kind(kind, fields)
    return Notification(
        kind=kind,
        transaction_id=_integer(fields, "TransactionId"),
        amount=_amount(fields),
        invoice=_short(fields.get("InvoiceId")),
        account=fields.get("AccountId"),
        test=fields.get("TestMode", "0").strip().lower() not in ("0", "false"),
        authorized_only=kind == "pay" and fields.get("Status") == "Authorized",
        payment_transaction_id=_integer(fields, "PaymentTransactionId") if kind == "refund" else None,
        method=_short(fields.get("PaymentMethod") or fields.get("CardType")),
        card_last_four=_short(fields.get("CardLastFour")),
        decline_reason=_short(fields.get("Reason") or fields.get("ReasonCode")) if kind == "fail" else None,
        fee=_fee(fields) if kind == "pay" else None,
    )


def read_receipt(fields: Mapping[str, str]) -> ReceiptTold:
    """What the cash register did. Raises ``NotificationMalformed``."""
    number = (fields.get("Id") or "").strip()
    if not number or len(number) > MAX_NUMBER or fields.get("Type") not in _RECEIPT_TYPES:
        raise NotificationMalformed("not the fields of a receipt notification")
    url = (fields.get("Url") or "").strip()
    try:
        amount = _amount(fields)
    except NotificationMalformed:
        amount = None
    return ReceiptTold(
        id=number,
        url=url if url.startswith("https://") and len(url) <= MAX_URL else None,
        income=_RECEIPT_TYPES[fields["Type"]],
        amount=amount,
        invoice=_short(fields.get("InvoiceId")),
    )


def _require_kind(kind: NotificationKind, fields: Mapping[str, str]) -> None:
    failed = "ReasonCode" in fields and fields["ReasonCode"] != "0"
    finished = any(name in fields for name in _PAY_ONLY)
    operation = fields.get("OperationType", "")
    status = fields.get("Status", "")
    # Check always names the operation it asks for. A body without status and operation is let through when it has a
    # currency: that of a Cancel has none.
    asks = operation == "Payment" or (not operation and not status and "Currency" in fields)
    good = {
        "check": asks and not failed and not finished and "PaymentTransactionId" not in fields,
        "pay": not failed
        and finished
        and operation == "Payment"
        and status in ("Completed", "Authorized")
        and "PaymentTransactionId" not in fields,
        "fail": failed and "PaymentTransactionId" not in fields,
        "confirm": not failed and status == "Completed" and not operation and "GatewayName" not in fields,
        "refund": "PaymentTransactionId" in fields and operation in ("Refund", ""),
        # A receipt, too, names the transaction; it begins with an id of its own.
        "cancel": not (failed or status or operation or "PaymentTransactionId" in fields or "Id" in fields),
        "receipt": False,
        "recurrent": False,
    }[kind]
    if not good:
        raise NotificationMalformed(f"not the fields of a {kind} notification")


def _integer(fields: Mapping[str, str], name: str) -> int:
    text = fields.get(name, "").strip()
    if not _INTEGER.fullmatch(text):
        raise NotificationMalformed(f"{name} is missing or not a number")
    return int(text)


def _amount(fields: Mapping[str, str]) -> Money:
    text = fields.get("Amount", "").strip()
    if not _NUMBER.fullmatch(text):
        raise NotificationMalformed("Amount is missing or not a number")
    try:
        amount = parse_major(text, fields.get("Currency", "RUB").strip())
    except ValueError as error:
        raise NotificationMalformed(f"Amount or Currency: {error}") from None
    if amount.amount <= 0:
        raise NotificationMalformed("Amount is not positive")
    return amount


def _fee(fields: Mapping[str, str]) -> int | None:
    """What the provider keeps, when it told a number that can be one: the rest of the notification counts without it."""
    text = fields.get("TotalFee", "").strip()
    if not _NUMBER.fullmatch(text):
        return None
    try:
        fee = parse_major(text, "RUB").amount
    except ValueError:
        return None
    return fee if fee > 0 else None


def _short(text: str | None) -> str | None:
    """The text as it can be stored and shown: one line, no control characters."""
    return clean_line(text)[:100] or None if text else None
