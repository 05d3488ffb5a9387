"""Codes by time (RFC 6238: SHA-1, six digits, 30 seconds) and recovery codes."""

from __future__ import annotations

import base64
import hmac
import secrets
from datetime import datetime
from urllib.parse import quote

from cryptography.hazmat.primitives.hashes import SHA1
from cryptography.hazmat.primitives.twofactor.totp import TOTP

PERIOD = 30
DIGITS = 6
_SECRET_BYTES = 20
# A clock may be half a minute off, and a code takes a moment to type.
_STEPS_AROUND = (0, -1, 1)

RECOVERY_CODES = 10
_RECOVERY_LETTERS = "abcdefghjkmnpqrstuvwxyz23456789"
_RECOVERY_PART = 5


def new_secret() -> str:
    """A fresh secret of 160 bits, in base32 without padding."""
    return base64.b32encode(secrets.token_bytes(_SECRET_BYTES)).decode()


def code_at(secret: str, step: int) -> str:
    """The code of that time step."""
    # SHA-1 is what authenticators speak; the construction (HMAC) does not rest on its collisions.
    totp = TOTP(base64.b32decode(secret), DIGITS, SHA1(), PERIOD)  # noqa: S303
    return totp.generate(step * PERIOD).decode()


def step_at(now: datetime) -> int:
    """The time step of that moment."""
    return int(now.timestamp()) // PERIOD


def step_of_code(secret: str, code: str, now: datetime, last_step: int | None) -> int | None:
    """The time step whose code it is; None for a wrong one, and for one not later than the last one taken."""
    given = "".join(code.split())
    found = None
    for offset in _STEPS_AROUND:
        step = step_at(now) + offset
        right = hmac.compare_digest(code_at(secret, step).encode(), given.encode())
        if right and (last_step is None or step > last_step) and found is None:
            found = step
    return found


def provisioning_uri(secret: str, account: str, issuer: str) -> str:
    """The address that authenticators scan (Key URI format)."""
    label = f"{quote(issuer)}:{quote(account)}"
    return f"otpauth://totp/{label}?secret={secret}&issuer={quote(issuer)}&digits={DIGITS}&period={PERIOD}"


def new_recovery_codes() -> tuple[str, ...]:
    """Ten codes such as ``k3m9x-p7wqd``, of about 50 bits each."""
    return tuple("-".join(_part() for _ in range(2)) for _ in range(RECOVERY_CODES))


def normalised_recovery_code(text: str) -> str | None:
    """The code as it was given out, however it was typed; None for what cannot be one."""
    plain = "".join(character for character in text.lower() if character.isalnum())
    if len(plain) != 2 * _RECOVERY_PART:
        return None
    return f"{plain[:_RECOVERY_PART]}-{plain[_RECOVERY_PART:]}"


def _part() -> str:
    return "".join(secrets.choice(_RECOVERY_LETTERS) for _ in range(_RECOVERY_PART))
