"""Accounts, entries and what is read of them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Literal, get_args
from uuid import UUID

from kamhub.kit.errors import Refusal
from kamhub.kit.money import Money
from kamhub.kit.text import mark

Account = Literal[
    "provider",
    "travellers",
    "unmatched",
    "revenue",
    "provider_fees",
    "commission",
    "platform",
    "cash",
    "bank",
    "receivable",
    "losses",
]
ACCOUNTS: tuple[Account, ...] = get_args(Account)
EntryKind = Literal[
    "charge",
    "charge_unmatched",
    "refund",
    "fee",
    "earned",
    "commission",
    "invoiced",
    "collected",
    "chargeback",
    "payout",
    "correction",
]
KINDS: tuple[EntryKind, ...] = get_args(EntryKind)
Till = Literal["cash", "bank"]


class PayoutTooLarge(Refusal):
    """More than the payment service holds cannot have come from it."""

    code = "payout_too_large"
    status = 409
    title = mark("The payment service does not hold that much")


class EntryNotFound(Refusal):
    """There is no such entry in the ledger of this organisation."""

    code = "ledger_entry_not_found"
    status = 404
    title = mark("There is no such entry in the ledger")


class PayoutNotFound(Refusal):
    """There is no such payout."""

    code = "payout_not_found"
    status = 404
    title = mark("There is no such payout")


@dataclass(frozen=True, slots=True)
class Entry:
    """What is entered: lines in minor units by account, summing to zero. ``source`` says what it tells of, once."""

    organisation_id: UUID
    at: datetime
    kind: EntryKind
    source: str
    currency: str
    lines: Mapping[Account, int]
    booking_id: UUID | None = None
    payment_id: UUID | None = None
    refund_id: UUID | None = None
    memo: str | None = None

    def __post_init__(self) -> None:
        if sum(self.lines.values()) != 0 or not self.lines or 0 in self.lines.values():
            raise ValueError(f"the lines of {self.source} are no entry: {dict(self.lines)}")


@dataclass(frozen=True, slots=True)
class EntryRow:
    """An entry as it was written, with the code of its booking."""

    id: UUID
    at: datetime
    kind: EntryKind
    source: str
    booking_id: UUID | None
    booking_code: str | None
    payment_id: UUID | None
    refund_id: UUID | None
    memo: str | None
    currency: str
    lines: tuple[tuple[Account, int], ...]

    @property
    def position(self) -> tuple[datetime, UUID]:
        """Its place among the latest."""
        return self.at, self.id

    @property
    def turnover(self) -> Money:
        """The sum of one side."""
        return Money(sum(amount for _, amount in self.lines if amount > 0), self.currency)


@dataclass(frozen=True, slots=True)
class EntryQuery:
    """Which entries; bounds of time are first inclusive, then exclusive. None leaves a filter out."""

    since: datetime | None = None
    until: datetime | None = None
    kind: EntryKind | None = None
    account: Account | None = None
    booking_id: UUID | None = None
    payment_id: UUID | None = None


@dataclass(frozen=True, slots=True)
class Standing:
    """What the books of one booking are made from, read under its lock. Sums are minor units.

    ``returned`` are refunds not refused; ``receivable``, ``earned`` and ``commission`` what the ledger says already.
    """

    organisation_id: UUID
    booking_id: UUID
    currency: str
    pay_by: Literal["online", "on_board", "invoice"]
    travels: bool
    total: int
    paid: int
    collected: int
    returned: int
    charged_back: int
    receivable: int
    earned: int
    commission: int
    entries: int
    commission_basis_points: int


@dataclass(frozen=True, slots=True)
class Period:
    """Days of a statement, both inclusive, and the instants between which they lie."""

    first: date
    last: date
    since: datetime
    until: datetime


@dataclass(frozen=True, slots=True)
class Statement:
    """What a period brought, minor units of one currency. ``opening`` and ``closing`` are what is due before and after.

    Due is what the operator earned less what it cost and less what it already has: cash, transfers and payouts.
    """

    currency: str
    opening: int
    earned: int
    commission: int
    fees: int
    losses: int
    collected: int
    paid_out: int
    charged: int
    refunded: int
    bookings: int

    @property
    def payable(self) -> int:
        """What the period adds to what is due."""
        return self.earned - self.commission - self.fees - self.losses - self.collected - self.paid_out

    @property
    def closing(self) -> int:
        """What is due after it."""
        return self.opening + self.payable

    def money(self, name: str) -> Money:
        """One of its sums."""
        return Money(int(getattr(self, name)), self.currency)


@dataclass(frozen=True, slots=True)
class Payout:
    """A transfer of the payment service to the operator's bank, as staff wrote it down."""

    id: UUID
    from_date: date
    to_date: date
    amount: Money
    reference: str | None
    paid_at: datetime
    recorded_by: UUID | None = field(default=None)
