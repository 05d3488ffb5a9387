"""Phone numbers in any human spelling, kept as E.164."""

from __future__ import annotations

import phonenumbers

_FORMAT = phonenumbers.PhoneNumberFormat


def parse_phone(text: str, region: str = "RU") -> str:
    """Read a number the way people type it and return E.164, such as ``+79141234567``.

    ``region`` is assumed when the number has no country code. Raises ``ValueError`` when it cannot be a phone number.
    """
    try:
        number = phonenumbers.parse(text, region)
    except phonenumbers.NumberParseException as error:
        raise ValueError(f"not a phone number: {error}") from None
    if not phonenumbers.is_possible_number(number) or not phonenumbers.is_valid_number(number):
        raise ValueError("not a phone number")
    return phonenumbers.format_number(number, _FORMAT.E164)


def format_phone(e164: str) -> str:
    """A stored number for the eye, such as ``+7 914 123-45-67``."""
    return phonenumbers.format_number(phonenumbers.parse(e164), _FORMAT.INTERNATIONAL)
