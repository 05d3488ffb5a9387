"""XLSX by openpyxl, row by row: the sheets that are seen, values as they are shown."""

from __future__ import annotations

import re
import zipfile
from collections.abc import Iterator
from datetime import date, datetime, time, timedelta
from pathlib import Path
from typing import Any

import openpyxl
from openpyxl.utils.cell import range_boundaries

from kamhub.desk.extraction.reader.built import Budget, document_of
from kamhub.desk.extraction.rules import Cell, blocks_of_grid
from kamhub.desk.extraction.types import Block, Document, Limits

MEDIA_TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
_MERGED = re.compile(rb'<(?:\w+:)?mergeCell\s[^>]*?ref="([A-Z]{1,3}\d{1,7}:[A-Z]{1,3}\d{1,7})"')
_WIDEST = 200
_MERGES = 20_000
_NAMELESS = re.compile(r"(?:Sheet|Лист|Table)\s?\d*", re.IGNORECASE)
_MIDNIGHT = time(0, 0)
_CHUNK = 1_000_000


def read(content: Path, limits: Limits) -> Document:
    """Tables of every visible sheet: what an operator has hidden is not told. Raises ``Unreadable``, and what the parser raises."""
    budget = Budget(limits.text_characters)
    with content.open("rb") as file:
        workbook = openpyxl.load_workbook(file, read_only=True, data_only=True, keep_links=False)
        return document_of(
            _blocks(workbook, content, budget), MEDIA_TYPE, budget=budget, title=workbook.properties.title
        )


def _blocks(workbook: Any, content: Path, budget: Budget) -> list[Block]:
    blocks: list[Block] = []
    sheets = [sheet for sheet in workbook.worksheets if sheet.sheet_state == "visible"]
    for sheet in sheets:
        merges = _merges(content, sheet._worksheet_path)  # noqa: SLF001 - reading by rows tells of no merged cells
        grid = list(_rows(sheet, merges, budget))
        found = blocks_of_grid(grid, sheet=sheet.title)
        if found and (len(sheets) > 1 or not _NAMELESS.fullmatch(sheet.title)):
            blocks.append(Block("heading", sheet.title, level=1, sheet=sheet.title))
        blocks.extend(found)
    return blocks


def _rows(sheet: Any, merges: dict[int, list[tuple[int, int, int]]], budget: Budget) -> Iterator[list[Cell]]:
    """Texts of the rows, many empty ones as one. A merged cell goes on to the right, and stands in each of its rows."""
    sheet.reset_dimensions()
    from_above: dict[int, tuple[int, Cell]] = {}
    empty = False
    for number, cells in enumerate(sheet.iter_rows(), start=1):
        row: list[Cell] = [_shown(cell, budget) for cell in cells[:_WIDEST]]
        for column, (last, text) in list(from_above.items()):
            if number > last:
                del from_above[column]
            elif column < len(row) or text:
                row.extend([""] * (column + 1 - len(row)))
                budget.spend(len(text or ""))
                row[column] = text
        for first, last_column, last_row in merges.get(number, ()):
            _spread(row, first, last_column, last_row, number, from_above)
        if any(row):
            yield row
            empty = False
        elif not empty:
            yield []
            empty = True


def _spread(
    row: list[Cell], first: int, last_column: int, last_row: int, number: int, from_above: dict[int, tuple[int, Cell]]
) -> None:
    if first >= len(row) or not row[first]:
        return
    last_column = min(last_column, _WIDEST - 1)
    row.extend([""] * (last_column + 1 - len(row)))
    for column in range(first + 1, last_column + 1):
        row[column] = None
    if last_row > number:
        for column in range(first, last_column + 1):
            from_above[column] = (last_row, row[column])


def _merges(content: Path, path: str) -> dict[int, list[tuple[int, int, int]]]:
    """Merged cells by their first row: first and last column counted from 0, and last row."""
    found: dict[int, list[tuple[int, int, int]]] = {}
    with zipfile.ZipFile(content) as archive, archive.open(path.lstrip("/")) as part:
        rest = b""
        count = 0
        while (chunk := part.read(_CHUNK)) and count < _MERGES:
            text = rest + chunk
            for match in _MERGED.finditer(text):
                left, top, right, bottom = range_boundaries(match[1].decode())
                if left and top and right and bottom:  # a whole row or column has no ends
                    found.setdefault(top, []).append((left - 1, right - 1, bottom))
                count += 1
            rest = text[text.rfind(b"<") :][:200]
    return found


def _shown(cell: Any, budget: Budget) -> str:
    """A value as people see it: whole numbers without a point, shares as per cent, dates as YYYY-MM-DD."""
    value = cell.value
    if value is None:
        return ""
    text = _text(value, cell.number_format)
    budget.spend(len(text) + 1)
    return text


def _text(value: object, number_format: str | None) -> str:
    if isinstance(value, bool):
        return "да" if value else "нет"
    if isinstance(value, float | int):
        return _number(float(value), number_format or "")
    if isinstance(value, datetime):
        return f"{value:%Y-%m-%d}" if value.time() == _MIDNIGHT else f"{value:%Y-%m-%d %H:%M}"
    if isinstance(value, timedelta):
        minutes = int(value.total_seconds() // 60)
        return f"{minutes // 60}:{minutes % 60:02d}"
    if isinstance(value, date | time):
        return f"{value:%Y-%m-%d}" if isinstance(value, date) else f"{value:%H:%M}"
    return str(value)


def _number(value: float, number_format: str) -> str:
    if number_format.rstrip().endswith("%"):
        return f"{value * 100:.10g} %"
    return str(int(value)) if value.is_integer() and abs(value) < 1e15 else f"{value:.10g}"
