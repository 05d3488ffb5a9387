"""The books as JSON of the HTTP contract and as lines of a spreadsheet."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime

from kamhub.hub.ledger.types import Account, EntryRow, Payout, Period, Statement
from kamhub.kit.money import Money

COLUMNS = ("at", "kind", "account", "debit", "credit", "currency", "booking", "source", "memo", "entry")
STATEMENT_COLUMNS = ("from", "to", "what", "amount", "currency")
STATEMENT_ROWS = (
    "opening", "charged", "refunded", "earned", "commission", "fees", "losses", "collected", "paid_out", "payable", "closing",
)  # fmt: skip


def entry_json(entry: EntryRow) -> dict[str, object]:
    """An entry with its lines."""
    return {
        "id": entry.id,
        "at": entry.at,
        "kind": entry.kind,
        "source": entry.source,
        "booking_id": entry.booking_id,
        "booking_code": entry.booking_code,
        "payment_id": entry.payment_id,
        "refund_id": entry.refund_id,
        "memo": entry.memo,
        "lines": [
            {"account": account, "amount": Money(amount, entry.currency).as_json()} for account, amount in entry.lines
        ],
    }


def entry_cells(entries: Sequence[EntryRow]) -> Iterator[Sequence[object]]:
    """Entries as lines of a spreadsheet, a row a line: debit and credit in columns of their own, as accountants have it."""
    for entry in entries:
        for account, amount in entry.lines:
            size = Money(abs(amount), entry.currency).major()
            yield (
                entry.at.isoformat(),
                entry.kind,
                account,
                size if amount > 0 else None,
                size if amount < 0 else None,
                entry.currency,
                entry.booking_code,
                entry.source,
                entry.memo,
                entry.id,
            )


def balances_json(balances: Sequence[tuple[Account, Money]], at: datetime) -> dict[str, object]:
    """What the accounts hold at a moment."""
    return {
        "balances": [{"account": account, "amount": amount.as_json()} for account, amount in balances],
        "at": at,
    }


def statement_json(period: Period, parts: Sequence[Statement]) -> dict[str, object]:
    """A statement, a part a currency."""
    return {
        "from_date": period.first,
        "to_date": period.last,
        "parts": [
            {
                "currency": part.currency,
                "bookings": part.bookings,
                **{"refunds" if name == "refunded" else name: part.money(name).as_json() for name in STATEMENT_ROWS},
            }
            for part in parts
        ],
    }


def statement_cells(period: Period, parts: Sequence[Statement]) -> Iterator[Sequence[object]]:
    """A statement as lines of a spreadsheet."""
    for part in parts:
        for name in STATEMENT_ROWS:
            yield period.first, period.last, name, part.money(name).major(), part.currency


def payout_json(payout: Payout) -> dict[str, object]:
    """A payout."""
    return {
        "id": payout.id,
        "from_date": payout.from_date,
        "to_date": payout.to_date,
        "amount": payout.amount.as_json(),
        "reference": payout.reference,
        "paid_at": payout.paid_at,
    }
