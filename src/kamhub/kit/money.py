"""Money as an integer of minor units and a currency; never a float."""

from __future__ import annotations

import re
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction

_CURRENCY = re.compile(r"[A-Z]{3}")
# Stricter than a decimal, which takes 1_000, NaN and the digits of every script; short enough to calculate with.
_AMOUNT = re.compile(r"[+-]?[0-9]{1,40}(?:\.[0-9]{1,40})?(?:[eE][+-]?[0-9]{1,2})?")
_LIMIT = Decimal(10) ** 15
_SYMBOLS = {"RUB": "₽", "USD": "$", "EUR": "€"}
_NARROW_NO_BREAK_SPACE = "\u202f"
_NO_BREAK_SPACE = "\u00a0"


@dataclass(frozen=True, slots=True, order=True)
class Money:
    """An amount in minor units (kopecks) of one currency (ISO 4217)."""

    amount: int
    currency: str

    def __post_init__(self) -> None:
        if not _CURRENCY.fullmatch(self.currency):
            raise ValueError(f"not an ISO 4217 currency: {self.currency!r}")

    def __mul__(self, count: int) -> Money:
        return Money(self.amount * count, self.currency)

    def __add__(self, other: Money) -> Money:
        return Money(self.amount + self._same(other), self.currency)

    def __sub__(self, other: Money) -> Money:
        return Money(self.amount - self._same(other), self.currency)

    def _same(self, other: Money) -> int:
        if other.currency != self.currency:
            raise ValueError(f"cannot mix {self.currency} and {other.currency}")
        return other.amount

    def percent(self, percent: int) -> Money:
        """That share of the amount, rounded half up to a minor unit."""
        return Money((self.amount * percent + 50) // 100, self.currency)

    def as_json(self) -> dict[str, int | str]:
        """The shape of the HTTP contract: ``{"amount": 150000, "currency": "RUB"}``."""
        return {"amount": self.amount, "currency": self.currency}

    def major(self) -> Decimal:
        """The amount in major units (roubles), with two decimals."""
        return Decimal(self.amount).scaleb(-2)

    def __str__(self) -> str:
        whole, rest = divmod(abs(self.amount), 100)
        digits = f"{whole:,}".replace(",", _NARROW_NO_BREAK_SPACE)
        cents = f",{rest:02d}" if rest else ""
        sign = "−" if self.amount < 0 else ""
        return f"{sign}{digits}{cents}{_NO_BREAK_SPACE}{_SYMBOLS.get(self.currency, self.currency)}"


def parse_major(text: str, currency: str) -> Money:
    """Read an amount in major units, such as ``1500.00``.

    Raises ``ValueError`` for anything that is not a number below 10 ** 15 with at most two decimals.
    """
    if not _AMOUNT.fullmatch(text.strip()):
        raise ValueError(f"not an amount: {text!r}")
    value = Decimal(text)
    if abs(value) >= _LIMIT:
        raise ValueError(f"not an amount: {text!r}")
    minor = Fraction(value) * 100  # exact, where a decimal would round to its 28 digits
    if minor.denominator != 1:
        raise ValueError(f"finer than a minor unit: {text!r}")
    return Money(minor.numerator, currency)
