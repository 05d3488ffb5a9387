"""What text is, whichever format it came in: cleaned, in which language, and how a table reads aloud."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Sequence
from typing import TypeAlias

from kamhub.desk.extraction.types import Block, Language

Cell: TypeAlias = str | None
"""Text of a cell; None where the cell to its left goes on."""

# Controls, marks of direction, invisible joints, private use, lone surrogates: nobody sees them, and some deceive.
_UNSEEN = re.compile(
    "[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x84\x86-\x9f\xad\u061c\u180e\u200b-\u200f\u202a-\u202e\u2060-\u206f\ufeff\ufff0-\ufffd"
    "\ufffe\uffff\ue000-\uf8ff\ud800-\udfff\U000e0000-\U000e0fff]"
)
_BLANKS = re.compile(r"[^\S\n]+")
_NUMERIC = re.compile(r"[\s\d.,:%₽$€+\-–—/]*\d[\s\d.,:%₽$€+\-–—/]*(?:руб\.?|р\.?|rub|usd|eur)?", re.IGNORECASE)

_ENGLISH = re.compile(
    r"\b(?:the|and|of|to|in|is|for|you|are|with|be|on|or|at|from|if|can|not|this|by|it|we|your|will)\b"
)
_FOREIGN = re.compile(
    r"\b(?:der|die|das|und|ist|nicht|mit|für|ein|eine|von|le|la|les|des|et|est|une|pour|dans|vous|el|los|las|"
    r"del|que|en|un|y|por|para|con|il|di|che|non|per|sono|o|e|da|do|os|uma|het|een|van|je)\b"
)
_NOT_RUSSIAN = re.compile("[іїєґўәғқңөұүһђјљњћџѓќѕ]", re.IGNORECASE)
_SAMPLE = 20_000


def clean(text: str) -> str:
    """Composed characters, single blanks, at most one empty line; nothing that cannot be seen. Line breaks stay."""
    lines = text.replace("\r\n", "\n").replace("\r", "\n").replace("\x85", "\n").replace("\u2028", "\n")
    seen = _UNSEEN.sub("", lines.replace("\u2029", "\n").replace("\uf0b7", "•"))
    if not seen.isascii():
        seen = unicodedata.normalize("NFC", seen)
    return re.sub(r" ?\n[ \n]*\n", "\n\n", _BLANKS.sub(" ", seen).replace(" \n", "\n").replace("\n ", "\n")).strip()


def clean_line(text: str) -> str:
    """The same on one line. Most cells of tables have nothing to clean: that is asked first."""
    if not text.isprintable() or not unicodedata.is_normalized("NFC", text):
        text = clean(text)
    return " ".join(text.split())


def language_of(text: str, otherwise: Language = "other") -> Language:
    """Language by script and common words. ``otherwise`` where there are not enough letters to tell."""
    sample = text[:_SAMPLE].lower()
    letters = sum(map(str.isalpha, sample))
    if letters < 3:
        return otherwise
    cyrillic = len(re.findall("[а-яё]", sample)) + len(_NOT_RUSSIAN.findall(sample))
    latin = len(re.findall("[a-z\u00df-\u024f]", sample))
    if cyrillic * 3 >= letters:
        return _cyrillic(sample, cyrillic)
    if latin * 2 < letters:
        return "other"
    return _latin(sample, latin)


def _cyrillic(sample: str, letters: int) -> Language:
    """Russian has letters that its neighbours lack, and lacks theirs."""
    if len(_NOT_RUSSIAN.findall(sample)) * 100 > letters:
        return "other"
    return "ru" if letters < 300 or re.search("[ыэё]", sample) else "other"


def _latin(sample: str, letters: int) -> Language:
    """English has next to no accents, and its small words are its own."""
    english, foreign = len(_ENGLISH.findall(sample)), len(_FOREIGN.findall(sample))
    accents = len(re.findall("[\u00df-\u024f]", sample))
    return "en" if english >= foreign and accents * 50 <= letters else "other"


def is_numeric(cell: str) -> bool:
    """Whether a cell holds a number, a price, a date or a time and no words."""
    return _NUMERIC.fullmatch(cell) is not None


LABEL = 60
"""Characters of a column's name that are said with each of its values."""


