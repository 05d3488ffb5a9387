"""Several names of one thing: which are likely to mean the same, and which stands for the others."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from difflib import SequenceMatcher
from uuid import UUID

from kamhub.desk.graph.rules.names import key_of
from kamhub.desk.graph.types import EntityType, MergeReason, Same

# Things that are told apart by their whole text, not by a name.
COMPARED: frozenset[EntityType] = frozenset(
    {"place", "location", "route", "vehicle", "service", "product", "organisation", "person", "event"}
)
_ALIKE_TRANSLATION, _ALIKE_SPELLING, _FEWEST_LETTERS = 0.84, 0.88, 5
# Said of a name without changing what it names. An airport is not: that of a town is not the town.
_GENERAL = frozenset(
    key_of(word)
    for word in (
        "вулкан", "город", "посёлок", "село", "пос", "volcano", "mount", "mt", "city", "town", "village", "озеро", "lake",
        "бухта", "bay", "река", "river", "the", "компания", "company", "турфирма", "автомобиль", "машина", "марки", "услуга",
    )
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Candidate:
    """An entity as it is compared."""

    id: UUID
    type: EntityType
    key: str
    sound: str
    weight: int
    hub: bool


def likeness(one: Candidate, other: Candidate) -> Same | None:
    """Why the two may be one; None when nothing speaks for it. What the hub keeps apart is apart."""
    if one.type != other.type or one.type not in COMPARED or one.key == other.key or (one.hub and other.hub):
        return None
    found = _reason(one, other)
    if found is None:
        return None
    first, second = sorted((one.key, other.key))
    return Same(one.type, first, second, *found)


def _reason(one: Candidate, other: Candidate) -> tuple[MergeReason, float] | None:
    ours, theirs = set(one.key.split()), set(other.key.split())
    if _digits(one.key) != _digits(other.key):
        return None
    if ours == theirs:
        return "word_order", 0.9
    if ours - _GENERAL == theirs - _GENERAL and ours - _GENERAL:
        return "general_word", 0.75
    alike = SequenceMatcher(None, one.sound, other.sound).ratio()
    if min(len(one.sound), len(other.sound)) < _FEWEST_LETTERS or len(ours) != len(theirs):
        return None
    if one.key.isascii() != other.key.isascii():
        return ("translation", round(alike * 0.9, 2)) if alike >= _ALIKE_TRANSLATION else None
    return ("spelling", round(alike * 0.8, 2)) if alike >= _ALIKE_SPELLING else None


def _digits(key: str) -> list[str]:
    return sorted(word for word in key.split() if any(letter.isdigit() for letter in word))


def stands_for(entities: Iterable[Candidate], same: Iterable[tuple[UUID, UUID]]) -> Mapping[UUID, UUID]:
    """Entity → the one that is shown in its place, for those that are one with others: the hub's, else the most spoken of."""
    by_id = {entity.id: entity for entity in entities}
    root = {number: number for number in by_id}

    def top(number: UUID) -> UUID:
        while root[number] != number:
            root[number] = root[root[number]]
            number = root[number]
        return number

    for one, other in same:
        first, second = sorted((top(one), top(other)), key=lambda number: _rank(by_id[number]))
        root[second] = first
    return {number: top(number) for number in by_id if top(number) != number}


def _rank(entity: Candidate) -> tuple[bool, int, UUID]:
    return (not entity.hub, -entity.weight, entity.id)
