"""What is kept of a question, and which two are the same."""

from __future__ import annotations

import hashlib
import re
from datetime import datetime
from uuid import UUID

from kamhub.desk.extraction.types import Language
from kamhub.desk.gap.types import AskedIn, NewGap
from kamhub.desk.lexicon.rules import words_of
from kamhub.kit.text import clean_line
from kamhub.platform.monitoring.masks import mask_text

MOST_CHARACTERS = 500
_CYRILLIC = re.compile(r"[а-яё]", re.IGNORECASE)
_LATIN = re.compile(r"[a-z]", re.IGNORECASE)


def gap_of(organisation_id: UUID, question: str, asked_in: AskedIn, at: datetime) -> NewGap | None:
    """The question as it is kept; None when it says nothing."""
    text = mask_text(clean_line(question))[:MOST_CHARACTERS]
    stems = sorted({word.stem for word in words_of(text)})
    if not stems:
        return None
    digest = hashlib.sha256(" ".join(stems).encode()).digest()
    return NewGap(organisation_id, digest, text, language_of(text), asked_in, at)


def language_of(text: str) -> Language:
    """Of a short text, by its letters."""
    russian, english = len(_CYRILLIC.findall(text)), len(_LATIN.findall(text))
    if not russian and not english:
        return "other"
    return "ru" if russian >= english else "en"
