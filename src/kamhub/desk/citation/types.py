"""A place in a document, and the stretch of it that a page shows."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from kamhub.desk.extraction.types import BlockKind
from kamhub.desk.knowledge.types import Position, SourceKind


@dataclass(frozen=True, slots=True)
class Place:
    """Where a chunk stands; ``text`` is the chunk's own."""

    source: SourceKind
    source_id: UUID
    position: Position
    text: str


@dataclass(frozen=True, slots=True)
class ShownRow:
    """A row of a table. ``marked``: it is what the reader came for; ``anchor``: the first that is."""

    cells: tuple[str, ...]
    marked: bool
    anchor: bool = False


@dataclass(frozen=True, slots=True)
class ShownBlock:
    """A block as a page shows it.

    ``page`` and ``sheet`` are set where a new one begins. Of a table ``header`` and ``rows`` are shown, beginning with row
    ``first_row`` of ``all_rows`` (counted from 0, without the header). ``cut``: there is more text than is shown.
    """

    number: int
    kind: BlockKind
    level: int
    text: str
    page: int | None
    sheet: str | None
    marked: bool
    anchor: bool
    header: tuple[str, ...] = ()
    rows: tuple[ShownRow, ...] = ()
    first_row: int = 0
    all_rows: int = 0
    cut: bool = False

    @property
    def last_row(self) -> int:
        """The row after the last one that is shown."""
        return self.first_row + len(self.rows)

    @property
    def row_above(self) -> int:
        """Where the rows above begin that fit."""
        return max(0, self.first_row - len(self.rows))


@dataclass(frozen=True, slots=True)
class Stretch:
    """Some neighbouring blocks of a text of ``total``; ``earlier`` and ``later`` are where the stretches beside it begin."""

    blocks: tuple[ShownBlock, ...]
    total: int
    earlier: int | None
    later: int | None

    @property
    def whole(self) -> bool:
        """Whether it is all there is."""
        return self.earlier is None and self.later is None
