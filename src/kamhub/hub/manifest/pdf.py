"""A manifest on sheets of A4, for a driver without a phone. Lengths are millimetres, font sizes points."""

from __future__ import annotations

from dataclasses import astuple

from fpdf import FPDF
from fpdf.enums import TableBordersLayout, XPos, YPos
from fpdf.fonts import FontFace

from kamhub.hub.manifest.words import ManifestText
from kamhub.hub.ticket import typefaces

_WIDTHS = (9, 62, 26, 40, 46, 38, 28, 24)
_GREY = (96, 105, 116)


class _Sheets(FPDF):
    def __init__(self, text: ManifestText) -> None:
        super().__init__(orientation="landscape", format="A4", unit="mm")
        self._text = text
        self.set_creation_date(text.made_at)
        self.set_title(f"{text.title}: {text.route}, {text.when}")
        self.set_lang(text.locale)
        self.set_margin(12)
        self.set_auto_page_break(True, 16)
        typefaces.add_fonts(self, astuple(text))
        self.alias_nb_pages()

    def footer(self) -> None:
        """When it was made, and which sheet of how many this is."""
        self.set_y(-12)
        self.set_font(typefaces.NAME, "", 8)
        self.set_text_color(*_GREY)
        self.cell(0, 6, self._text.made)
        self.set_x(self.l_margin)
        self.cell(0, 6, f"{self.page_no()} / {{nb}}", align="R")
        self.set_text_color(0)


def draw_manifest(text: ManifestText) -> bytes:
    """The PDF. The same input gives the same bytes."""
    pdf = _Sheets(text)
    pdf.add_page()
    pdf.set_font(typefaces.NAME, "B", 16)
    pdf.cell(0, 9, text.route, new_x=XPos.LMARGIN, new_y=YPos.NEXT)
    pdf.set_font(typefaces.NAME, "", 11)
    pdf.cell(0, 7, f"{text.title}. {text.when}", new_x=XPos.LMARGIN, new_y=YPos.NEXT)
    facts = "    ".join(f"{label}: {value}" for label, value in text.facts)
    pdf.multi_cell(0, 6, facts, new_x=XPos.LMARGIN, new_y=YPos.NEXT)
    pdf.ln(3)
    pdf.set_font(typefaces.NAME, "", 9)
    if not text.rows:
        pdf.cell(0, 8, text.nobody)
        return bytes(pdf.output())
    with pdf.table(
        col_widths=_WIDTHS,
        borders_layout=TableBordersLayout.HORIZONTAL_LINES,
        headings_style=FontFace(emphasis="BOLD"),
        line_height=5,
        padding=1,
        text_align="LEFT",
    ) as table:
        for cells in (text.columns, *text.rows):
            table.row(cells)
    return bytes(pdf.output())
