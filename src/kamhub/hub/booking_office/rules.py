"""Pure decisions of the booking office: what a typed text looks for, what a cancellation gives back."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import date, datetime, time, timedelta, tzinfo

from kamhub.hub.booking.types import BookingStatus, CancellationQuote, Passenger, PassengerKind
from kamhub.hub.booking_office.types import BookingFilter, RefundChoice, TextSearch
from kamhub.kit.ids import CODE_ALPHABET, CODE_LENGTH, normalise_code
from kamhub.kit.money import Money
from kamhub.kit.text import mark
from kamhub.platform.web.problems import FieldError, InputInvalid

# A list is counted no further, and has no page behind that: whoever looks for one booking narrows it.
MOST_COUNTED = 10_000
# A text alone finds so many, the newest ones.
MOST_BY_TEXT = 100
# Within so many days every booking of the days is looked at for a text, not only the newest that fit.
DAYS_READ_WHOLE = 8
MOST_WORDS = 6
_SHORT_WORD = 2  # has too few letters in a row for the index; then a word has to begin with it
_FEWEST_DIGITS = 3
_PHONE = re.compile(r"[+\d\s().\-–—]+")
_TRUNK, _RUSSIA = "8", "7"
CHANGEABLE: frozenset[BookingStatus] = frozenset({"on_hold", "pending", "confirmed"})
_TOO_MUCH = mark("There is not so much left to return.")
_HOW_MUCH = mark("Say how much.")


def read_text(text: str) -> TextSearch:
    """What somebody meant who typed that: a code, a phone or its last digits, or parts of names and e-mails."""
    code = normalise_code(text)
    whole = code if len(code) == CODE_LENGTH and set(code) <= set(CODE_ALPHABET) else None
    digits = "".join(re.findall(r"[0-9]", text))
    if _PHONE.fullmatch(text) and len(digits) >= _FEWEST_DIGITS:
        return TextSearch(whole, (_phone_word(digits),))
    plain = text.lower().replace("ё", "е").split()
    return TextSearch(whole, tuple(_word(word) for word in plain if any(map(str.isalnum, word)))[:MOST_WORDS])


def _phone_word(digits: str) -> str:
    """Digits as they stand in E.164: people in Russia say 8 for +7."""
    if not digits.startswith(_TRUNK):
        return digits
    return f"(?:{digits}|{_RUSSIA}{digits[1:]})"


def _word(word: str) -> str:
    literal = "".join(letter if letter.isalnum() else f"\\{letter}" for letter in word)
    return rf"\m{literal}" if len(word) <= _SHORT_WORD else literal


def bounds(
    day: date | None, first: date | None, last: date | None, zone: tzinfo
) -> tuple[datetime | None, datetime | None]:
    """From when to when a departure may be: one ``day``, or the days from ``first`` to ``last``, both among them."""
    start = day or first
    end = day or last
    return (
        datetime.combine(start, time(), zone) if start else None,
        datetime.combine(end + timedelta(days=1), time(), zone) if end else None,
    )


def by_travel(wanted: BookingFilter) -> bool:
    """Whether the list is in the order of the departures; otherwise the newest booking comes first."""
    return wanted.start is not None or wanted.end is not None or wanted.routes is not None


def read_whole(wanted: BookingFilter) -> bool:
    """Whether so few bookings can fit that each of them is looked at for the text."""
    if wanted.departure_id is not None:
        return True
    if wanted.start is None or wanted.end is None:
        return False
    return wanted.end - wanted.start <= timedelta(days=DAYS_READ_WHOLE)


def kinds_of(passengers: Sequence[Passenger]) -> tuple[PassengerKind, ...]:
    """The kinds of those who were named."""
    return tuple(person.kind for person in passengers)


def same_party(before: Sequence[Passenger], after: Sequence[Passenger]) -> bool:
    """Whether both lists cost the same: as many children, as many infants."""
    return all(
        sum(person.kind == kind for person in before) == sum(person.kind == kind for person in after)
        for kind in ("child", "infant")
    )


def refund_amount(
    choice: RefundChoice, amount: int | None, quote: CancellationQuote, paid: Money | None, refunded: Money | None
) -> Money:
    """What goes back when the office cancels. ``amount`` is in minor units, of the choice of that name.

    Raises ``InputInvalid`` for an amount that is missing or more than what is left of the payment.
    """
    currency = quote.refund.currency
    left = (paid.amount if paid else 0) - (refunded.amount if refunded else 0)
    if choice == "policy":
        return Money(min(quote.refund.amount, left), currency)
    if choice == "none":
        return Money(0, currency)
    if choice == "full":
        return Money(left, currency)
    if amount is None:
        raise InputInvalid([FieldError("amount", _HOW_MUCH, "missing")])
    if amount > left:
        raise InputInvalid([FieldError("amount", _TOO_MUCH, "too_much")])
    return Money(amount, currency)
