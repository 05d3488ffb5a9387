"""The smallest parts of a section, and where it is cut between them."""

from __future__ import annotations

import re
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Literal, TypeAlias

from kamhub.desk.extraction.rules import lines_of_table
from kamhub.desk.extraction.types import Block

ROOM = 1_000
"""Characters of a piece at most."""
OVERLAP = 180
FULL = ROOM - OVERLAP - 1
"""Characters of a piece at most without those it repeats."""
APART = 1_500
"""Characters around a firm cut without another one."""
_WHOLE_PARAGRAPH = 500
_LEAD = 200
_CAPTION = 120

Kind: TypeAlias = Literal["text", "item", "row", "whole"]

# What a cut costs, against a piece that is half empty: 75.
_AT_PARAGRAPH, _AT_QUESTION, _AT_ROW, _AT_ITEM, _AT_SENTENCE, _IN_SENTENCE, _GLUED = 0, -20, 10, 15, 40, 90, 400
_HALF_EMPTY = 300

_SENTENCE = re.compile(
    r"(?<=[.!?…])(?<![А-ЯA-Z]\.)(?<!\b[гдтсм]\.)(?<!ул\.|им\.|т\.д|т\.п)[\"»)]*\s+(?=[«\"(—–-]?\s?[A-ZА-ЯЁ0-9])"
)
_FINER = (re.compile(r"(?<=[;,]) "), re.compile(r" "))


@dataclass(frozen=True, slots=True)
class Atom:
    """A part that is not cut. ``joint`` stands between it and the one before, ``cost`` is what a cut there costs.

    ``note`` is told in the context of a piece that has this atom without the block ``lead``, which says it too.
    """

    text: str
    block: int
    kind: Kind = "text"
    joint: str = "\n"
    cost: int = 0
    note: str = ""
    lead: int = -1
    page: int | None = None
    sheet: str | None = None
    last_block: int | None = None
    last_page: int | None = None

    @property
    def last(self) -> int:
        """The last block it is part of."""
        return self.block if self.last_block is None else self.last_block

    @property
    def ends_on(self) -> int | None:
        """The page on which it ends."""
        return self.page if self.last_page is None else self.last_page

    @property
    def size(self) -> int:
        """Characters with the joint."""
        return len(self.text) + len(self.joint)


def atoms_of(blocks: Sequence[Block], begin: int, end: int) -> Iterator[Atom]:
    """Atoms of the blocks of a section, in order."""
    for number in range(begin, end):
        block = blocks[number]
        above = blocks[number - 1] if number > begin else None
        if block.kind == "table":
            yield from _of_table(block, number, above)
        elif block.kind == "list":
            yield from _paged(block, _of_list(block, number, above))
        else:
            yield from _paged(block, _of_paragraph(block, number, above))


def _paged(block: Block, atoms: Iterator[Atom]) -> Iterator[Atom]:
    """Each with its own pages where the block goes over several."""
    end = 0
    for atom in atoms:
        if block.turns:
            begin = block.text.index(atom.text, end)
            end = begin + len(atom.text)
            yield replace(atom, page=block.page_at(begin), last_page=block.page_at(end - 1))
        else:
            yield atom


def _of_paragraph(block: Block, number: int, above: Block | None) -> Iterator[Atom]:
    """A paragraph stays whole when it is short; else it is its sentences."""
    opening = (
        _GLUED if above is not None and _leads(above) else _AT_QUESTION if block.text.endswith("?") else _AT_PARAGRAPH
    )
    parts = [(block.text, "\n")] if len(block.text) <= _WHOLE_PARAGRAPH else sentences(block.text)
    for place, (part, joint) in enumerate(parts):
        for finer, text in enumerate(_fitting(part)):
            cost = opening if not place and not finer else _IN_SENTENCE if finer else _AT_SENTENCE
            yield Atom(text, number, joint=" " if finer else joint, cost=cost, page=block.page, sheet=block.sheet)


def _of_list(block: Block, number: int, above: Block | None) -> Iterator[Atom]:
    lead = above is not None and _leads(above)
    note = above.text if above is not None and lead and len(above.text) <= _LEAD else ""
    for place, line in enumerate(filter(None, block.text.split("\n"))):
        for finer, text in enumerate(_fitting(line)):
            cost = _IN_SENTENCE if finer else _AT_ITEM if place else _GLUED if above is not None else _AT_PARAGRAPH
            joint = " " if finer else "\n"
            yield Atom(text, number, "item", joint, cost, note, number - 1, block.page, block.sheet)


