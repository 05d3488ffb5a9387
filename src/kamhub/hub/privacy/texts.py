"""The versions of the text on personal data. A version once shown is never edited: a new one is added."""

from __future__ import annotations

from typing import Annotated

from pydantic import AfterValidator, Field

from kamhub.kit.text import mark

VERSIONS = ("2026-11",)
CURRENT = VERSIONS[-1]
_UNKNOWN = mark("There is no such version of the text.")


def known_version(text: str) -> str:
    """The version itself. Raises ``ValueError`` for one that was never shown to anybody."""
    if text not in VERSIONS:
        raise ValueError(_UNKNOWN)
    return text


TextVersion = Annotated[str, Field(max_length=10), AfterValidator(known_version)]
