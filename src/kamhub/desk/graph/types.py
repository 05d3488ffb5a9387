"""Entities, relations and the places they were read in."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Literal, NamedTuple, TypeAlias, get_args
from uuid import UUID

from kamhub.desk.extraction.types import Language
from kamhub.kit.errors import Refusal
from kamhub.kit.text import mark

EntityType: TypeAlias = Literal[
    "place", "route", "stop", "vehicle", "service", "price_condition", "rule", "season", "document", "organisation", "contact",
    "person", "product", "process", "concept", "feature", "event", "location", "technology", "metric",
]  # fmt: skip
RelationType: TypeAlias = Literal[
    "contains", "located_in", "uses", "provides", "has_price_condition", "applies_to", "available_in", "has_contact",
    "related_to", "part_of", "depends_on", "requires", "owns", "works_for", "manages", "collaborates_with", "reports_to",
    "responsible_for", "participates_in",
]  # fmt: skip
Origin: TypeAlias = Literal["rules", "model"]
MergeState: TypeAlias = Literal["proposed", "same", "different"]
MergeReason: TypeAlias = Literal["declared", "translation", "word_order", "general_word", "spelling"]
ENTITY_TYPES: tuple[EntityType, ...] = get_args(EntityType)
RELATION_TYPES: tuple[RelationType, ...] = get_args(RelationType)


class Ref(NamedTuple):
    """What an entity is known by: its type and the stems of its name."""

    type: EntityType
    key: str


@dataclass(frozen=True, slots=True)
class Thing:
    """Something that texts may speak of. ``spellings`` are further names; ``hub_id`` is its id in the hub."""

    ref: Ref
    name: str
    name_en: str | None = None
    spellings: tuple[str, ...] = ()
    hub: bool = False
    hub_id: UUID | None = None
    confidence: float = 1.0

    @property
    def names(self) -> tuple[str, ...]:
        """All of them."""
        return (self.name, *([self.name_en] if self.name_en else []), *self.spellings)


@dataclass(frozen=True, slots=True)
class Text:
    """A chunk as it is read here. ``context`` are the headings above it and, of a table, its header."""

    id: UUID
    title: str
    context: str
    text: str
    language: Language


@dataclass(frozen=True, slots=True)
class Mention:
    """Where a text speaks of something; ``start`` and ``length`` count characters of its text, or of its context."""

    ref: Ref
    chunk_id: UUID
    start: int
    length: int
    confidence: float
    in_context: bool = False
    origin: Origin = "rules"


@dataclass(frozen=True, slots=True)
class Tie:
    """A relation as it was read: the words that say it are at ``start`` of the chunk's text."""

    source: Ref
    target: Ref
    type: RelationType
    chunk_id: UUID
    start: int
    length: int
    confidence: float
    origin: Origin = "rules"


@dataclass(frozen=True, slots=True)
class Same:
    """Two names of a type for which it is said, or likely, that they mean one thing; ``key_a`` comes first in order."""

    type: EntityType
    key_a: str
    key_b: str
    reason: MergeReason
    confidence: float


@dataclass(slots=True)
class Reading:
    """What was read in the chunks of a source. ``declared`` are names that a text itself gives to one thing."""

    things: dict[Ref, Thing] = field(default_factory=dict)
    mentions: dict[tuple[UUID, Ref, bool, int], Mention] = field(default_factory=dict)
    ties: dict[tuple[UUID, Ref, Ref, RelationType, int], Tie] = field(default_factory=dict)
    declared: dict[tuple[Ref, Ref], Same] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class HubFacts:
    """The network and fleet as the graph has them. ``known`` can be spoken of; ``things`` and ``ties`` stand without it.

    ``roads`` are the routes by the places they join, in order of travel.
    """

    known: tuple[Thing, ...]
    things: tuple[Thing, ...]
    ties: tuple[tuple[Ref, Ref, RelationType], ...]
    own: Ref
    roads: Mapping[tuple[Ref, Ref], tuple[Ref, ...]]
    digest: bytes


@dataclass(frozen=True, slots=True)
class HubRows:
    """The same as the hub keeps it, for ``rules.hub``: rows of columns as ``store.hub_rows`` reads them."""

    organisation: tuple[str, str]
    places: tuple[tuple[UUID, bool, str, str, str, str | None, str | None], ...]
    routes: tuple[tuple[UUID, str], ...]
    stops: tuple[tuple[UUID, UUID], ...]
    vehicles: tuple[tuple[UUID, str, str], ...]
    runs: tuple[tuple[UUID, UUID], ...]


@dataclass(frozen=True, slots=True)
class Linked:
    """What has become of the graph by reading a source anew."""

    mentions: int
    relations: int
    read_by_model: int


@dataclass(frozen=True, slots=True)
class Node:
    """An entity as it is shown, with everything it stands for. ``mentions`` counts places in texts."""

    id: UUID
    type: EntityType
    name: str
    name_en: str | None
    aliases: tuple[str, ...]
    mentions: int
    hub: bool
    weight: int
    confidence: float

    def named(self, locale: str) -> str:
        """Its name in that language, as far as it has one."""
        return self.name_en if locale == "en" and self.name_en else self.name


@dataclass(frozen=True, slots=True)
class Edge:
    """A relation between two shown entities; ``mentions`` counts the places where it was read."""

    id: UUID
    source: UUID
    target: UUID
    type: RelationType
    confidence: float
    mentions: int
    hub: bool


@dataclass(frozen=True, slots=True)
class Graph:
    """A part of the graph; ``centre`` is what it was asked around."""

    nodes: tuple[Node, ...]
    edges: tuple[Edge, ...]
    centre: UUID | None = None


@dataclass(frozen=True, slots=True)
class Witness:
    """Why something is thought: the words and where they are. One of ``asset_id`` and ``article_id`` is set."""

    chunk_id: UUID
    asset_id: UUID | None
    article_id: UUID | None
    title: str
    words: str
    quote: str
    position: Mapping[str, object]
    origin: Origin
    confidence: float


@dataclass(frozen=True, slots=True)
class Member:
    """A name that is shown under another one; ``merge_ids`` are the decisions it follows from."""

    id: UUID
    name: str


@dataclass(frozen=True, slots=True)
class Merge:
    """Two entities that may be one."""

    id: UUID
    state: MergeState
    reason: MergeReason
    confidence: float
    first: Node
    second: Node


@dataclass(frozen=True, slots=True)
class EntityQuery:
    """What a list of entities is narrowed to."""

    q: str | None = None
    type: EntityType | None = None


class EntityNotFound(Refusal):
    """Nothing of that id or name in the graph of this organisation."""

    code = "entity_not_found"
    status = HTTPStatus.NOT_FOUND
    title = mark("The knowledge graph has nothing of that name")


class RelationNotFound(Refusal):
    """No relation of that id in the graph of this organisation."""

    code = "relation_not_found"
    status = HTTPStatus.NOT_FOUND
    title = mark("The knowledge graph has no such relation")


class MergeNotFound(Refusal):
    """No proposal of that id, or one of its entities is gone."""

    code = "merge_not_found"
    status = HTTPStatus.NOT_FOUND
    title = mark("There is no such proposal any more")


class NotMerged(Refusal):
    """The entity goes by one name alone: there is nothing to split."""

    code = "entity_not_merged"
    status = HTTPStatus.CONFLICT
    title = mark("This goes by one name alone: there is nothing to split")
