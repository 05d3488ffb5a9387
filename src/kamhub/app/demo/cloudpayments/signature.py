"""Signing notifications.

Source: CloudPayments documentation, notification signature. Both headers carry the base64 of an HMAC-SHA256
keyed with the API secret: Content-HMAC over the body as sent, X-Content-HMAC over the URL-decoded body.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
from urllib.parse import unquote_plus


def _digest(secret: str, text: bytes) -> str:
    return base64.b64encode(hmac.new(secret.encode(), text, hashlib.sha256).digest()).decode("ascii")


def signature_headers(secret: str, body: bytes) -> dict[str, str]:
    """Give both signature headers for a form-urlencoded body."""
    decoded = unquote_plus(body.decode("ascii")).encode()
    return {"Content-HMAC": _digest(secret, body), "X-Content-HMAC": _digest(secret, decoded)}
