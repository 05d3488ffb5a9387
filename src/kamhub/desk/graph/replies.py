"""What is told of the graph, as the API documents it; made by ``views``."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from kamhub.desk.graph.types import EntityType, MergeReason, MergeState, Origin, RelationType
from kamhub.platform.web.schemas import ListReply, Reply


class NodeReply(Reply):
    """Something that is spoken of. ``mentions`` counts places in texts; ``hub``: it comes from the network and fleet."""

    id: UUID
    type: EntityType
    name: str
    name_en: str | None
    aliases: list[str]
    mentions: int
    hub: bool
    confidence: float


class EdgeReply(Reply):
    """How two of them hang together; ``mentions`` counts the places where that was read."""

    id: UUID
    source: UUID
    target: UUID
    type: RelationType
    confidence: float
    mentions: int
    hub: bool


class GraphReply(Reply):
    """A part of the graph; ``centre`` is what it was asked around."""

    centre: UUID | None
    nodes: list[NodeReply]
    edges: list[EdgeReply]


class WitnessReply(Reply):
    """Why something is thought: the words, the sentence, and where they stand. One of the two ids is set."""

    chunk_id: UUID
    asset_id: UUID | None
    article_id: UUID | None
    title: str
    words: str
    quote: str
    position: dict[str, Any]
    origin: Origin
    confidence: float


class MemberReply(Reply):
    """Another name of it that can be split off."""

    id: UUID
    name: str


class EntityReply(Reply):
    """An entity with where it is spoken of, its relations, and what they lead to."""

    entity: NodeReply
    members: list[MemberReply]
    mentions: list[WitnessReply]
    edges: list[EdgeReply]
    neighbours: list[NodeReply]


class EntityListReply(ListReply[NodeReply]):
    """Entities, the most spoken of first."""


class RelationReply(Reply):
    """A relation, its two ends, and where it was read."""

    relation: EdgeReply
    ends: list[NodeReply]
    mentions: list[WitnessReply]


class MergeReply(Reply):
    """Two entities that may be one."""

    id: UUID
    state: MergeState
    reason: MergeReason
    confidence: float
    first: NodeReply
    second: NodeReply


class MergeListReply(ListReply[MergeReply]):
    """Proposals, the surest first."""
