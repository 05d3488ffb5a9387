"""Pure decisions of receipts."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Literal

from kamhub.hub.payment.client import ReceiptRequest
from kamhub.hub.payment.types import TaxationSystem, Vat
from kamhub.hub.receipt.types import Receipt, Recipient

# Tag 1214: prepaid whole, settled whole.
PREPAID = 1
SETTLED = 4
# Tax code, article 164, 4: of an advance VAT is taken at the calculated rate, 22 % of the price without it as 22/122.
_OF_AN_ADVANCE: Mapping[Vat, Vat] = {"5": "105", "7": "107", "10": "110", "20": "120", "22": "122"}
# As the cash register numbers them.
_TAXATION: Mapping[TaxationSystem, int] = {
    "osn": 0, "usn_income": 1, "usn_income_less_expense": 2, "eshn": 4, "patent": 5,
}  # fmt: skip
# The provider replays the answer to a request id for an hour; after that a repeat would be a second receipt.
REPEATABLE = timedelta(minutes=50)
# The register has made a receipt by then, and said so, when it is going to.
_NEWS_WAITED_FOR = timedelta(hours=6)
_LABEL = "Перевозка пассажиров, бронирование {code}"


def request_of(receipt: Receipt, recipient: Recipient) -> ReceiptRequest:
    """What the cash register is asked for. The label is Russian whatever the traveller speaks: it is a fiscal document."""
    return ReceiptRequest(
        request_id=receipt.request_id,
        income=receipt.kind != "refund",
        invoice=recipient.code,
        payer=str(receipt.booking_id),
        email=recipient.email,
        label=_LABEL.format(code=recipient.code),
        amount=receipt.amount,
        method=SETTLED if receipt.kind == "full" else PREPAID,
        advance=receipt.kind == "full",
        vat=vat_of(receipt),
        taxation_system=_TAXATION[receipt.taxation_system] if receipt.taxation_system else None,
    )


def vat_of(receipt: Receipt) -> int | None:
    """The rate as the cash register numbers it, None without VAT."""
    rate = receipt.vat if receipt.kind == "full" else _OF_AN_ADVANCE.get(receipt.vat, receipt.vat)
    return None if rate == "none" else int(rate)


def asking(receipt: Receipt, now: datetime) -> Literal["ask", "wait", "give up"]:
    """What to do about a receipt nobody answered for: a repeat is safe for as long as the provider knows it by its request
    id. Then its notification may still say that it was made; and after that nobody but a person can find out."""
    if receipt.asked_at is None or now - receipt.asked_at <= REPEATABLE:
        return "ask"
    return "wait" if now - receipt.asked_at <= _NEWS_WAITED_FOR else "give up"
