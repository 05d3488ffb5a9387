"""What the graph shows."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from kamhub.desk.graph.rules.names import key_of
from kamhub.desk.graph.store import reading
from kamhub.desk.graph.types import (
    Edge,
    EntityNotFound,
    EntityQuery,
    EntityType,
    Graph,
    Member,
    Node,
    RelationNotFound,
    Witness,
)  # fmt: skip
from kamhub.hub.services import Hub
from kamhub.platform.database.pool import Connection

MOST_NODES = 100
_LIKED = 100  # neighbours of one entity


@dataclass(frozen=True, slots=True)
class Entity:
    """One entity with everything that is known of it: names shown under it, places, relations and what they lead to."""

    node: Node
    members: list[Member]
    mentions: list[Witness]
    edges: list[Edge]
    neighbours: list[Node]


async def graph(
    hub: Hub,
    organisation_id: UUID,
    around: str | None,
    *,
    depth: int = 1,
    limit: int = 50,
    types: tuple[EntityType, ...] = (),
) -> Graph:
    """The entity of that id or name with what is ``depth`` relations away; without one, the best connected.

    At most ``limit`` nodes. Raises ``EntityNotFound``.
    """
    async with hub.database.tenant(organisation_id) as connection:
        if around is None:
            roots = await reading.heaviest(connection, organisation_id, types, limit)
            return await _graph(connection, organisation_id, roots, None)
        centre = await _find(connection, organisation_id, around)
        roots, edge = [centre], [centre]
        for _ in range(depth):
            if len(roots) < limit and edge:
                edge = await reading.neighbours(connection, organisation_id, edge, roots, limit - len(roots))
                roots += edge
        found = await _graph(connection, organisation_id, roots, centre)
    if not types:
        return found
    kept = {node.id for node in found.nodes if node.id == centre or node.type in types}
    return Graph(
        tuple(node for node in found.nodes if node.id in kept),
        tuple(tie for tie in found.edges if tie.source in kept and tie.target in kept),
        centre,
    )


async def _graph(connection: Connection, organisation_id: UUID, roots: list[UUID], centre: UUID | None) -> Graph:
    nodes = await reading.nodes(connection, organisation_id, roots)
    return Graph(tuple(nodes), tuple(await reading.edges(connection, organisation_id, roots)), centre)


async def _find(connection: Connection, organisation_id: UUID, around: str) -> UUID:
    try:
        found = await reading.root_of(connection, organisation_id, UUID(around))
    except ValueError:
        key = key_of(around)
        found = await reading.root_named(connection, organisation_id, key) if key else None
    if found is None:
        raise EntityNotFound
    return found


async def entities(
    hub: Hub, organisation_id: UUID, query: EntityQuery, *, offset: int, limit: int
) -> tuple[list[Node], int]:
    """A page of the entities that fit, the most spoken of first, and how many there are."""
    key = key_of(query.q or "")
    if query.q and not key:
        return [], 0
    async with hub.database.tenant(organisation_id) as connection:
        roots, total = await reading.entities(connection, organisation_id, query, key, offset=offset, limit=limit)
        return await reading.nodes(connection, organisation_id, roots), total


async def entity(hub: Hub, organisation_id: UUID, entity_id: UUID, *, offset: int = 0, limit: int = 50) -> Entity:
    """One entity and why it is thought to be there. Raises ``EntityNotFound``."""
    async with hub.database.tenant(organisation_id) as connection:
        root = await _find(connection, organisation_id, str(entity_id))
        near = await reading.neighbours(connection, organisation_id, [root], [root], _LIKED)
        around = await reading.edges(connection, organisation_id, [root, *near])
        return Entity(
            node=(await reading.nodes(connection, organisation_id, [root]))[0],
            members=await reading.members(connection, organisation_id, root),
            mentions=await reading.mentions(connection, organisation_id, root, offset=offset, limit=limit),
            edges=[tie for tie in around if root in (tie.source, tie.target)],
            neighbours=await reading.nodes(connection, organisation_id, near),
        )


async def relation(
    hub: Hub, organisation_id: UUID, relation_id: UUID, *, offset: int = 0, limit: int = 50
) -> tuple[Edge, list[Node], list[Witness]]:
    """A relation, the two it is between, and where it was read. Raises ``RelationNotFound``."""
    async with hub.database.tenant(organisation_id) as connection:
        found = await reading.relation(connection, organisation_id, relation_id)
        if found is None:
            raise RelationNotFound
        ends = await reading.nodes(connection, organisation_id, [found.source, found.target])
        return found, ends, await reading.evidence(connection, organisation_id, found, offset=offset, limit=limit)
