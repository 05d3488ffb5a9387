"""How a document is cut into pieces: along its structure, and so that a change in it changes few of them."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

from kamhub.desk.extraction.rules import language_of
from kamhub.desk.extraction.types import Document
from kamhub.desk.knowledge.cutting import FULL, Atom, atoms_of, overlap_of, packed
from kamhub.desk.knowledge.types import Piece, Position

CONTEXT = 300
"""Characters of context at most."""
_LABEL = 120
_TITLE = 80
_NOTE = 140
_TINY = 160
_SHORT = 60
_BETWEEN = " › "


@dataclass(frozen=True, slots=True)
class _Heading:
    """A heading, the block it is, and its page."""

    text: str
    level: int
    block: int
    page: int | None

    @property
    def label(self) -> str:
        """As it stands in a context."""
        return _shortened(self.text, _LABEL)


@dataclass(frozen=True, slots=True)
class _Section:
    """What stands below a heading and above the next one. ``whole`` sections are several tiny ones in one."""

    path: tuple[_Heading, ...]
    atoms: tuple[Atom, ...]
    leaf: bool = True
    merged: tuple[_Heading, ...] = ()


def pieces_of(document: Document, title: str) -> list[Piece]:
    """Pieces in the order of the document, the same for the same document and title.

    A piece has at most 1,000 characters and lies within one section, unless sections are so small that neighbours go together; where
    a section is cut, the next piece begins with the last sentences of the one before. Context is the title, the headings and, of a
    table or a list that goes on, its header or lead-in. Every character of every block is in the text or the context of a piece.
    """
    pieces: list[Piece] = []
    told: set[int] = set()
    sections = _sections(document)
    for section in _merged(sections):
        for piece, tells in _pieces(section, title, document):
            pieces.append(piece)
            told |= tells
        told |= {heading.block for heading in section.merged}
    lost = {heading.block: heading for section in sections for heading in section.path if heading.block not in told}
    for heading in lost.values():
        atom = Atom(heading.text, heading.block, page=heading.page)
        pieces.extend(piece for piece, _ in _pieces(_Section((), (atom,)), title, document))
    return sorted(pieces, key=lambda piece: piece.position.first_block) if lost else pieces


def _sections(document: Document) -> list[_Section]:
    """Sections in order; those above others and empty are among them."""
    path: tuple[_Heading, ...] = ()
    starts: list[tuple[tuple[_Heading, ...], int, int]] = []
    first = 0
    for number, block in enumerate(document.blocks):
        if block.kind == "heading" and len(block.text) <= FULL:
            starts.append((path, first, number))
            above = tuple(heading for heading in path if heading.level < block.level)
            path = (*above, _Heading(block.text, block.level, number, block.page))
            first = number + 1
    starts.append((path, first, len(document.blocks)))
    sections = []
    for index, (path, begin, end) in enumerate(starts):
        atoms = tuple(atoms_of(document.blocks, begin, end))
        if path and path[-1].label != path[-1].text:
            atoms = (Atom(path[-1].text, path[-1].block, page=path[-1].page), *atoms)
        below = starts[index + 1][0] if index + 1 < len(starts) else ()
        sections.append(_Section(path, atoms, leaf=below[: len(path)] != path))
    return sections


def _merged(sections: Sequence[_Section]) -> Iterator[_Section]:
    """Neighbours under one heading that are tiny become one section of the heading above, each with its own heading in its text."""
    run: list[_Section] = []
    for section in sections:
        tiny = _is_tiny(section)
        if run and not (tiny and section.path[:-1] == run[-1].path[:-1]):
            yield from _together(run)
            run = []
        if tiny:
            run.append(section)
        else:
            yield section
    yield from _together(run)


def _is_tiny(section: _Section) -> bool:
    """A question is never: it is found by itself."""
    if not section.leaf or not section.path or section.path[-1].text.endswith("?"):
        return False
    return len(section.path[-1].text) + sum(len(atom.text) + 1 for atom in section.atoms) <= _TINY


def _together(run: Sequence[_Section]) -> Iterator[_Section]:
    if len(run) == 1 and run[0].atoms:
        yield run[0]
    elif run:
        atoms = []
        for section in run:
            heading = section.path[-1]
            lines = [heading.text] if heading.label == heading.text else []
            text = "\n".join([*lines, *(atom.text for atom in section.atoms)])
            first = replace(
                section.atoms[0] if section.atoms else Atom("", 0), page=heading.page, kind="whole", note="", cost=0
            )
            pages = section.atoms[-1].ends_on if section.atoms else heading.page
            atoms.append(replace(first, text=text, block=heading.block, last_block=_last(section), last_page=pages))
        yield _Section(run[0].path[:-1], tuple(atoms), merged=tuple(section.path[-1] for section in run))


def _last(section: _Section) -> int:
    return section.atoms[-1].last if section.atoms else section.path[-1].block


def _pieces(section: _Section, title: str, document: Document) -> Iterator[tuple[Piece, set[int]]]:
    """Pieces of a section, each with the blocks of the headings that its context tells in full."""
    before: Sequence[Atom] = ()
    for atoms in packed(section.atoms):
        text = _joined(atoms)
        overlap = overlap_of(before, atoms[0])
        if overlap:
            text = f"{overlap}{atoms[0].joint}{text}"
        note = next((atom.note for atom in atoms if atom.note and atom.lead not in {a.block for a in atoms}), "")
        context, told = _context(title, section.path, min(len(note), _NOTE))
        if note:
            context = f"{context}{_BETWEEN}{_shortened(note, CONTEXT - len(context) - len(_BETWEEN))}"
        position = Position(
            tuple(heading.text for heading in section.path),
            atoms[0].block,
            atoms[-1].last,
            atoms[0].page,
            atoms[0].sheet,
            atoms[-1].ends_on,
        )
        language = document.language if len(text) < _SHORT else language_of(text, document.language)
        yield Piece(context, text, language, position, hashlib.sha256(f"{context}\n\n{text}".encode()).digest()), told
        before = atoms


def _joined(atoms: Sequence[Atom]) -> str:
    return atoms[0].text + "".join(f"{atom.joint}{atom.text}" for _, atom in pairwise(atoms))


def _context(title: str, path: Sequence[_Heading], kept_free: int) -> tuple[str, set[int]]:
    """Title and headings, the outer ones left out where they do not fit; and the blocks of those that are told in full."""
    first = _shortened(" ".join(title.split()), _TITLE)
    room = CONTEXT - len(first) - (kept_free + len(_BETWEEN) if kept_free else 0)
    labels: list[str] = []
    told: set[int] = set()
    for heading in reversed(path):
        same = heading.text.casefold() == first.casefold()
        room -= 0 if same else len(heading.label) + len(_BETWEEN)
        if room < 0:
            break
        if not same:
            labels.append(heading.label)
        if heading.label == heading.text:
            told.add(heading.block)
    return _BETWEEN.join([first, *reversed(labels)]), told


def _shortened(text: str, most: int) -> str:
    return text if len(text) <= most else f"{text[: most - 1].rstrip()}…"