def lines_of_table(rows: Sequence[Sequence[str]]) -> list[str]:
    """A line for each row that can be understood alone: ``Column: value; Column: value``. The first row has the names.

    Where no column has a name the values stand alone. Names that no line says in full get a line of their own, the first.
    """
    header, *body = rows
    labels = [name if len(name) <= LABEL else f"{name[: LABEL - 1].rstrip()}…" for name in header]
    said = [any(row[column] for row in body) and len(name) <= LABEL for column, name in enumerate(header)]
    lines = [] if all(told or not name for told, name in zip(said, header, strict=True)) else [_joined(header)]
    for row in body:
        if any(labels):
            pairs = zip(labels, row, strict=True)
            lines.append("; ".join(f"{label}: {value}" if label else value for label, value in pairs if value))
        else:
            lines.append(_joined(row))
    return [line for line in lines if line]


def _joined(cells: Sequence[str]) -> str:
    return " — ".join(filter(None, cells))


def blocks_of_grid(grid: Sequence[Sequence[Cell]], *, page: int | None = None, sheet: str | None = None) -> list[Block]:
    """Tables, and the lines between them that stand alone, of cells as they are laid out.

    A row with one value is a line by itself: the title of what follows. Empty rows end a table if the next row has no
    number in it; else the same header goes on.
    """
    return list(_Grid(grid, page, sheet).blocks())


class _Grid:
    """One pass over the rows of a grid."""

    def __init__(self, grid: Sequence[Sequence[Cell]], page: int | None, sheet: str | None) -> None:
        self._rows = [[None if cell is None else clean_line(cell) for cell in row] for row in grid]
        self._width = max(map(len, self._rows), default=0)
        self._page = page
        self._sheet = sheet
        self._header: list[str] | None = None
        self._body: list[list[str]] = []
        self._header_told = False

    def blocks(self) -> Iterator[Block]:
        gap = False
        spanned_header = False
        for cells in self._rows:
            row = _filled(cells, self._width)
            if not any(row):
                gap = True
                continue
            if self._is_title(cells):
                yield from self._table()
                yield Block("paragraph", next(filter(None, cells)), page=self._page, sheet=self._sheet)
            elif spanned_header and not self._body and self._header and _looks_like_names(row):
                self._header = [" ".join(dict.fromkeys((a, b))).strip() for a, b in zip(self._header, row, strict=True)]
                spanned_header = False
            elif self._header is None or (gap and self._body and _no_number(row)):
                yield from self._table()
                named = _looks_like_names(row)
                self._header = row if named else [""] * self._width
                self._body = [] if named else [row]
                self._header_told = False
                spanned_header = named and None in cells
            else:
                self._body.append(row)
            gap = False
        yield from self._table(last=True)

    def _is_title(self, cells: Sequence[Cell]) -> bool:
        if self._width == 1:
            return True
        if sum(map(bool, cells)) != 1:
            return False
        spans = len(cells) == self._width and cells.count(None) == self._width - 1
        return spans or self._header is None or (self._width > 2 and bool(cells[0]))

    def _table(self, *, last: bool = False) -> Iterator[Block]:
        """What has been gathered, without columns that are empty. A header alone waits for its rows."""
        if self._header is None or not (self._body or last):
            return
        rows = [self._header, *self._body]
        self._body = []
        kept = [column for column in range(self._width) if any(row[column] for row in rows)]
        whole = tuple(tuple(row[column] for column in kept) for row in rows)
        if len(whole) == 1 and self._header_told:
            return
        self._header_told = True
        text = "\n".join(lines_of_table(whole))
        yield Block("table", text, page=self._page, sheet=self._sheet, rows=whole)


def _filled(cells: Sequence[Cell], width: int) -> list[str]:
    """Cells that go on hold the text of the cell that does."""
    row: list[str] = []
    for cell in cells:
        row.append((row[-1] if row else "") if cell is None else cell)
    return row + [""] * (width - len(row))


def _looks_like_names(row: Sequence[str]) -> bool:
    values = list(filter(None, row))
    return sum(map(is_numeric, values)) * 2 < len(values)


def _no_number(row: Sequence[str]) -> bool:
    return not any(map(is_numeric, row))
