"""Text without marks: paragraphs, lists by their bullets, headings that stand in capitals."""

from __future__ import annotations

import re
from collections.abc import Iterator

from kamhub.desk.extraction.reader.built import Budget, document_of
from kamhub.desk.extraction.rules import clean
from kamhub.desk.extraction.types import Block, Document

BULLET = re.compile(r"(?:[-–—•·▪●○*]|\d{1,3}[.)]|[a-zа-я]\))\s+(?=\S)", re.IGNORECASE)
_HEADING_LENGTH = 80


def read(text: str) -> Document:
    """A document of a text. Raises ``Unreadable``."""
    cleaned = clean(text)
    blocks = [block for paragraph in cleaned.split("\n\n") for block in blocks_of(paragraph)]
    return document_of(blocks, "text/plain", budget=Budget(len(text)))


def blocks_of(paragraph: str) -> Iterator[Block]:
    """Blocks of lines without an empty one between them."""
    lines = paragraph.split("\n")
    if len(lines) == 1 and _is_heading(lines[0]):
        yield Block("heading", lines[0], level=1)
        return
    gathered: list[str] = []
    listing = False
    for line in filter(None, lines):
        bullet = BULLET.match(line) is not None
        if bullet and not listing and gathered:
            yield Block("paragraph", "\n".join(gathered))
            gathered = []
        listing = listing or bullet
        gathered.append(line)
    if gathered:
        yield Block("list" if listing else "paragraph", "\n".join(gathered))


def _is_heading(line: str) -> bool:
    letters = [c for c in line if c.isalpha()]
    return (
        len(line) <= _HEADING_LENGTH
        and len(letters) >= 3
        and line.upper() == line
        and not line.endswith((".", ",", ";"))
    )
