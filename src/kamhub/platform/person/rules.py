"""Pure decisions: an address name for an organisation, and the terms it starts with."""

from __future__ import annotations

import re
import secrets
import unicodedata
from collections.abc import Iterator

# Cancelled at least so many minutes before departure → so many per cent come back.
DEFAULT_CANCELLATION_TIERS: tuple[tuple[int, int], ...] = ((1440, 100), (720, 75), (120, 50))

_SLUG_LENGTH = 60
_NAMELESS = "operator"
_NUMBERED_SLUGS = 3
_LATIN = str.maketrans(
    dict(zip("абвгдеёзийклмнопрстуфыэ", "abvgdeeziyklmnoprstufye", strict=True))
    | {
        "ж": "zh",
        "х": "kh",
        "ц": "ts",
        "ч": "ch",
        "ш": "sh",
        "щ": "shch",
        "ъ": "",
        "ь": "",
        "ю": "yu",
        "я": "ya",
    }
)


def slug_of(name: str) -> str:
    """The name in small Latin letters, digits and hyphens, such as ``vulkan-tur``; at most 60 characters."""
    latin = unicodedata.normalize("NFC", name).lower().translate(_LATIN)
    plain = unicodedata.normalize("NFKD", latin).encode("ascii", "ignore").decode()
    return re.sub(r"[^a-z0-9]+", "-", plain).strip("-")[:_SLUG_LENGTH].rstrip("-") or _NAMELESS


def slug_candidates(name: str) -> Iterator[str]:
    """Slugs to try in order until one is free; without end."""
    slug = slug_of(name)
    yield slug
    yield from (f"{slug}-{number}" for number in range(2, _NUMBERED_SLUGS + 1))
    while True:
        yield f"{slug}-{secrets.token_hex(3)}"
