"""PDF: text and typefaces by pdfium, headings by size and weight, tables by what is drawn around them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import pairwise
from pathlib import Path

import pypdfium2

from kamhub.desk.extraction.reader.built import Budget, document_of
from kamhub.desk.extraction.reader.pdf_lines import Line, lines_of, sizes_of, without_running_heads
from kamhub.desk.extraction.reader.pdf_tables import Table, Tables, may_hold_tables
from kamhub.desk.extraction.reader.plain import BULLET
from kamhub.desk.extraction.rules import blocks_of_grid
from kamhub.desk.extraction.types import Block, BlockKind, Document, Limits, Unreadable

MEDIA_TYPE = "application/pdf"
_PASSWORD = 4
_ENDS = tuple('.!?:;…»")')
_HEADING_LENGTH = 160


def read(content: Path, limits: Limits) -> Document:
    """A document with pages. Raises ``Unreadable``, and what pdfium raises at damage."""
    try:
        source = pypdfium2.PdfDocument(content)
    except pypdfium2.PdfiumError as error:
        if error.err_code == _PASSWORD:
            raise Unreadable("encrypted") from None
        raise
    if len(source) > limits.pages:
        raise Unreadable("too_many_pages", {"pages": len(source)})
    budget = Budget(limits.text_characters)
    finder = Tables(content, limits.seconds)
    pages: list[list[Line]] = []
    tables: dict[int, list[Table]] = {}
    for index in range(len(source)):
        page = source[index]
        lines = lines_of(page, index + 1)
        budget.spend(sum(len(line.text) + 1 for line in lines))
        if lines and page.get_rotation() == 0 and may_hold_tables(page):
            tables[index + 1] = finder.on(index)
        pages.append(lines)
        page.close()
    sizes = sizes_of(pages)
    body = sizes.most_common(1)[0][0] if sizes else 0.0
    blocks = list(_Layout(without_running_heads(pages, body), tables).blocks())
    title = source.get_metadata_value("Title")
    return document_of(blocks, MEDIA_TYPE, budget=budget, title=title, pages=len(pages))


class _Layout:
    """From lines to blocks, by what the lines of this document have in common."""

    def __init__(self, pages: Sequence[Sequence[Line]], tables: dict[int, list[Table]]) -> None:
        self._pages = pages
        self._tables = tables
        sizes = sizes_of(pages)
        bold = sum(len(line.text) for page in pages for line in page if line.bold)
        characters = sizes.total()
        self._body = sizes.most_common(1)[0][0] if sizes else 0.0
        larger = {size: count for size, count in sizes.items() if size >= self._body * 1.12 + 0.5}
        if sum(larger.values()) * 3 > characters:
            larger = {}
        self._levels = {size: min(rank, 6) for rank, size in enumerate(sorted(larger, reverse=True), start=1)}
        self._bold_heads = bold * 4 < characters
        self._leading = self._usual_leading()
        self._lines: list[Line] = []
        self._listing = False

    def blocks(self) -> Iterator[Block]:
        """Blocks in reading order."""
        for page in self._pages:
            told: set[int] = set()
            for line in page:
                table = self._table_at(line)
                if table is None:
                    yield from self._take(line)
                elif id(table) not in told:
                    told.add(id(table))
                    yield from self._flush()
                    yield from blocks_of_grid(table.rows, page=line.page)
        yield from self._flush()

    def _table_at(self, line: Line) -> Table | None:
        x, y = (line.left + line.right) / 2, (line.bottom + line.top) / 2
        for table in self._tables.get(line.page, ()):
            if table.left <= x <= table.right and table.bottom <= y <= table.top:
                return table
        return None

    def _usual_leading(self) -> float:
        """From a line to the next, in heights of the line."""
        steps: Counter[float] = Counter()
        for page in self._pages:
            for above, line in pairwise(page):
                if above.size == line.size == self._body and line.size:
                    steps[round((above.bottom - line.bottom) / line.size, 1)] += 1
        likely = [(count, step) for step, count in steps.items() if 0.7 <= step <= 2.5]
        return max(likely)[1] if likely else 1.3

    def _take(self, line: Line) -> Iterator[Block]:
        if self._lines and not self._goes_on(line):
            yield from self._flush()
        if not self._lines:
            self._listing = BULLET.match(line.text) is not None and not self._level(line)
        self._lines.append(line)

    def _goes_on(self, line: Line) -> bool:
        above = self._lines[-1]
        level, level_above = self._level(line), self._level(above)
        if level != level_above:
            return False
        near = line.page == above.page and 0 <= above.bottom - line.bottom <= self._leading * above.size * 1.2
        if level:
            return near and line.size == above.size
        if BULLET.match(line.text):
            return self._listing
        if near:
            return not self._listing or line.left > self._lines[0].left + 1 or self._wraps(above)
        return not above.text.endswith(_ENDS) and line.text[0].islower() and line.size == above.size

    def _level(self, line: Line) -> int:
        """1 to 6 for a line of a heading."""
        if len(line.text) > _HEADING_LENGTH or sum(map(str.isalpha, line.text)) < 2:
            return 0
        level = self._levels.get(line.size, 0)
        if level or not (line.bold and self._bold_heads and line.size >= self._body * 0.95):
            return level
        return 0 if line.text.endswith((".", ",", ";")) else min(6, len(self._levels) + 1)

    def _wraps(self, line: Line) -> bool:
        """Whether a line ends because the page does."""
        lines = self._pages[line.page - 1]
        left, right = min(other.left for other in lines), max(other.right for other in lines)
        return line.right - left >= 0.75 * (right - left)

    def _flush(self) -> Iterator[Block]:
        lines, self._lines = self._lines, []
        if not lines:
            return
        text = lines[0].text
        turns: list[int] = []
        level = self._level(lines[0])
        for above, line in pairwise(lines):
            item = self._listing and BULLET.match(line.text)
            turns += [len(text) + 1] * (line.page - above.page)
            text += ("\n" if item or not (level or self._wraps(above)) else " ") + line.text
        if level:
            yield Block("heading", text, level=level, page=lines[0].page)
        else:
            kind: BlockKind = "list" if self._listing else "paragraph"
            yield Block(kind, text, page=lines[0].page, turns=tuple(turns))
