"""Makes the documents of the evaluation set that are not text: ``python -m eval.make_documents``.

Each file ``sources/NAME.EXT.md`` becomes ``documents/NAME.EXT``. A source is a little markdown: headings, paragraphs, lists, tables.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Literal
from zipfile import ZIP_DEFLATED, ZipFile, ZipInfo

import docx
import openpyxl
from fpdf import FPDF
from fpdf.fonts import FontFace

HERE = Path(__file__).parent
SOURCES, DOCUMENTS = HERE / "sources", HERE / "documents"
FONTS = HERE.parent / "src/kamhub/hub/ticket/fonts"
MADE_AT = datetime(2026, 5, 1, tzinfo=UTC)  # the same date each time, so that the files differ only if the text does
A4_WIDTH = 170  # of the text, millimetres


@dataclass(frozen=True)
class Part:
    """A block of a source; ``rows`` are the cells of a table, header first."""

    kind: Literal["heading", "paragraph", "item", "table"]
    text: str = ""
    level: int = 0
    rows: tuple[tuple[str, ...], ...] = ()


def parts(source: str) -> Iterator[Part]:
    """The blocks of a source, in order."""
    for block in source.strip().split("\n\n"):
        lines = block.splitlines()
        if block.startswith("#"):
            marks, _, text = block.partition(" ")
            yield Part("heading", text, len(marks))
        elif block.startswith("|"):
            rows = [tuple(cell.strip() for cell in line.strip("|").split("|")) for line in lines]
            yield Part("table", rows=(rows[0], *rows[2:]))
        elif block.startswith("- "):
            yield from (Part("item", line.removeprefix("- ")) for line in lines)
        else:
            yield Part("paragraph", " ".join(lines))


def make_pdf(source: str, to: Path) -> None:
    """A4 with page numbers, Cyrillic from the font of the tickets; the long handbook begins each chapter on a new page."""
    pdf = FPDF()
    pdf.set_creation_date(MADE_AT)
    pdf.add_font("text", "", FONTS / "DejaVuSans.ttf")
    pdf.add_font("text", "B", FONTS / "DejaVuSans-Bold.ttf")
    pdf.set_margin(20)
    pdf.add_page()
    chapters = source.count("\n## ")
    for number, part in enumerate(parts(source)):
        if part.kind == "heading":
            if part.level == 1:
                pdf.set_title(part.text)
            elif chapters > 12 and number > 3:
                pdf.add_page()
            pdf.set_font("text", "B", 18 if part.level == 1 else 13)
            pdf.multi_cell(0, 9, part.text, align="L", new_x="LMARGIN", new_y="NEXT")
        elif part.kind == "table":
            pdf.set_font("text", "", 10)
            with pdf.table(width=A4_WIDTH, headings_style=FontFace(emphasis="BOLD")) as table:
                for row in part.rows:
                    table.row(row)
        else:
            pdf.set_font("text", "", 11)
            text = f"• {part.text}" if part.kind == "item" else part.text
            pdf.multi_cell(0, 6, text, align="L", new_x="LMARGIN", new_y="NEXT")
        pdf.ln(3)
    pdf.output(str(to))


def make_docx(source: str, to: Path) -> None:
    """Headings, lists and tables by the styles of the word processor."""
    document = docx.Document()
    document.core_properties.created = document.core_properties.modified = MADE_AT
    for part in parts(source):
        if part.kind == "heading":
            document.add_heading(part.text, part.level - 1)
        elif part.kind == "table":
            table = document.add_table(len(part.rows), len(part.rows[0]), style="Table Grid")
            for row, cells in zip(table.rows, part.rows, strict=True):
                for cell, text in zip(row.cells, cells, strict=True):
                    cell.text = text
        else:
            document.add_paragraph(part.text, style="List Bullet" if part.kind == "item" else None)
    document.save(str(to))
    _date_alike(to)


def make_xlsx(source: str, to: Path) -> None:
    """A sheet for each heading of the second level; the title is the first row of the first sheet."""
    book = openpyxl.Workbook()
    book.properties.created = book.properties.modified = MADE_AT.replace(tzinfo=None)
    book.remove(book.worksheets[0])
    title = ""
    for part in parts(source):
        if part.kind == "heading" and part.level == 1:
            title = part.text
        elif part.kind == "heading":
            sheet = book.create_sheet(part.text)
            if title:
                sheet.append([title])
                sheet.append([])
            title = ""
        for row in part.rows:
            book.worksheets[-1].append(list(row))
    book.save(to)
    _date_alike(to)


def _date_alike(office: Path) -> None:
    """Writes the archive that an office file is once more, without the time of its making."""
    with ZipFile(office) as archive:
        files = [(name, archive.read(name)) for name in archive.namelist()]
    with ZipFile(office, "w", ZIP_DEFLATED) as archive:
        for name, content in files:
            dated = re.sub(rb"(<dcterms:modified[^>]*>)[^<]*", rb"\g<1>" + f"{MADE_AT:%FT%TZ}".encode(), content)
            archive.writestr(ZipInfo(name, MADE_AT.timetuple()[:6]), dated, ZIP_DEFLATED)


def make_old_text(source: str, to: Path) -> None:
    """Text as an old editor on Windows saves it."""
    to.write_bytes(source.replace("\n", "\r\n").encode("windows-1251"))


MAKERS: dict[str, Callable[[str, Path], None]] = {
    ".pdf": make_pdf,
    ".docx": make_docx,
    ".xlsx": make_xlsx,
    ".txt": make_old_text,
}


def main() -> None:
    """Makes all of them anew."""
    for path in sorted(SOURCES.glob("*.md")):
        to = DOCUMENTS / path.stem
        MAKERS[to.suffix](path.read_text(), to)


if __name__ == "__main__":
    main()
