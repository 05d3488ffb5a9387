"""Identifiers: time-ordered UUIDs for rows, short codes for people."""

from __future__ import annotations

import secrets
from uuid import UUID

from uuid_utils.compat import uuid7

# No 0/O, 1/I/L, no U/V: a code is read aloud over a bad line and typed on a small keyboard.
CODE_ALPHABET = "23456789ABCDEFGHJKMNPQRSTWXYZ"
CODE_LENGTH = 8


def new_id() -> UUID:
    """A UUID of version 7 (RFC 9562): unique, and later ids sort after earlier ones."""
    return uuid7()


def new_code() -> str:
    """A random code of eight characters without look-alikes, from a cryptographic source."""
    return "".join(secrets.choice(CODE_ALPHABET) for _ in range(CODE_LENGTH))


def normalise_code(text: str) -> str:
    """The code a person meant: capitals, without blanks and dashes."""
    return "".join(text.split()).replace("-", "").upper()
