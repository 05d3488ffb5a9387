"""Pure decisions of receipts."""

from __future__ import annotations

from kamhub.hub.payment.client import ReceiptRequest
from kamhub.hub.receipt.types import Receipt, Recipient

# Tag 1214: prepaid whole, settled whole.
PREPAID = 1
SETTLED = 4
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
    )
