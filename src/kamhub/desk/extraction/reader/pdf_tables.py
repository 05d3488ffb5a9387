"""Tables of a PDF by pdfplumber, which is exact and slow: only on pages that draw something like the lines of one."""

from __future__ import annotations

import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pypdfium2
import pypdfium2.raw as pdfium

from kamhub.desk.extraction.rules import Cell

_LOOKED_AT = 3_000
_SHARE = 0.4


@dataclass(frozen=True, slots=True)
class Table:
    """Cells, and the place they take, in points from the lower left corner."""

    rows: Sequence[Sequence[Cell]]
    left: float
    bottom: float
    right: float
    top: float


def may_hold_tables(page: pypdfium2.PdfPage) -> bool:
    """Whether a page draws at least a few boxes, or lines both ways, and is not a drawing."""
    count = min(pdfium.FPDFPage_CountObjects(page.raw), _LOOKED_AT)
    boxes = across = down = 0
    sides = [pdfium.c_float() for _ in range(4)]
    for index in range(count):
        drawn = pdfium.FPDFPage_GetObject(page.raw, index)
        if pdfium.FPDFPageObj_GetType(drawn) != pdfium.FPDF_PAGEOBJ_PATH:
            continue
        if not pdfium.FPDFPageObj_GetBounds(drawn, *sides):
            continue
        left, bottom, right, top = (side.value for side in sides)
        width, height = right - left, top - bottom
        if width > 15 and height > 6:
            boxes += 4 if pdfium.FPDFPath_CountSegments(drawn) >= 10 else 1
        elif width > 15:
            across += 1
        elif height > 6:
            down += 1
    return boxes >= 4 or (across >= 3 and down >= 2)


class Tables:
    """Finds the tables of pages, for as long as there is time. Files are opened when the first is asked for."""

    def __init__(self, content: Path, seconds: float) -> None:
        self._content = content
        self._left = seconds * _SHARE
        self._document: Any = None

    def on(self, index: int) -> list[Table]:
        """Tables of a page counted from 0, none when the time is up: its rows are then read as lines."""
        if self._left <= 0:
            return []
        began = time.perf_counter()
        try:
            return self._found(index)
        finally:
            self._left -= time.perf_counter() - began

    def _found(self, index: int) -> list[Table]:
        import pdfplumber

        if self._document is None:
            self._document = pdfplumber.open(self._content)
        page = self._document.pages[index]
        tables = []
        # What pdfium reads and this library does not is read as lines.
        with suppress(Exception):
            for table in page.find_tables():
                rows = [[_cell(cell, place) for place, cell in enumerate(row)] for row in table.extract()]
                if len(rows) >= 2 and max(map(len, rows)) >= 2 and sum(bool(c) for row in rows for c in row) >= 4:
                    left, top, right, bottom = table.bbox
                    tables.append(Table(_from_above(rows), left, page.height - bottom, right, page.height - top))
        page.close()
        return tables


def _cell(cell: str | None, place: int) -> Cell:
    if cell is None:
        return None if place else ""
    return " ".join(cell.split())


def _from_above(rows: list[list[Cell]]) -> list[list[Cell]]:
    """A name that stands once for several rows stands in each."""
    for row, above in zip(rows[1:], rows, strict=False):
        if row and row[0] == "" and above[0] and sum(map(bool, row)) >= 2:
            row[0] = above[0]
    return rows
