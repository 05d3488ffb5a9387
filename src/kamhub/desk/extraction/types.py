"""What is read from a document, and why one cannot be read."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal, TypeAlias

BlockKind: TypeAlias = Literal["heading", "paragraph", "list", "table"]
Language: TypeAlias = Literal["ru", "en", "other"]


@dataclass(frozen=True, slots=True)
class Block:
    """A part of a document that belongs together, in reading order.

    ``text`` is plain and never empty; of a table it is its rows as people would read them. ``level`` is 1 to 6 for a heading and 0
    for the rest; ``page`` counts from 1 and is None where a document has none; ``sheet`` is the name of a sheet of a workbook.
    ``rows`` are the cells of a table, its header first, and empty for the rest. ``turns`` are the places in ``text``, ascending, at
    which it goes on on the following page; at a page without a word of it there are two at once.
    """

    kind: BlockKind
    text: str
    level: int = 0
    page: int | None = None
    sheet: str | None = None
    rows: tuple[tuple[str, ...], ...] = ()
    turns: tuple[int, ...] = ()

    def page_at(self, place: int) -> int | None:
        """The page of the character at that place of ``text``."""
        return None if self.page is None else self.page + bisect_right(self.turns, place)

    @property
    def last_page(self) -> int | None:
        """The page on which it ends."""
        return self.page_at(len(self.text))


@dataclass(frozen=True, slots=True)
class Document:
    """A document as it was read. ``title`` is what it calls itself; ``pages`` is None where it has none."""

    blocks: tuple[Block, ...]
    media_type: str
    language: Language
    title: str | None = None
    pages: int | None = None


Reason: TypeAlias = Literal[
    "unknown_type",
    "type_not_supported",
    "empty",
    "encrypted",
    "no_text",
    "damaged",
    "too_large",
    "unpacks_too_large",
    "too_many_pages",
    "too_slow",
    "out_of_memory",
]


class Unreadable(Exception):
    """A document cannot be read, and will not be the next time. ``facts`` fill the sentence that tells why."""

    def __init__(self, reason: Reason, facts: Mapping[str, str | int] | None = None) -> None:
        super().__init__(reason)
        self.reason: Reason = reason
        self.facts: Mapping[str, str | int] = dict(facts or {})


@dataclass(frozen=True, slots=True)
class Limits:
    """What reading one document may take. ``memory_bytes`` is the address space of the process that reads."""

    seconds: float = 60.0
    memory_bytes: int = 1_500_000_000
    file_bytes: int = 50_000_000
    unpacked_bytes: int = 200_000_000
    text_characters: int = 20_000_000
    pages: int = 5_000


LIMITS = Limits()
