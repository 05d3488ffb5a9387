"""Lines of a PDF's pages with where and how large they stand, and without what is on every page."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import pypdfium2
import pypdfium2.raw as pdfium

from kamhub.desk.extraction.rules import clean_line

_HYPHEN = re.compile("[\x02\xad\ufffe]\\s*(то|нибудь|либо|таки)?\\b")
_NUMBER = re.compile(r"\d{1,6}")
_PAGE_NUMBER = re.compile(r"\W*\d{1,4}\W*(?:(?:из|of|/)\W*\d{1,4}\W*)?")
_FEW_PAGES = 4
_BOLD = 600


@dataclass(frozen=True, slots=True)
class Line:
    """A line as printed, in points from the lower left corner. ``size`` is the height of its typeface."""

    text: str
    page: int
    left: float
    right: float
    bottom: float
    top: float
    bold: bool

    @property
    def size(self) -> float:
        """Height, which a line has in common with others of its kind."""
        return round((self.top - self.bottom) * 2) / 2


def lines_of(page: pypdfium2.PdfPage, number: int) -> list[Line]:
    """Lines in the order in which the page draws them."""
    textpage = page.get_textpage()
    try:
        text = textpage.get_text_range()
        lines = []
        start = 0
        for raw in text.split("\r\n"):
            line = _line(textpage, raw, start, number)
            if line is not None:
                lines.append(line)
            start += len(raw) + 2
        return lines
    finally:
        textpage.close()


def _line(textpage: pypdfium2.PdfTextPage, raw: str, start: int, page: int) -> Line | None:
    text = clean_line(_HYPHEN.sub(lambda match: f"-{match[1]}" if match[1] else "", raw))
    if not text:
        return None
    first = start + len(raw) - len(raw.lstrip())
    last = start + len(raw.rstrip()) - 1
    box = pdfium.FS_RECTF()
    pdfium.FPDFText_GetLooseCharBox(textpage.raw, last, box)
    right = box.right
    pdfium.FPDFText_GetLooseCharBox(textpage.raw, first, box)
    bold = all(pdfium.FPDFText_GetFontWeight(textpage.raw, at) >= _BOLD for at in (first, last))
    return Line(text, page, box.left, right, box.bottom, box.top, bold)


def sizes_of(pages: Sequence[Sequence[Line]]) -> Counter[float]:
    """Characters of each size of type."""
    sizes: Counter[float] = Counter()
    for line in (line for page in pages for line in page):
        sizes[line.size] += len(line.text)
    return sizes


def without_running_heads(pages: Sequence[Sequence[Line]], body: float) -> list[list[Line]]:
    """Pages without their first and last line where most pages have it, but for the number of the page, and without page numbers.

    ``body`` is the size of usual text: what is larger is a heading, however often it is there.
    """
    edges = [_edges(lines, body) for lines in pages]
    times = Counter(key for edge in edges for key in {_running(line) for line in edge})
    often = {key for key, count in times.items() if count >= max(_FEW_PAGES, 0.6 * len(pages))}
    kept = []
    for lines, edge in zip(pages, edges, strict=True):
        dropped = {
            id(line)
            for line in edge
            if _running(line) in often or (len(pages) > 1 and _PAGE_NUMBER.fullmatch(line.text))
        }
        kept.append([line for line in lines if id(line) not in dropped])
    return kept


def _edges(lines: Sequence[Line], body: float) -> list[Line]:
    """The highest and the lowest line of a page."""
    if len(lines) < 2:
        return []
    edges = (max(lines, key=lambda line: line.top), min(lines, key=lambda line: line.bottom))
    return [line for line in edges if line.size <= body]


def _running(line: Line) -> str:
    """What a running head has in common on all pages: its first number counts with the pages."""
    return _NUMBER.sub(lambda match: f"#{int(match[0]) - line.page}", line.text, count=1)
