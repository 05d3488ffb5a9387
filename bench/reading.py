"""How long it takes to read a document and cut it, beside the bare library that finds its text."""

from __future__ import annotations

import asyncio
import tempfile
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

import mammoth
import openpyxl
import pypdfium2
from rich.console import Console
from rich.table import Table

from kamhub.desk.extraction.actions import read
from kamhub.desk.extraction.types import Document
from kamhub.desk.knowledge.rules import pieces_of
from tests.desk.extraction.samples import docx_of_rules, pdf_of_rules, xlsx_of_prices

ROUNDS = 3
_PAGES = 500


def run(console: Console) -> None:
    """Print the table."""
    table = Table(
        "document",
        "bare library, s",
        "read, s",
        "cut, s",
        "pieces",
        title=f"best of {ROUNDS}; reading starts a process",
    )
    with tempfile.TemporaryDirectory() as folder:
        for name, path, bare in _documents(Path(folder)):
            alone = min(_seconds(bare) for _ in range(ROUNDS))
            reading = min(_seconds(partial(_read, path)) for _ in range(ROUNDS))
            found = _read(path)
            cutting = min(_seconds(partial(pieces_of, found, "Bench")) for _ in range(ROUNDS))
            pieces = len(pieces_of(found, "Bench"))
            table.add_row(name, f"{alone:.2f}", f"{reading:.2f}", f"{cutting:.2f}", f"{pieces:,}")
    console.print(table)


def _read(path: Path) -> Document:
    return asyncio.run(read(path, path.name))


def _seconds(work: Callable[[], object]) -> float:
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


def _documents(folder: Path) -> list[tuple[str, Path, Callable[[], object]]]:
    plain = pdf_of_rules(folder / "plain.pdf", _PAGES, ())
    tables = pdf_of_rules(folder / "tables.pdf", _PAGES, tuple(range(2, _PAGES, 25)))
    docx = docx_of_rules(folder / "rules.docx")
    xlsx = xlsx_of_prices(folder / "prices.xlsx")
    return [
        (f"PDF, {_PAGES} pages", plain, lambda: _pdf(plain)),
        (f"PDF, {_PAGES} pages, a table on 20", tables, lambda: _pdf(tables)),
        ("DOCX, a page", docx, lambda: mammoth.convert_to_html(str(docx))),
        (
            "XLSX, two sheets",
            xlsx,
            lambda: [list(sheet.values) for sheet in openpyxl.load_workbook(xlsx, read_only=True)],
        ),
    ]


def _pdf(path: Path) -> None:
    document = pypdfium2.PdfDocument(path)
    for page in document:
        page.get_textpage().get_text_range()
