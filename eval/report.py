"""The figures as tables: on the screen, and in docs/eval.md."""

from __future__ import annotations

import statistics
from collections.abc import Iterable, Sequence
from pathlib import Path

from eval.measure import Outcome
from kamhub.desk.search.types import ARMS

DOCUMENT = Path(__file__).parents[1] / "docs" / "eval.md"
_BEGIN, _END = "<!-- figures: written by make eval -->", "<!-- end of figures -->"
_PARTS = (("report", "the half for reporting"), ("tune", "the half for tuning"), ("held out", "the papers held out"))
KINDS = ("direct", "table", "paraphrase", "cross_language", "several", "outdated")
Row = tuple[str, ...]


def tables(outcomes: Sequence[Outcome]) -> list[tuple[str, Row, list[Row]]]:
    """Each a title, its columns, its rows."""
    made = []
    # Without an API there is no arm of its vectors, and without one that reads nothing is read.
    arms = [arm for arm in ARMS if any(arm in outcome.found for outcome in outcomes)]
    mrr = [f"MRR, {arm}" for arm in (*arms, "all arms")]
    for half, called in _PARTS:
        mine = [outcome for outcome in outcomes if outcome.asked.half == half]
        made.append((f"Found: {called}", ("questions", "number", *arms, "all arms", *mrr), _found(mine, arms)))
        made.append((f"Answered and refused: {called}", ("questions", "number", "right", "wrong"), _refused(mine)))
    made.append(("Time of a question, ms", ("what", "median", "95 of 100"), _times(outcomes)))
    return made


def _found(outcomes: Sequence[Outcome], arms: Sequence[str]) -> list[Row]:
    answerable = [outcome for outcome in outcomes if outcome.asked.answerable]
    rows = [_line(kind, [each for each in answerable if each.asked.kind == kind], arms) for kind in KINDS]
    rows += [_line(f"in {name}", [each for each in answerable if each.asked.language == code], arms)
             for code, name in (("ru", "Russian"), ("en", "English"))]  # fmt: skip
    rows += [
        _line("misspelt", [each for each in answerable if each.asked.misspelt], arms),
        _line("all", answerable, arms),
    ]
    return [row for row in rows if row[1] != "0"]


def _line(name: str, outcomes: Sequence[Outcome], arms: Sequence[str]) -> Row:
    shares = [_share(outcome.found.get(arm, False) for outcome in outcomes) for arm in (*arms, "all")]
    ranks = [
        f"{statistics.fmean(outcome.first.get(arm, 0.0) for outcome in outcomes):.2f}" if outcomes else "-"
        for arm in (*arms, "all")
    ]
    return (name.replace("_", " "), str(len(outcomes)), *shares, *ranks)


def _refused(outcomes: Sequence[Outcome]) -> list[Row]:
    rows: list[Row] = []
    for name, kinds, answer in (
        ("answerable, answered", KINDS, True),
        ("about other things, refused", ("elsewhere",), False),
        ("near misses, refused", ("near_miss",), False),
    ):
        right = [outcome.answered is answer for outcome in outcomes if outcome.asked.kind in kinds]
        if right:
            rows.append((name, str(len(right)), _share(right), _share(not each for each in right)))
    return rows


def _share(these: Iterable[bool]) -> str:
    known = list(these)
    return f"{sum(known) / len(known):.2f}" if known else "-"


def _times(outcomes: Sequence[Outcome]) -> list[Row]:
    return [
        (name, *(f"{part * 1000:.0f}" for part in (statistics.median(times), statistics.quantiles(times, n=20)[-1])))
        for name, times in (
            ("embedding", [outcome.embedding for outcome in outcomes]),
            ("searching", [outcome.seconds for outcome in outcomes]),
            ("reading", [outcome.reading for outcome in outcomes]),
        )
        if any(times)
    ]


def write(outcomes: Sequence[Outcome], document: Path = DOCUMENT) -> None:
    """Put the figures into the document, between its two marks."""
    parts = []
    for title, columns, rows in tables(outcomes):
        lines = [f"### {title}", "", _cells(columns), _cells(["---"] * len(columns)), *map(_cells, rows)]
        parts.append("\n".join(lines))
    text = document.read_text(encoding="utf-8")
    before, _, rest = text.partition(_BEGIN)
    _, _, after = rest.partition(_END)
    figures = "\n\n".join(parts)
    document.write_text(f"{before}{_BEGIN}\n\n{figures}\n\n{_END}{after}", encoding="utf-8")


def _cells(cells: Iterable[str]) -> str:
    return "| " + " | ".join(cells) + " |"
