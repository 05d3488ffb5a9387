"""Sentences and rows of tables: the spans in which things are said of each other."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from kamhub.desk.graph.rules.names import holds_money, shown
from kamhub.desk.graph.rules.words import FREE, NAMES_A_ROW, PRICE

_END = re.compile(r"(?<=[.!?…])[\"»”)]?\s+(?=[\"«“(—–-]?\s?[A-ZА-ЯЁ0-9])|\n+")
_ABBREVIATION = re.compile(
    r"(?:^|[\s(])(?:г|ул|пос|им|р|оз|влк|п|д|т\.\s?д|т\.\s?п|см|mr|mrs|dr|st|no|e\.g|i\.e)\.$", re.IGNORECASE
)
_CELLS = re.compile(r"\s*(?:\||\t|;\s)\s*")
_LABELLED = re.compile(r"^\s*([^:|]{1,60}):\s+(.+)$", re.DOTALL)
_NUMBER = re.compile(r"^[\d\s\u00a0\u202f.,/–—-]{2,}$")
_LETTERS = re.compile(r"[^\W\d_]")
_LISTED = re.compile(r"^\s*(?:[-*•–]\s+|\d+[.)]\s+)?(.{3,120}?)\s*(?:\s[—–-]\s|:\s)(.*)$")
FEWEST_LETTERS = 3
LONGEST_NAME = 120


@dataclass(frozen=True, slots=True)
class Span:
    """A part of a text, and where it begins."""

    text: str
    start: int

    @property
    def end(self) -> int:
        """One past its last character."""
        return self.start + len(self.text)


@dataclass(frozen=True, slots=True)
class PriceRow:
    """A row that says what something costs: what, and the row itself. The price is not kept."""

    name: str
    row: Span
    name_start: int
    sure: bool


def sentences(text: str) -> list[Span]:
    """The sentences and lines of a text."""
    found, begun = [], 0
    for match in _END.finditer(text):
        if "\n" not in match[0] and _ABBREVIATION.search(text[begun : match.start()]):
            continue
        found.append(_span(text, begun, match.start()))
        begun = match.end()
    found.append(_span(text, begun, len(text)))
    return [span for span in found if span.text]


def _span(text: str, start: int, end: int) -> Span:
    part = text[start:end]
    return Span(part.strip(), start + len(part) - len(part.lstrip()))


def price_rows(context: str, text: str) -> list[PriceRow]:
    """The rows with prices: of a table with a header that speaks of prices, or lines such as "Name — 1,500 ₽"."""
    lines = [_span(text, start, end) for start, end in _lines(text)]
    priced = bool(PRICE.search(context)) or bool(lines and PRICE.search(lines[0].text) and _CELLS.search(lines[0].text))
    return [row for line in lines for row in _rows(line, priced=priced)]


def _lines(text: str) -> list[tuple[int, int]]:
    found, start = [], 0
    for line in text.split("\n"):
        found.append((start, start + len(line)))
        start += len(line) + 1
    return found


def _rows(line: Span, *, priced: bool) -> list[PriceRow]:
    cells = [cell for cell in _CELLS.split(line.text.strip("| \t")) if cell.strip()]
    if len(cells) > 1:
        row = _row(line, cells, priced=priced)
        return [] if row is None else [row]
    said = (_listed(Span(one.text, line.start + one.start)) for one in sentences(line.text))
    return [row for row in said if row is not None]


def _row(line: Span, cells: Sequence[str], *, priced: bool) -> PriceRow | None:
    labels = [match for match in map(_LABELLED.match, cells) if match]
    if len(labels) == len(cells):
        priced = priced or any(PRICE.search(label[1]) for label in labels)
        named = [label[2] for label in labels if NAMES_A_ROW.search(label[1]) and not PRICE.search(label[1])]
        values = [label[2] for label in labels]
        candidates = [*named, *values]
    else:
        candidates = values = list(cells)
    if not priced or not any(map(_is_price, values)):
        return None
    name = next((value for value in candidates if not _is_price(value) and _is_name(value)), None)
    return _priced(name, line, sure=True) if name else None


def _listed(line: Span) -> PriceRow | None:
    match = _LISTED.match(line.text)
    if match is None or not holds_money(match[2]) or holds_money(match[1]) or not _is_name(match[1]):
        return None
    return _priced(match[1], line, sure=False)


def _priced(name: str, line: Span, *, sure: bool) -> PriceRow:
    kept = shown(name.strip(" .,:;—–-"))
    return PriceRow(kept, line, line.start + max(line.text.find(name), 0), sure)


def _is_price(cell: str) -> bool:
    return holds_money(cell) or _NUMBER.match(cell.strip()) is not None or FREE.search(cell) is not None


def _is_name(cell: str) -> bool:
    name = cell.strip()
    return len(_LETTERS.findall(name)) >= FEWEST_LETTERS and len(name) <= LONGEST_NAME and "://" not in name
