"""Words."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Word:
    """A word as it stands in a text (``form``, in small letters) and what its forms have in common (``stem``)."""

    stem: str
    form: str


@dataclass(frozen=True, slots=True)
class LexiconWord:
    """A word of an organisation. ``vector`` holds a signed byte a dimension and is empty for numbers and codes."""

    id: int
    stem: str
    word: str
    chunks: int
    vector: bytes
