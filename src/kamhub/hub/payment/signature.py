"""Signatures of CloudPayments notifications.

``Content-HMAC`` is over the body as it was sent, ``X-Content-HMAC`` over the URL-decoded text; both are
base64(HMAC-SHA256(API secret)). Source: developers.cloudpayments.ru, "Проверка уведомлений".
"""

from __future__ import annotations

import base64
import hashlib
import hmac
from urllib.parse import unquote_plus


def sign(secret: str, text: bytes) -> str:
    """The value of the header for that text."""
    return base64.b64encode(hmac.digest(secret.encode(), text, hashlib.sha256)).decode()


def verify(secret: str, body: bytes, content_hmac: str | None, x_content_hmac: str | None) -> bool:
    """Whether the raw body is signed with the secret, by either header. Constant time in the signature."""
    if content_hmac and _same(content_hmac, sign(secret, body)):
        return True
    if not x_content_hmac:
        return False
    try:
        decoded = unquote_plus(body.decode(), errors="strict").encode()
    except UnicodeDecodeError:
        return False
    # JSON bodies are not URL-encoded: for them the provider signs the text itself.
    return _same(x_content_hmac, sign(secret, decoded)) or _same(x_content_hmac, sign(secret, body))


def _same(given: str, expected: str) -> bool:
    return hmac.compare_digest(given.strip().encode(), expected.encode())
