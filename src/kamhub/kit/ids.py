"""Identifiers: time-ordered UUIDs for rows, short codes for people."""

from __future__ import annotations

import secrets
from uuid import UUID

from uuid_utils.compat import uuid7

# No 0/O, 1/I/L, no U/V: a code is read aloud over a bad line and typed on a small keyboard.
CODE_ALPHABET = "23456789ABCDEFGHJKMNPQRSTWXYZ"
CODE_LENGTH = 8
_LETTER_OF_BYTE = bytes(ord(CODE_ALPHABET[byte % len(CODE_ALPHABET)]) for byte in range(256))
_UNEVEN_BYTES = bytes(range(256 - 256 % len(CODE_ALPHABET), 256))


def new_id() -> UUID:
    """A UUID of version 7 (RFC 9562): unique, and later ids sort after earlier ones."""
    return uuid7()


def new_code() -> str:
    """A random code of eight characters without look-alikes, from a cryptographic source."""
    while True:
        # Bytes of the last, incomplete turn of the alphabet are dropped, so that every character is equally likely.
        letters = secrets.token_bytes(2 * CODE_LENGTH).translate(_LETTER_OF_BYTE, _UNEVEN_BYTES)
        if len(letters) >= CODE_LENGTH:
            return letters[:CODE_LENGTH].decode()


def normalise_code(text: str) -> str:
    """The code a person meant: capitals, without blanks and dashes."""
    return "".join(text.split()).replace("-", "").upper()
