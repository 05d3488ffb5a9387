"""Cells of a table as they are laid out, with those that span several."""

from __future__ import annotations

from kamhub.desk.extraction.reader.built import Budget
from kamhub.desk.extraction.rules import Cell

_WIDEST = 50
_TALLEST = 2_000


class TableCells:
    """Gathers rows; a cell over several rows stands in each of them, and counts each time."""

    def __init__(self, budget: Budget) -> None:
        self.rows: list[list[Cell]] = []
        self._budget = budget
        self._below: dict[int, tuple[int, Cell]] = {}
        self._span = (1, 1)
        self._open = False

    def begin_row(self) -> None:
        """A row begins."""
        self.rows.append([])
        self._continue()

    def begin_cell(self, across: str | None, down: str | None) -> None:
        """A cell begins, in a row of its own if none has."""
        if not self.rows:
            self.begin_row()
        self._span = (_bounded(across, _WIDEST), _bounded(down, _TALLEST))
        self._open = True

    def end_cell(self, text: str) -> None:
        """The cell is over."""
        if not self._open:
            return
        self._open = False
        across, down = self._span
        row = self.rows[-1]
        for offset in range(across):
            cell = None if offset else text
            if down > 1:
                self._below[len(row)] = (down - 1, cell)
            row.append(cell)
        self._continue()

    def _continue(self) -> None:
        """Put down the cells from above that reach into this row, up to the next free place."""
        row = self.rows[-1]
        while (above := self._below.pop(len(row), None)) is not None:
            left, cell = above
            if left > 1:
                self._below[len(row)] = (left - 1, cell)
            self._budget.spend(1 + len(cell or ""))
            row.append(cell)


def _bounded(value: str | None, most: int) -> int:
    """What a span says; 1 for what is no number or none that makes sense."""
    if not value or not value.isascii() or not value.isdigit():
        return 1
    return max(1, min(int(value[:6]), most))
