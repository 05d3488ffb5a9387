"""The text of a document of the evaluation set as a person reads it, by plain libraries that the product does not use for this."""

from __future__ import annotations

import csv
import re
from collections.abc import Callable, Iterator
from html.parser import HTMLParser
from pathlib import Path

import docx
import openpyxl
from docx.table import Table
from pypdf import PdfReader


def text_of(path: Path) -> str:
    """All text with single spaces; a paragraph or a cell ends with a space."""
    return " ".join(" ".join(_READERS[path.suffix](path)).split())


def _pdf(path: Path) -> Iterator[str]:
    return (page.extract_text() for page in PdfReader(path).pages)


def _docx(path: Path) -> Iterator[str]:
    for part in docx.Document(str(path)).iter_inner_content():
        if isinstance(part, Table):
            yield from (cell.text for row in part.rows for cell in row.cells)
        else:
            yield part.text


def _xlsx(path: Path) -> Iterator[str]:
    for sheet in openpyxl.load_workbook(path, read_only=True).worksheets:
        yield sheet.title
        yield from (str(cell) for row in sheet.iter_rows(values_only=True) for cell in row if cell is not None)


def _csv(path: Path) -> Iterator[str]:
    with path.open(newline="") as lines:
        yield from (cell for row in csv.reader(lines, delimiter=";") for cell in row)


class _Words(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.words: list[str] = []

    def handle_data(self, data: str) -> None:
        self.words.append(data)


def _html(path: Path) -> Iterator[str]:
    words = _Words()
    words.feed(path.read_text())
    return iter(words.words)


def _markdown(path: Path) -> Iterator[str]:
    return (re.sub(r"^(#+|-) ", "", line) for line in path.read_text().splitlines())


def _txt(path: Path) -> Iterator[str]:
    content = path.read_bytes()
    try:
        yield content.decode()
    except UnicodeDecodeError:
        yield content.decode("windows-1251")


_READERS: dict[str, Callable[[Path], Iterator[str]]] = {
    ".pdf": _pdf,
    ".docx": _docx,
    ".xlsx": _xlsx,
    ".csv": _csv,
    ".html": _html,
    ".md": _markdown,
    ".txt": _txt,
}
