"""Pieces of papers of many operators with questions that they answer and questions that they only seem to answer; see ``README.md``."""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from eval.corpus import HERE, Asked

_FOLDER = HERE / "papers"
_HELD_OUT = 6  # every such line of a file
_KINDS = {"cross": "cross_language"}


@dataclass(frozen=True)
class Paper:
    """A piece of a paper. ``answered``: question, its kind and language, the sentence or row that answers; ``unanswered``: question,
    language, and a sentence that would answer it and is not there."""

    name: str
    title: str
    language: str
    text: str
    answered: tuple[tuple[str, str, str, str], ...]
    unanswered: tuple[tuple[str, str, str], ...]
    held_out: bool

    @cached_property
    def markdown(self) -> str:
        """As a document with its headings; a table as one."""
        first, *rest = (part.strip() for part in self.title.split("·"))
        lines = [f"# {first}", *(f"## {part}" for part in rest), ""]
        rows = self.text.split("\n")
        if " | " not in rows[0]:
            return "\n\n".join([*lines, self.text])
        cells = [f"| {row} |" if " | " in row else f"\n{row}" for row in rows]
        return "\n".join([*lines, cells[0], "|" + "---|" * (rows[0].count(" | ") + 1), *cells[1:]])


def papers() -> list[Paper]:
    """All, in the order of their files. Those held out are never learned from."""
    found = []
    for file in sorted(_FOLDER.glob("*.jsonl")):
        for number, line in enumerate(file.read_text(encoding="utf-8").splitlines()):
            row = json.loads(line)
            found.append(
                Paper(
                    f"{file.stem}-{number:03}.md",
                    row["title"],
                    row["language"],
                    row["text"],
                    tuple(
                        (a["question"], _KINDS.get(a["kind"], a["kind"]), a["language"], a["sentence"])
                        for a in row["answered"]
                    ),
                    tuple((u["question"], u["language"], u["answer"]) for u in row["unanswered"]),
                    number % _HELD_OUT == 0,
                )
            )
    return found


def written(chosen: list[Paper], folder: Path) -> list[Path]:
    """Each as a file of its own in that folder."""
    made = [folder / paper.name for paper in chosen]
    for paper, file in zip(chosen, made, strict=True):
        file.write_text(paper.markdown + "\n", encoding="utf-8")
    return made


def asked_of(chosen: list[Paper]) -> list[Asked]:
    """Their questions. ``documents`` of one that is answered is its paper: whoever returns a piece of it has found it."""
    found = []
    for paper in chosen:
        for number, (question, kind, language, _) in enumerate(paper.answered):
            id_ = f"{paper.name}:{number}"
            found.append(Asked(id_, question, language, kind, (), (paper.name,), "held out", misspelt=False))
        for number, (question, language, _) in enumerate(paper.unanswered):
            id_ = f"{paper.name}:no-{number}"
            found.append(Asked(id_, question, language, "near_miss", (), (), "held out", misspelt=False))
    return found
