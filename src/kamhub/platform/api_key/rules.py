"""What a key looks like, and what it may be good for."""

from __future__ import annotations

import hashlib
import secrets
from datetime import datetime, timedelta

from kamhub.platform.access.permissions import INTERFACE_SCOPES
from kamhub.platform.api_key.types import ApiKey, KeyStatus, ScopeNotYours

# Recognisable at a glance, and by scanners of leaked secrets.
PREFIX = "kamhub_"
_BYTES = 32
HINT_LENGTH = 4
# A use is written down at most so often.
USED_EVERY = timedelta(minutes=1)
# More are nobody's to oversee.
MOST_LIVE_KEYS = 50


def new_key() -> str:
    """A fresh key: the prefix and 256 random bits."""
    return PREFIX + secrets.token_urlsafe(_BYTES)


def digest(key: str) -> bytes:
    """What is stored of a key: SHA-256, enough for 256 random bits."""
    return hashlib.sha256(key.encode()).digest()


def looks_like_key(token: str) -> bool:
    """Whether a bearer token is meant as a key."""
    return token.startswith(PREFIX)


def should_note(last_used_at: datetime | None, now: datetime) -> bool:
    """Whether a use is worth a write."""
    return last_used_at is None or now - last_used_at >= USED_EVERY


def require_own_rights(scopes: frozenset[str], permissions: frozenset[str]) -> None:
    """Raise ``ScopeNotYours`` when whoever makes the key lacks one of its rights; the interfaces are nobody's right."""
    missing = scopes - INTERFACE_SCOPES - permissions
    if missing:
        raise ScopeNotYours(extra={"scopes": sorted(missing)})


def scopes_within(permissions: frozenset[str], *, manages: bool) -> frozenset[str]:
    """Every scope that somebody with those rights could give to a key; the interfaces only while they manage keys."""
    return permissions | INTERFACE_SCOPES if manages else permissions


def status_of(key: ApiKey, now: datetime) -> KeyStatus:
    """How it stands."""
    if key.revoked_at is not None:
        return "revoked"
    return "live" if key.expires_at is None or key.expires_at > now else "expired"
