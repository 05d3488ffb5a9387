"""The ticket drawn on one page of A4. Lengths are millimetres, font sizes points."""

from __future__ import annotations

from dataclasses import astuple
from datetime import datetime
from typing import Literal

import segno
from fpdf import FPDF
from fpdf.enums import WrapMode, XPos, YPos

from kamhub.hub.ticket import typefaces
from kamhub.hub.ticket.rules import StopText, TicketText
from kamhub.kit.text import Locale

_MARGIN, _TOP = 20.0, 14.0
_WIDTH = 210.0 - 2 * _MARGIN
_QR_SIZE = 44.0
_INK, _GREY, _RULE, _ACCENT = (24, 29, 35), (96, 105, 116), (214, 219, 225), (11, 105, 131)
_PEOPLE_COLUMNS = 2
_MOST_PEOPLE = 50  # the largest party there is

Style = Literal["", "B"]


def draw_ticket(text: TicketText, locale: Locale, qr: str, made_at: datetime) -> bytes:
    """The PDF. The same input gives the same bytes; ``made_at`` is its creation date."""
    page = _Page(text, locale, made_at)
    page.head()
    page.code(qr)
    page.trip()
    page.facts()
    page.people()
    page.notes()
    return bytes(page.pdf.output())


class _Page:
    def __init__(self, text: TicketText, locale: Locale, made_at: datetime) -> None:
        self.text = text
        self.pdf = pdf = FPDF(format="A4", unit="mm")
        pdf.set_creation_date(made_at)
        pdf.set_title(f"{text.title} {text.code}")
        pdf.set_author(text.operator)
        pdf.set_lang(locale)
        pdf.set_margin(_MARGIN)
        pdf.set_top_margin(_TOP)
        # One page whatever happens: what is long is cut with an ellipsis, never pushed to a second sheet.
        pdf.set_auto_page_break(False)
        typefaces.add_fonts(pdf, astuple(text))
        pdf.add_page()

    def head(self) -> None:
        """Who runs the trip, and what this sheet is."""
        self._line(self.text.operator, 13, "B", width=_WIDTH * 0.7)
        self.pdf.set_y(_TOP)
        self._font(13, "", _GREY)
        self.pdf.cell(_WIDTH, 7, self.text.title, align="R", new_x=XPos.LMARGIN, new_y=YPos.NEXT)
        self._rule(4)

    def code(self, qr: str) -> None:
        """The code large, the QR code beside it."""
        top = self.pdf.get_y() + 2
        self._qr(qr, _MARGIN + _WIDTH - _QR_SIZE, top)
        self.pdf.set_y(top + 9)
        self._line(self.text.code_label, 10, "", _GREY)
        self._line(self.text.code, 38, "B", height=17, width=_WIDTH - _QR_SIZE)
        self.pdf.set_y(top + _QR_SIZE)
        self._rule(4)

    def trip(self) -> None:
        """Where from and where to, with local times."""
        for stop in (self.text.origin, self.text.destination):
            self._stop(stop)
        self._rule(2)

    def _stop(self, stop: StopText) -> None:
        pdf, top, indent = self.pdf, self.pdf.get_y() + 2, 34.0
        self._font(22, "B", _ACCENT)
        pdf.set_y(top)
        pdf.cell(indent, 10, stop.time)
        pdf.set_xy(_MARGIN + indent, top)
        self._line(stop.place, 14, "B", height=7, width=_WIDTH - indent, x=_MARGIN + indent)
        if stop.meeting_point:
            self._line(stop.meeting_point, 10, width=_WIDTH - indent, height=5, x=_MARGIN + indent)
        self._line(stop.day, 10, "", _GREY, width=_WIDTH - indent, height=5, x=_MARGIN + indent)
        pdf.set_y(max(pdf.get_y(), top + 12) + 2)

    def facts(self) -> None:
        """Passengers, vehicle and money, side by side."""
        top, width = self.pdf.get_y() + 1, _WIDTH / len(self.text.facts)
        for column, (label, value) in enumerate(self.text.facts):
            x = _MARGIN + column * width
            self.pdf.set_y(top)
            self._line(label, 9, "", _GREY, width=width - 3, height=5, x=x)
            self._line(value, 12, "B", width=width - 3, height=7, x=x)
        self._rule(2)

    def people(self) -> None:
        """Names in columns, smaller for a large party."""
        people = self.text.people[:_MOST_PEOPLE]
        if not people:
            return
        self._line(self.text.people_label, 9, "", _GREY, height=6)
        rows = -(-len(people) // _PEOPLE_COLUMNS)
        size, height = (11.0, 6.0) if rows <= 8 else (7.5, 3.2)
        top, width = self.pdf.get_y(), _WIDTH / _PEOPLE_COLUMNS
        for number, name in enumerate(people):
            column, row = divmod(number, rows)
            self.pdf.set_y(top + row * height)
            self._line(name, size, width=width - 4, height=height, x=_MARGIN + column * width)
        self.pdf.set_y(top + rows * height)
        self._rule(2)

    def notes(self) -> None:
        """What to mind, and whom to ask."""
        self._line(self.text.rules_label, 9, "", _GREY, height=6)
        self._font(9.5)
        for rule in self.text.rules:
            self.pdf.multi_cell(_WIDTH, 5, rule, new_x=XPos.LMARGIN, new_y=YPos.NEXT, align="L", wrapmode=WrapMode.CHAR)
        if self.text.contact:
            self.pdf.ln(2)
            self._line(self.text.contact_label, 9, "", _GREY, height=6)
            self._line("   ".join(self.text.contact), 12, "B", height=7)

    def _font(self, size: float, style: Style = "", colour: tuple[int, int, int] = _INK) -> None:
        self.pdf.set_font(typefaces.NAME, style, size)
        self.pdf.set_text_color(*colour)

    def _line(
        self,
        text: str,
        size: float,
        style: Style = "",
        colour: tuple[int, int, int] = _INK,
        *,
        width: float = _WIDTH,
        height: float = 7.0,
        x: float = _MARGIN,
    ) -> None:
        self._font(size, style, colour)
        self.pdf.set_x(x)
        self.pdf.cell(width, height, self._fit(text, width), new_x=XPos.LEFT, new_y=YPos.NEXT)

    def _fit(self, text: str, width: float) -> str:
        room = width - 2 * self.pdf.c_margin
        if self.pdf.get_string_width(text) <= room:
            return text
        while text and self.pdf.get_string_width(text + "…") > room:
            text = text[:-1]
        return text.rstrip() + "…"

    def _rule(self, space: float) -> None:
        y = self.pdf.get_y() + space
        self.pdf.set_draw_color(*_RULE)
        self.pdf.set_line_width(0.3)
        self.pdf.line(_MARGIN, y, _MARGIN + _WIDTH, y)
        self.pdf.set_y(y + space)

    def _qr(self, content: str, x: float, y: float) -> None:
        rows = list(segno.make(content, error="m", micro=False).matrix_iter(border=2))
        unit = _QR_SIZE / len(rows)
        self.pdf.set_fill_color(0)
        for row, modules in enumerate(rows):
            start: int | None = None
            for column, dark in enumerate([*modules, 0]):
                if dark and start is None:
                    start = column
                elif not dark and start is not None:
                    length = (column - start) * unit
                    self.pdf.rect(x + start * unit, y + row * unit, length, unit, style="F")
                    start = None
