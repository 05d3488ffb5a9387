"""Pure decisions of what a page shows of a text: never all of a long one, and always the place somebody came for."""

from __future__ import annotations

from collections.abc import Sequence

from kamhub.desk.citation.types import Place, ShownBlock, ShownRow, Stretch
from kamhub.desk.extraction.rules import lines_of_table
from kamhub.desk.extraction.types import Block

MOST_BLOCKS = 60
MOST_ROWS = 100
MOST_CHARACTERS = 40_000
# Of one block without a break: a text file may have no paragraphs.
MOST_IN_A_BLOCK = 8_000
# What a reader sees above the place, so that they know where they are.
BLOCKS_ABOVE = 6
ROWS_ABOVE = 5
_KNOWN_BY = 60


def stretch(blocks: Sequence[Block], place: Place | None = None, at: int | None = None, row: int = 0) -> Stretch:
    """The blocks a page shows: from block ``at`` on, else around the place, else from the beginning.

    ``row`` is the row from which the table at ``at`` is shown.
    """
    marked = _marked(blocks, place)
    begin = at if at is not None else max(0, marked.start - BLOCKS_ABOVE) if marked else 0
    begin = max(0, min(begin, len(blocks) - 1))
    end = _end(blocks, begin, at_least=marked.start + 1 if marked and at is None else begin + 1)
    shown = []
    for number in range(begin, end):
        here = place if number in marked else None
        anchor = here is not None and number == max(marked.start, begin)
        before = blocks[number - 1] if number > begin else None
        shown.append(_shown(blocks[number], number, before, here, anchor, row if number == at else 0))
    earlier = max(0, begin - MOST_BLOCKS) if begin else None
    return Stretch(tuple(shown), len(blocks), earlier, end if end < len(blocks) else None)


def _marked(blocks: Sequence[Block], place: Place | None) -> range:
    """The numbers of the blocks of the place; none where the text is not long enough to have them."""
    if place is None or place.position.first_block >= len(blocks):
        return range(0)
    return range(place.position.first_block, min(place.position.last_block + 1, len(blocks)))


def _end(blocks: Sequence[Block], begin: int, at_least: int) -> int:
    """The number after the last block that fits on a page which begins there."""
    characters, end = 0, begin
    while end < len(blocks) and (end < at_least or (end - begin < MOST_BLOCKS and characters < MOST_CHARACTERS)):
        characters += min(len(blocks[end].text), MOST_IN_A_BLOCK)
        end += 1
    return end


def _shown(block: Block, number: int, before: Block | None, place: Place | None, anchor: bool, row: int) -> ShownBlock:
    header: tuple[str, ...] = ()
    rows: tuple[ShownRow, ...] = ()
    first = 0
    text, cut = block.text, False
    if block.rows:
        header, *body = block.rows
        first, rows = _shown_rows(header, body, place, row)
        text = ""
    else:
        text, cut = _around(block.text, place)
    in_rows = any(one.marked for one in rows)
    if anchor and in_rows:
        rows = _with_anchor(rows)
    return ShownBlock(
        number=number,
        kind=block.kind,
        level=block.level,
        text=text,
        page=None if before is not None and before.page == block.page else block.page,
        sheet=None if before is not None and before.sheet == block.sheet else block.sheet,
        marked=place is not None and not in_rows,
        anchor=anchor and not in_rows,
        header=header,
        rows=rows,
        first_row=first,
        all_rows=max(0, len(block.rows) - 1),
        cut=cut,
    )


def _shown_rows(
    header: tuple[str, ...], body: Sequence[tuple[str, ...]], place: Place | None, row: int
) -> tuple[int, tuple[ShownRow, ...]]:
    """The rows that fit, and the number of the first. A row is the reader's when the chunk says it."""
    said = set(place.text.split("\n")) if place else set()
    marked = {number for number, cells in enumerate(body) if said.intersection(lines_of_table([header, cells])[-1:])}
    wanted = max(0, min(marked) - ROWS_ABOVE) if marked and not row and min(marked) >= MOST_ROWS else row
    first = max(0, min(wanted, len(body) - 1))
    rows = [ShownRow(cells, first + number in marked) for number, cells in enumerate(body[first : first + MOST_ROWS])]
    return first, tuple(rows)


def _with_anchor(rows: tuple[ShownRow, ...]) -> tuple[ShownRow, ...]:
    first = next(number for number, one in enumerate(rows) if one.marked)
    return tuple(ShownRow(one.cells, one.marked, number == first) for number, one in enumerate(rows))


def _around(text: str, place: Place | None) -> tuple[str, bool]:
    """The text, or of a long one the part where the chunk stands; and whether it was cut."""
    if len(text) <= MOST_IN_A_BLOCK:
        return text, False
    found = text.find(place.text[:_KNOWN_BY]) if place else 0
    begin = max(0, found - MOST_IN_A_BLOCK // 8)
    return text[begin : begin + MOST_IN_A_BLOCK], True
