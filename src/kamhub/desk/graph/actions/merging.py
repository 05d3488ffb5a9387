"""Deciding which names are one thing."""

from __future__ import annotations

from uuid import UUID

from kamhub.desk.graph.actions.linking import settle
from kamhub.desk.graph.store import merges, reading, writing
from kamhub.desk.graph.types import EntityNotFound, Merge, MergeNotFound, MergeState, NotMerged
from kamhub.hub.services import Hub
from kamhub.platform.audit import actions as audit
from kamhub.platform.database.pool import Connection
from kamhub.platform.person.types import Staff


async def proposals(
    hub: Hub, organisation_id: UUID, state: MergeState, *, offset: int, limit: int
) -> tuple[list[Merge], int]:
    """A page of the proposals, or of what was decided, the surest first; and how many there are."""
    async with hub.database.tenant(organisation_id) as connection:
        found = await _merges(connection, organisation_id, state, offset=offset, limit=limit)
        return found, await merges.count(connection, organisation_id, state)


async def decide(hub: Hub, staff: Staff, merge_id: UUID, state: MergeState) -> Merge:
    """Say that two names are one thing (``same``), or are not (``different``). Raises ``MergeNotFound``."""
    organisation, now = staff.organisation_id, hub.clock.now()
    async with hub.database.tenant(organisation) as connection:
        await writing.lock(connection, organisation)
        if not await merges.decide(connection, organisation, merge_id, state, staff.trail.actor_name, now):
            raise MergeNotFound
        found = await _merges(connection, organisation, state, offset=0, limit=1, merge_id=merge_id)
        if not found:
            raise MergeNotFound
        await settle(connection, organisation, {found[0].first.id, found[0].second.id})
        action = "entity.merged" if state == "same" else "entity.merge_rejected"
        after = {"names": [found[0].first.name, found[0].second.name]}
        await audit.record(connection, organisation, staff.trail, action, "entity", merge_id, now, after=after)
    return found[0]


async def split(hub: Hub, staff: Staff, entity_id: UUID) -> None:
    """Undo what makes this name one with others, for good: it is not proposed again.

    Raises ``EntityNotFound``, ``NotMerged``.
    """
    organisation, now = staff.organisation_id, hub.clock.now()
    async with hub.database.tenant(organisation) as connection:
        await writing.lock(connection, organisation)
        root = await reading.root_of(connection, organisation, entity_id)
        if root is None:
            raise EntityNotFound
        if not await merges.part(connection, organisation, entity_id, staff.trail.actor_name, now):
            raise NotMerged
        await settle(connection, organisation, {entity_id, root})
        await audit.record(connection, organisation, staff.trail, "entity.split", "entity", entity_id, now)


async def _merges(
    connection: Connection,
    organisation_id: UUID,
    state: MergeState,
    *,
    offset: int,
    limit: int,
    merge_id: UUID | None = None,
) -> list[Merge]:
    rows = await merges.pairs(connection, organisation_id, state, offset=offset, limit=limit, merge_id=merge_id)
    named = {
        node.id: node
        for node in await reading.nodes(connection, organisation_id, [number for row in rows for number in row[4:]])
    }
    return [Merge(row[0], row[1], row[2], round(row[3], 3), named[row[4]], named[row[5]]) for row in rows]