def _of_table(block: Block, number: int, above: Block | None) -> Iterator[Atom]:
    """A line for each row; the header goes into the context, after what stands above the table if that is a caption."""
    caption = above.text if above is not None and above.kind == "paragraph" and len(above.text) <= _CAPTION else ""
    header = " | ".join(filter(None, block.rows[0])) if block.rows else ""
    lines = lines_of_table(block.rows) if block.rows else block.text.split("\n")
    note = " ".join(filter(None, (caption, header)))
    for place, line in enumerate(filter(None, lines)):
        for finer, text in enumerate(_fitting(line)):
            cost = _IN_SENTENCE if finer else _AT_ROW if place else _GLUED if caption else _AT_PARAGRAPH
            yield Atom(text, number, "row", " " if finer else "\n", cost, note, -1, block.page, block.sheet)


def _leads(block: Block) -> bool:
    """Whether what follows a block answers or lists what it says."""
    return block.kind == "paragraph" and block.text.endswith((":", "?"))


def sentences(text: str) -> list[tuple[str, str]]:
    """Sentences of a text, each with what stood between it and the one before."""
    found = []
    for line in text.split("\n"):
        start = 0
        joint = "\n"
        for match in _SENTENCE.finditer(line):
            found.append((line[start : match.end()].rstrip(), joint))
            start = match.end()
            joint = " "
        found.append((line[start:], joint))
    return [(sentence, joint) for sentence, joint in found if sentence.strip()]


def _fitting(text: str, separators: Sequence[re.Pattern[str]] = _FINER) -> list[str]:
    """A text in parts that fit into a piece, cut at commas, else at blanks, else anywhere."""
    if len(text) <= FULL:
        return [text]
    if not separators:
        return [text[start : start + FULL] for start in range(0, len(text), FULL)]
    parts: list[str] = []
    for token in separators[0].split(text):
        if parts and len(parts[-1]) + 1 + len(token) <= FULL:
            parts[-1] = f"{parts[-1]} {token}"
        else:
            parts.extend(_fitting(token, separators[1:]))
    return [part for part in parts if part]


def packed(atoms: Sequence[Atom]) -> Iterator[Sequence[Atom]]:
    """Atoms of a section, divided into pieces: one if they have room, else between firm cuts as evenly as it goes."""
    if not atoms:
        return
    if sum(atom.size for atom in atoms) <= ROOM:
        yield atoms
        return
    start = 0
    for cut in [*_firm_cuts(atoms), len(atoms)]:
        yield from _evenly(atoms[start:cut])
        start = cut


def _firm_cuts(atoms: Sequence[Atom]) -> list[int]:
    """Places that are cut whatever stands far from them, so that a change moves no cut beyond the next of these.

    Such a place is the best one of all within ``APART`` characters, by its cost and else by a number made of its words.
    """
    ranks = [(0, 0)] + [
        (-atom.cost, zlib.crc32(f"{above.text[-60:]}\n{atom.text[:60]}".encode())) for above, atom in pairwise(atoms)
    ]
    ends = [0]
    for atom in atoms:
        ends.append(ends[-1] + atom.size)
    before = _distance_to_better(ranks, ends[:-1])
    after = _distance_to_better(ranks[::-1], [-end for end in ends[:-1]][::-1])[::-1]
    return [
        place
        for place in range(1, len(atoms))
        if min(before[place], after[place], ends[place], ends[-1] - ends[place]) > APART
    ]


def _distance_to_better(ranks: Sequence[tuple[int, int]], places: Sequence[int]) -> list[float]:
    """For each place how far back one is that is as good or better."""
    distances: list[float] = []
    better: list[int] = []
    for index, rank in enumerate(ranks):
        while better and ranks[better[-1]] < rank:
            better.pop()
        distances.append(places[index] - places[better[-1]] if better else float("inf"))
        better.append(index)
    return distances


def _evenly(atoms: Sequence[Atom]) -> Iterator[Sequence[Atom]]:
    """The division that costs least: cuts in bad places and room that is left both cost."""
    least: list[tuple[float, int]] = [(0.0, 0)]
    for end in range(1, len(atoms) + 1):
        best = (float("inf"), end - 1)
        size = 0
        for begin in range(end - 1, -1, -1):
            size += atoms[begin].size
            if size > FULL + 1 and begin < end - 1:
                break
            left = max(0.0, 1 - size / FULL)
            cost = least[begin][0] + left * left * _HALF_EMPTY + (atoms[begin].cost if begin else 0)
            best = min(best, (cost, begin))
        least.append(best)
    cuts = [len(atoms)]
    while cuts[-1]:
        cuts.append(least[cuts[-1]][1])
    for begin, end in zip(cuts[:0:-1], cuts[-2::-1], strict=True):
        yield atoms[begin:end]


def overlap_of(before: Sequence[Atom], first: Atom) -> str:
    """The last sentences of the piece before, where running text was cut; empty where there was none or they are long."""
    if not before or first.kind != "text" or before[-1].kind != "text":
        return ""
    taken = ""
    for sentence, joint in reversed(sentences(before[-1].text)):
        longer = f"{sentence}{joint if taken else ''}{taken}"
        if len(longer) > OVERLAP:
            break
        taken = longer
    return taken
