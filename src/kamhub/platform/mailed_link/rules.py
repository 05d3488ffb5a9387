"""What a link looks like and how long it is good for."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping
from datetime import timedelta
from uuid import UUID

from kamhub.platform.crypto.keys import KeyRing
from kamhub.platform.mailed_link.types import Purpose

LIFETIMES: Mapping[Purpose, timedelta] = {
    "password_reset": timedelta(minutes=60),
    "email_confirmation": timedelta(days=7),
}
_MAC_BYTES = 24
_ID_BYTES = 16


def token_of(keys: KeyRing, purpose: Purpose, link_id: UUID) -> str:
    """The token in the link: base64url(id ‖ HMAC)."""
    mac = keys.sign(f"mailed-link/{purpose}", link_id.bytes)[:_MAC_BYTES]
    return base64.urlsafe_b64encode(link_id.bytes + mac).decode().rstrip("=")


def read_token(keys: KeyRing, purpose: Purpose, token: str) -> UUID | None:
    """The link that token is of; None when we did not make it for that purpose."""
    try:
        raw = base64.b64decode(token + "=" * (-len(token) % 4), altchars=b"-_", validate=True)
    except (binascii.Error, ValueError):
        return None
    if len(raw) != _ID_BYTES + _MAC_BYTES:
        return None
    link_id, mac = raw[:_ID_BYTES], raw[_ID_BYTES:]
    return UUID(bytes=link_id) if keys.verify(f"mailed-link/{purpose}", link_id, mac) else None
