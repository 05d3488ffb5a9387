"""Signed statements that need no row: that a password was right a moment ago, that a browser is known."""

from __future__ import annotations

import base64
import binascii
import hashlib
from datetime import datetime, timedelta
from uuid import UUID

from kamhub.platform.crypto.keys import KeyRing

CHALLENGE_LIFETIME = timedelta(minutes=10)

_CHALLENGE = "sign-in-challenge"
_DEVICE = "known-device"
_MAC_BYTES = 24
_ID_BYTES = 16
_TIME_BYTES = 8


def issue_challenge(keys: KeyRing, person_id: UUID, password_hash: str, now: datetime) -> str:
    """That this person's password was given now; worth nothing after ten minutes, or with another password."""
    message = person_id.bytes + int(now.timestamp()).to_bytes(_TIME_BYTES, "big")
    return _encode(message, keys.sign(_CHALLENGE, message + _digest(password_hash)))


def challenged_person(challenge: str) -> UUID | None:
    """Whom the challenge claims to be of; believe it only after ``challenge_holds``."""
    raw = _decode(challenge, _ID_BYTES + _TIME_BYTES)
    return UUID(bytes=raw[0][:_ID_BYTES]) if raw else None


def challenge_holds(keys: KeyRing, challenge: str, password_hash: str, now: datetime) -> bool:
    """Whether we made it, lately, and the password is still the same."""
    raw = _decode(challenge, _ID_BYTES + _TIME_BYTES)
    if raw is None:
        return False
    message, mac = raw
    age = now.timestamp() - int.from_bytes(message[_ID_BYTES:], "big")
    return keys.verify(_CHALLENGE, message + _digest(password_hash), mac) and age <= CHALLENGE_LIFETIME.total_seconds()


def issue_device(keys: KeyRing, person_id: UUID) -> str:
    """That this browser has been signed in as this person; it opens nothing by itself."""
    return _encode(person_id.bytes, keys.sign(_DEVICE, person_id.bytes))


def knows_device(keys: KeyRing, device: str | None, person_id: UUID) -> bool:
    """Whether the browser has been signed in as this person."""
    raw = _decode(device or "", _ID_BYTES)
    return raw is not None and raw[0] == person_id.bytes and keys.verify(_DEVICE, *raw)


def _digest(password_hash: str) -> bytes:
    return hashlib.sha256(password_hash.encode()).digest()


def _encode(message: bytes, mac: bytes) -> str:
    return base64.urlsafe_b64encode(message + mac[:_MAC_BYTES]).decode().rstrip("=")


def _decode(text: str, length: int) -> tuple[bytes, bytes] | None:
    try:
        raw = base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
    except (binascii.Error, ValueError):
        return None
    return (raw[:length], raw[length:]) if len(raw) == length + _MAC_BYTES else None
