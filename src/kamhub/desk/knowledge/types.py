"""Pieces of knowledge and where they come from."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, TypeAlias
from uuid import UUID

from kamhub.desk.extraction.types import Language

SourceKind: TypeAlias = Literal["asset", "article"]


@dataclass(frozen=True, slots=True)
class Source:
    """An asset or an article of an organisation. ``title`` is what people call it."""

    kind: SourceKind
    id: UUID
    title: str
    category_id: UUID | None = None


@dataclass(frozen=True, slots=True)
class Position:
    """Where a piece stands: ``headings`` above it, the outermost first, its blocks (counted from 0, both included) and pages.

    ``last_page`` is None in what an earlier version has kept.
    """

    headings: tuple[str, ...]
    first_block: int
    last_block: int
    page: int | None = None
    sheet: str | None = None
    last_page: int | None = None


@dataclass(frozen=True, slots=True)
class Piece:
    """A piece of a document as it is searched.

    ``text`` is what a reader is shown, at most 1,000 characters; ``context`` are the headings above it and, of a table, its header:
    it is searched and embedded in front of the text. ``digest`` is SHA-256 of both, 32 bytes.
    """

    context: str
    text: str
    language: Language
    position: Position
    digest: bytes


@dataclass(frozen=True, slots=True)
class KeptChunk:
    """A chunk that is kept of a source: its id, the digest of its piece, its place counted from 0."""

    id: UUID
    digest: bytes
    ordinal: int


@dataclass(frozen=True, slots=True)
class NewChunk:
    """A piece that becomes a chunk."""

    id: UUID
    ordinal: int
    piece: Piece


@dataclass(frozen=True, slots=True)
class Moved:
    """Where a kept chunk stands now."""

    id: UUID
    ordinal: int
    position: Position


@dataclass(frozen=True, slots=True)
class Replaced:
    """How many chunks of a source stayed as they were, came, and went."""

    kept: int
    added: int
    removed: int
