"""Finding known names in texts, in any case of the language; of two that begin at a word the longer one."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from kamhub.desk.graph.rules.names import Word, words
from kamhub.desk.graph.rules.words import BEFORE_A_MONTH, DOUBTFUL
from kamhub.desk.graph.types import EntityType, Thing

SHORT = 3  # letters of a stem that many words share
_ADJECTIVE = ("ый", "ий", "ой", "ая", "яя", "ое", "ее", "ые", "ие")
# Of one name for several things: what people mean most.
_FIRST: tuple[EntityType, ...] = ("place", "route", "season", "vehicle", "organisation", "service")


@dataclass(frozen=True, slots=True)
class Found:
    """A known thing at that place of a text."""

    thing: Thing
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class _Entry:
    words: tuple[Word, ...]
    thing: Thing


class Lexicon:
    """The names that may occur."""

    def __init__(self, things: Iterable[Thing]) -> None:
        self._by_stem: dict[str, list[_Entry]] = {}
        self._known: dict[tuple[str, ...], Thing] = {}
        for thing in sorted(things, key=_rank):
            for name in thing.names:
                self._add(tuple(words(name)), thing)
        for entries in self._by_stem.values():
            entries.sort(key=lambda entry: -len(entry.words))

    def _add(self, name: tuple[Word, ...], thing: Thing) -> None:
        stems = tuple(word.stem for word in name)
        # Short words are told apart by their forms, so each form is a name of its own.
        known = tuple(word.text for word in name) if _is_short(name) else stems
        if name and self._known.setdefault(known, thing) is thing:
            self._by_stem.setdefault(stems[0], []).append(_Entry(name, thing))

    def find(self, text: str) -> list[Found]:
        """The known things in a text, in their order; none overlaps another."""
        read, found, at = words(text), [], 0
        while at < len(read):
            entry = self._at(read, at)
            if entry is None:
                at += 1
                continue
            last = at + len(entry.words) - 1
            found.append(Found(entry.thing, read[at].start, read[last].end))
            at = last + 1
        return found

    def whole(self, text: str) -> Thing | None:
        """The thing that the whole text is a name of."""
        read = words(text)
        entry = self._at(read, 0) if read else None
        return entry.thing if entry is not None and len(entry.words) == len(read) else None

    def _at(self, read: Sequence[Word], at: int) -> _Entry | None:
        for entry in self._by_stem.get(read[at].stem, ()):
            met = read[at : at + len(entry.words)]
            if len(met) == len(entry.words) and _fits(entry.words, met, read[at - 1] if at else None):
                return entry
        return None


def _rank(thing: Thing) -> int:
    return _FIRST.index(thing.ref.type) if thing.ref.type in _FIRST else len(_FIRST)


def _is_short(name: Sequence[Word]) -> bool:
    return len(name) == 1 and len(name[0].stem) <= SHORT


def _fits(name: Sequence[Word], met: Sequence[Word], before: Word | None) -> bool:
    if len(name) > 1:
        return all(one.stem == other.stem for one, other in zip(name, met, strict=True))
    ours, theirs = name[0], met[0]
    if ours.text in DOUBTFUL and not (before and (before.text in BEFORE_A_MONTH or before.text.isdigit())):
        return False
    if len(ours.stem) <= SHORT and ours.text != theirs.text:
        return False
    # A proper name is written with a capital; in small letters it is believed as it stands in the hub, unless it may be an adjective.
    return theirs.capital or not ours.capital or (ours.text == theirs.text and not ours.text.endswith(_ADJECTIVE))
