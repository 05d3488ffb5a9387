"""Tables as text: CSV with whichever separator."""

from __future__ import annotations

import csv
import io
from collections import Counter

from kamhub.desk.extraction.reader.built import Budget, document_of
from kamhub.desk.extraction.rules import blocks_of_grid
from kamhub.desk.extraction.types import Document

_LINES = 30


def separator_of(text: str, among: str = ";\t,|") -> str | None:
    """The character that divides the first lines into the same number of cells, at least two; None if there is none."""
    lines = text[:50_000].splitlines()[:_LINES]
    best, best_score = None, 0.0
    for separator in among:
        try:
            widths = [len(row) for row in csv.reader(lines, delimiter=separator) if row]
        except csv.Error:
            continue
        (width, times), *_ = Counter(widths).most_common(1) or [(0, 0)]
        score = times / len(widths) if widths else 0
        if width >= 2 and times >= 2 and score > max(best_score, 0.6):
            best, best_score = separator, score
    return best


def read(text: str, characters: int) -> Document:
    """A table of at most so many characters. Raises ``Unreadable``."""
    csv.field_size_limit(characters)
    budget = Budget(characters)
    grid = []
    for row in csv.reader(io.StringIO(text.replace("\x00", "")), delimiter=separator_of(text) or ","):
        budget.spend(sum(map(len, row)))
        grid.append(row)
    return document_of(blocks_of_grid(grid), "text/csv", budget=budget)
