"""Pure decisions about places."""

from __future__ import annotations

import re
import unicodedata


def slug_from(name: str) -> str:
    """A slug out of an English name: ``Blue Lakes, camp`` becomes ``blue-lakes-camp``; empty when nothing is left of it."""
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode().lower()
    return re.sub(r"[^a-z0-9]+", "-", plain).strip("-")[:60].rstrip("-")
