"""What every reader does at the end: bound the text, tell the language, refuse what has no text."""

from __future__ import annotations

from collections.abc import Sequence

from kamhub.desk.extraction.rules import clean_line, language_of
from kamhub.desk.extraction.types import Block, Document, Unreadable

_SAMPLE = 20_000


class Budget:
    """Characters that a document may still have."""

    def __init__(self, characters: int) -> None:
        self._all = self._left = characters

    def spend(self, characters: int) -> None:
        """Raises ``Unreadable`` when there is too much text."""
        self._left -= characters
        if self._left < 0:
            raise Unreadable("too_large")

    def whole(self, characters: int) -> None:
        """The text as it came out, names of columns with every value. Raises ``Unreadable`` when it is too much."""
        if characters > self._all:
            raise Unreadable("too_large")


def document_of(
    blocks: Sequence[Block], media_type: str, *, budget: Budget, title: str | None = None, pages: int | None = None
) -> Document:
    """A document of these blocks. Raises ``Unreadable`` when they hold no letter and no digit, or too much."""
    budget.whole(sum(len(block.text) for block in blocks))
    if not any(character.isalnum() for block in blocks for character in block.text):
        raise Unreadable("no_text")
    called = clean_line(title or "")[:300] or None
    return Document(tuple(blocks), media_type, language_of(_sample(blocks)), called, pages)


def _sample(blocks: Sequence[Block]) -> str:
    """Text from all over the document: its first page may be in another language."""
    step = max(1, len(blocks) // 200)
    return "\n".join(block.text[:200] for block in blocks[::step])[:_SAMPLE]
