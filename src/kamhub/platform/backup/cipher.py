"""Encryption on this side, in the format of age (age-encryption.org/v1): the program `age` reads it too.

Whoever makes backups needs only the public recipients; the identity that reads them can be kept elsewhere.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyrage

from kamhub.platform.backup.types import BackupCorrupt, BackupError

SUFFIX = ".age"


@dataclass(frozen=True, slots=True)
class Cipher:
    """``recipients`` are ``age1…``; ``identity_file`` holds ``AGE-SECRET-KEY-1…`` lines, as `age-keygen` writes it."""

    recipients: tuple[str, ...] = ()
    identity_file: Path | None = None

    @property
    def encrypts(self) -> bool:
        """Whether new backups are encrypted."""
        return bool(self.recipients)

    def parsed_recipients(self) -> list[Any]:
        """Raises ``BackupError`` when one cannot be read."""
        try:
            return [pyrage.x25519.Recipient.from_str(text) for text in self.recipients]
        except pyrage.RecipientError:
            raise BackupError("KAMHUB_BACKUP_RECIPIENTS must be public keys of age (age1…), comma-separated.") from None

    def encrypt(self, path: Path) -> Path:
        """Replace a file by its encrypted form; returns where that is."""
        sealed = path.with_name(path.name + SUFFIX)
        pyrage.encrypt_file(str(path), str(sealed), self.parsed_recipients())
        path.unlink()
        return sealed

    def decrypt(self, path: Path, into: Path) -> None:
        """Write the clear form of a file. Raises ``BackupError`` without a fitting identity, ``BackupCorrupt``."""
        identities = self.identities()
        try:
            pyrage.decrypt_file(str(path), str(into), identities)
        except (pyrage.DecryptError, OSError) as error:
            if isinstance(error, OSError) and error.errno is not None:
                raise  # of the disk; what the library says of the content has no number
            if "No matching keys" in str(error):
                raise BackupError("The identity in KAMHUB_BACKUP_IDENTITY_FILE does not open this backup.") from None
            raise BackupCorrupt(f"{path.name} cannot be decrypted: it was changed or cut off.") from None

    def identities(self) -> list[Any]:
        """Raises ``BackupError`` when there is none or it cannot be read."""
        if self.identity_file is None:
            raise BackupError("This backup is encrypted: KAMHUB_BACKUP_IDENTITY_FILE must name the key that opens it.")
        try:
            lines = self.identity_file.read_text("utf-8").splitlines()
            found = [pyrage.x25519.Identity.from_str(line.strip()) for line in lines if line.startswith("AGE-SECRET-")]
        except (OSError, pyrage.IdentityError):
            found = []
        if not found:
            raise BackupError("KAMHUB_BACKUP_IDENTITY_FILE holds no identity of age that can be read.")
        return found
