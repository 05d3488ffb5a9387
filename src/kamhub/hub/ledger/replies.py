"""What is told of the books, as the API documents it; made by ``views``."""

from __future__ import annotations

from datetime import date, datetime
from uuid import UUID

from kamhub.hub.ledger.types import Account, EntryKind
from kamhub.platform.web.schemas import ListReply, MoneyReply, Reply


class LineReply(Reply):
    """A line of an entry; debit is positive, credit negative."""

    account: Account
    amount: MoneyReply


class EntryReply(Reply):
    """An entry of the ledger; its lines sum to zero. ``source`` says what it tells of."""

    id: UUID
    at: datetime
    kind: EntryKind
    source: str
    booking_id: UUID | None
    booking_code: str | None
    payment_id: UUID | None
    refund_id: UUID | None
    memo: str | None
    lines: list[LineReply]


class EntryListReply(ListReply[EntryReply]):
    """Entries, the latest first; ``total`` is counted up to 10,000."""


class BalancesReply(Reply):
    """What every account holds; all of them together are zero."""

    balances: list[LineReply]
    at: datetime


class StatementPartReply(Reply):
    """What a period brought in one currency. ``payable`` is what it adds to what is due to the operator."""

    currency: str
    bookings: int
    opening: MoneyReply
    charged: MoneyReply
    refunds: MoneyReply
    earned: MoneyReply
    commission: MoneyReply
    fees: MoneyReply
    losses: MoneyReply
    collected: MoneyReply
    paid_out: MoneyReply
    payable: MoneyReply
    closing: MoneyReply


class StatementReply(Reply):
    """A statement; ``from_date`` and ``to_date`` are both inclusive."""

    from_date: date
    to_date: date
    parts: list[StatementPartReply]


class PayoutReply(Reply):
    """A transfer of the payment service to the operator's bank."""

    id: UUID
    from_date: date
    to_date: date
    amount: MoneyReply
    reference: str | None
    paid_at: datetime


class PayoutListReply(ListReply[PayoutReply]):
    """Payouts, the latest first."""
