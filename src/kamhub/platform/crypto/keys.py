"""One installation secret, many purposes: HKDF (RFC 5869) gives every use a key of its own.

Earlier secrets may be kept beside the current one: what they made is still read, nothing new is made with them, so a
secret can be replaced without signing everyone out.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import secrets
from functools import lru_cache
from pathlib import Path

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

_UNREADABLE = "a stored secret was encrypted with another KAMHUB_SECRET_KEY"


class SecretUnreadable(Exception):
    """A secret at rest was encrypted with a key that is not configured any more."""


class KeyRing:
    """Keys of one installation; the first secret is the current one."""

    def __init__(self, current: str, previous: tuple[str, ...] = ()) -> None:
        self._secrets = (current, *previous)
        self._derive = lru_cache(maxsize=64)(self._derive_all)

    def _derive_all(self, purpose: str) -> tuple[bytes, ...]:
        def derive(secret: str) -> bytes:
            return HKDF(SHA256(), 32, salt=b"kamhub", info=purpose.encode()).derive(secret.encode())

        return tuple(derive(secret) for secret in self._secrets)

    def keys(self, purpose: str) -> tuple[bytes, ...]:
        """Keys for that purpose, the current one first; 32 bytes each."""
        return self._derive(purpose)

    def sign(self, purpose: str, message: bytes) -> bytes:
        """HMAC-SHA-256 with the current key of that purpose."""
        return hmac.digest(self.keys(purpose)[0], message, hashlib.sha256)

    def verify(self, purpose: str, message: bytes, signature: bytes) -> bool:
        """Whether any key of that purpose made the signature (which may be truncated to 16 bytes or more)."""
        if len(signature) < 16:
            return False
        good = False
        for key in self.keys(purpose):
            expected = hmac.digest(key, message, hashlib.sha256)[: len(signature)]
            good |= hmac.compare_digest(expected, signature)
        return good

    def encrypt(self, secret: str) -> bytes:
        """Encrypt a secret for storage."""
        return self._box().encrypt(secret.encode())

    def decrypt(self, stored: bytes) -> str:
        """Read a stored secret. Raises ``SecretUnreadable``."""
        try:
            return self._box().decrypt(stored).decode()
        except InvalidToken:
            raise SecretUnreadable(_UNREADABLE) from None

    def rotate(self, stored: bytes) -> bytes:
        """The same secret encrypted with the current key. Raises ``SecretUnreadable``."""
        try:
            return self._box().rotate(stored)
        except InvalidToken:
            raise SecretUnreadable(_UNREADABLE) from None

    def is_current(self, stored: bytes) -> bool:
        """Whether the current key alone can read it."""
        try:
            self._boxes()[0].decrypt(stored)
        except InvalidToken:
            return False
        return True

    def _box(self) -> MultiFernet:
        return MultiFernet(self._boxes())

    def _boxes(self) -> list[Fernet]:
        return [Fernet(base64.urlsafe_b64encode(key)) for key in self.keys("secrets-at-rest")]


def development_secret(data_dir: Path) -> str:
    """The secret of a development installation: made once, kept in the data folder, readable by its owner only."""
    path = data_dir / "secret.key"
    if not path.exists():
        data_dir.mkdir(parents=True, exist_ok=True)
        draft = path.with_suffix(f".{secrets.token_hex(4)}")
        draft.touch(mode=0o600)
        draft.write_text(secrets.token_urlsafe(48))
        try:
            path.hardlink_to(draft)
        except FileExistsError:
            pass  # another process was first; its secret counts
        finally:
            draft.unlink()
    return path.read_text().strip()
