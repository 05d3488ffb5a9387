"""What accounts and entries are called, for people."""

from __future__ import annotations

from collections.abc import Mapping

from kamhub.hub.ledger.types import Account, EntryKind
from kamhub.kit.text import Locale, mark
from kamhub.platform.i18n.catalogue import translator

_ACCOUNTS: Mapping[Account, tuple[str, str]] = {
    "provider": (mark("At the payment service"), mark("money it holds for you")),
    "travellers": (mark("Owed to travellers"), mark("paid for trips that have not run yet")),
    "unmatched": (mark("Belongs to nobody yet"), mark("money that counts for no booking")),
    "revenue": (mark("Earned"), mark("trips that have run, and fees kept")),
    "provider_fees": (mark("Fees of the payment service"), mark("what it kept for itself")),
    "commission": (mark("Commission"), mark("what the platform costs")),
    "platform": (mark("Owed to the platform"), mark("commission not paid yet")),
    "cash": (mark("Cash"), mark("taken on board")),
    "bank": (mark("Your bank account"), mark("payouts and paid invoices")),
    "receivable": (mark("Open invoices"), mark("trips that have run and are not paid yet")),
    "losses": (mark("Losses"), mark("taken back by banks")),
}
_KINDS: Mapping[EntryKind, str] = {
    "charge": mark("Payment"),
    "charge_unmatched": mark("Payment that counts for no booking"),
    "refund": mark("Refund"),
    "fee": mark("Fee of the payment service"),
    "earned": mark("The trip has run"),
    "commission": mark("Commission"),
    "invoiced": mark("Invoice"),
    "collected": mark("Taken by hand"),
    "chargeback": mark("Chargeback"),
    "payout": mark("Payout"),
    "correction": mark("Counted after all"),
}
_ROWS: Mapping[str, str] = {
    "opening": mark("Due to you before"),
    "earned": mark("Earned"),
    "commission": mark("Commission"),
    "fees": mark("Fees of the payment service"),
    "losses": mark("Losses"),
    "collected": mark("Taken by hand: cash and invoices"),
    "paid_out": mark("Paid out to your bank"),
    "payable": mark("The period adds"),
    "closing": mark("Due to you after"),
    "charged": mark("Paid by travellers"),
    "refunded": mark("Returned to travellers"),
}


def account_name(account: Account, locale: Locale) -> str:
    """What an account is called."""
    return translator(locale).gettext(_ACCOUNTS[account][0])


def account_text(account: Account, locale: Locale) -> str:
    """What it holds."""
    return translator(locale).gettext(_ACCOUNTS[account][1])


def account_names(locale: Locale) -> dict[str, str]:
    """Every account."""
    return {account: account_name(account, locale) for account in _ACCOUNTS}


def kind_name(kind: EntryKind, locale: Locale) -> str:
    """What a kind of entry is called."""
    return translator(locale).gettext(_KINDS[kind])


def kind_names(locale: Locale) -> dict[str, str]:
    """Every kind of entry."""
    return {kind: kind_name(kind, locale) for kind in _KINDS}


def row_name(row: str, locale: Locale) -> str:
    """What a line of a statement is called."""
    return translator(locale).gettext(_ROWS[row])
