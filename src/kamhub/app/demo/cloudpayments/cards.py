"""The documented test cards and the checks of what was typed into the card form."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from .types import Card, Refusal

_CENTURY = 2000
_MONTHS = 12


@dataclass(frozen=True, slots=True)
class CardGroup:
    """Test cards with one outcome: numbers of Visa, Mastercard and Mir, in this order."""

    title: str
    numbers: tuple[str, str, str]
    approves: bool
    three_ds: bool


# Source: CloudPayments documentation, test mode.
GROUPS = (
    CardGroup("Success", ("4000000000003055", "5205000000003055", "2202000000003055"), True, False),
    CardGroup("Success, with 3-D Secure", ("4242424242424242", "5555555555554444", "2200000000000004"), True, True),
    CardGroup("Insufficient funds", ("4000056655665556", "5404000000000043", "2203000000000043"), False, False),
    CardGroup(
        "Insufficient funds, with 3-D Secure",
        ("4012888888881881", "5105105105105100", "2202202202202200"),
        False,
        True,
    ),
    CardGroup(
        "Success, a later charge by token would be declined",
        ("4111111111111111", "5200828282828210", "2200000022222222"),
        True,
        False,
    ),
)
BRANDS = ("Visa", "Mastercard", "МИР")
_KNOWN = {number: (group, brand) for group in GROUPS for number, brand in zip(group.numbers, BRANDS, strict=True)}


def luhn_valid(number: str) -> bool:
    """Tell whether the check digit of a card number fits."""
    weighted = (int(digit) * (1 + place % 2) for place, digit in enumerate(reversed(number)))
    return sum(sum(divmod(value, 10)) for value in weighted) % 10 == 0


def read_card(form: Mapping[str, str], today: date) -> Card:
    """Check ``number``, ``expiry``, ``cvv`` and ``holder`` of the card form; Refusal says what is wrong.

    Only documented test cards are taken, so that nobody's real card number is ever worked with.
    """
    digits = re.sub(r"[ \-\u00a0]", "", form.get("number", ""))
    if not re.fullmatch(r"[0-9]{13,19}", digits) or not luhn_valid(digits):
        raise Refusal("Check the card number.")
    if digits not in _KNOWN:
        raise Refusal("The demo takes only the test cards listed below. Never type a real card here.")
    month_year = _read_expiry(form.get("expiry", ""), today)
    if not re.fullmatch(r"[0-9]{3,4}", form.get("cvv", "").strip()):
        raise Refusal("The code on the back is 3 digits.")
    group, brand = _KNOWN[digits]
    name = " ".join(form.get("holder", "").split())[:100]
    return Card(digits[:6], digits[-4:], brand, month_year, name, group.approves, group.three_ds)


def _read_expiry(text: str, today: date) -> str:
    found = re.fullmatch(r"([0-9]{1,2}) ?[/.\-]? ?([0-9]{2})", text.strip())
    if not found or not 1 <= int(found[1]) <= _MONTHS:
        raise Refusal("Write the expiry date as month/year, for example 12/30.")
    month, year = int(found[1]), int(found[2])
    if (_CENTURY + year, month) < (today.year, today.month):
        raise Refusal("The card has expired.")
    return f"{month:02d}/{year:02d}"


def future_expiry(today: date) -> str:
    """Give an expiry date the test cards accept on this day."""
    return f"12/{(today.year + 2) % 100:02d}"


def spaced(number: str) -> str:
    """Write a card number the way it is printed on the card."""
    return " ".join(number[start : start + 4] for start in range(0, len(number), 4))
