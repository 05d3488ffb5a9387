"""Reading a source into the graph, and keeping the hub's facts in it.

A source is read in three steps: what there is, in one transaction; rules and the model, with none open; what was found, in
another. Reading the same twice gives the same graph, so a killed run is simply run again.
"""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

import structlog

from kamhub.desk.graph.rules.hub import facts_of
from kamhub.desk.graph.rules.matching import Lexicon
from kamhub.desk.graph.rules.merging import likeness, stands_for
from kamhub.desk.graph.rules.reading import read
from kamhub.desk.graph.services import Services
from kamhub.desk.graph.store import hub as hub_store
from kamhub.desk.graph.store import merges, writing
from kamhub.desk.graph.types import HubFacts, Linked, Origin, Reading, Text, Thing
from kamhub.desk.knowledge.types import Source
from kamhub.platform.database.pool import Connection

log = structlog.get_logger("kamhub.graph")


@dataclass(frozen=True, slots=True)
class _Before:
    texts: list[Text]
    facts: HubFacts
    declared: list[Thing]
    unread: set[UUID]


async def link(services: Services, organisation_id: UUID, source: Source) -> Linked:
    """Read the chunks of a source: the last stage of processing it. A source without chunks takes its mentions along.

    Safe to run again and at the same time as anything else. What the model fails at, the rules have read.
    """
    before = await _look(services, organisation_id, source)
    by_rules = await asyncio.to_thread(read, before.texts, source.title, before.facts, before.declared)
    by_model, done = await _ask(services, before)
    async with services.hub.database.tenant(organisation_id) as connection:
        # Chunks first, then the graph, as whoever deletes chunks does.
        present = {text.id for text in await writing.chunks(connection, organisation_id, source, lock=True)}
        await writing.lock(connection, organisation_id)
        now = services.hub.clock.now()
        fresh, touched = await _put_hub(services, connection, organisation_id, before.facts)
        readings: tuple[tuple[Reading, set[UUID], Origin], ...] = (
            (by_rules, present, "rules"),
            (by_model, present & done, "model"),
        )
        for reading, chunk_ids, origin in readings:
            made, met = await _put(services, connection, organisation_id, reading, chunk_ids, origin)
            fresh, touched = [*fresh, *made], touched | met
        if services.model is not None and done:
            await writing.mark_read(connection, organisation_id, present & done, services.model.name, now)
        await merges.put(connection, organisation_id, list(by_rules.declared.values()), "same", now)
        await _settle(services, connection, organisation_id, fresh, touched)
    linked = Linked(len(by_rules.mentions) + len(by_model.mentions), len(by_rules.ties) + len(by_model.ties), len(done))
    log.info("source_linked", source=str(source.id), mentions=linked.mentions, relations=linked.relations)
    return linked


async def _look(services: Services, organisation_id: UUID, source: Source) -> _Before:
    async with services.hub.database.tenant(organisation_id) as connection:
        texts = await writing.chunks(connection, organisation_id, source)
        facts = facts_of(await hub_store.rows(connection, organisation_id))
        declared = await merges.declared_names(connection, organisation_id)
        numbers = [text.id for text in texts]
        unread = (
            await writing.unread(connection, organisation_id, numbers, services.model.name) if services.model else set()
        )
    return _Before(texts, facts, declared, unread)


async def _ask(services: Services, before: _Before) -> tuple[Reading, set[UUID]]:
    if services.model is None or not before.unread:
        return Reading(), set()
    lexicon = Lexicon((*before.facts.known, *before.declared))
    return await services.model.read([text for text in before.texts if text.id in before.unread], lexicon)


async def _put(
    services: Services,
    connection: Connection,
    organisation_id: UUID,
    reading: Reading,
    chunk_ids: set[UUID],
    origin: Origin,
) -> tuple[list[UUID], set[UUID]]:
    """Keep what was read in these chunks; returns what is new and what was touched."""
    if not chunk_ids:
        return [], set()
    mentions = [one for one in reading.mentions.values() if one.chunk_id in chunk_ids]
    ties = [one for one in reading.ties.values() if one.chunk_id in chunk_ids]
    needed = {one.ref for one in mentions} | {ref for one in ties for ref in (one.source, one.target)}
    things = [thing for ref, thing in sorted(reading.things.items()) if ref in needed]
    ids, fresh = await writing.put_entities(connection, organisation_id, things, services.hub.clock.now())
    numbers = sorted(chunk_ids)
    await writing.put_ties(connection, organisation_id, ids, ties, numbers, origin)
    lost = await writing.put_mentions(connection, organisation_id, ids, mentions, numbers, origin)
    return fresh, set(ids.values()) | lost


async def _put_hub(
    services: Services, connection: Connection, organisation_id: UUID, facts: HubFacts
) -> tuple[list[UUID], set[UUID]]:
    """Write the hub's facts unless they are there already."""
    written, _ = await hub_store.digests(connection, organisation_id)
    if written == facts.digest:
        return [], set()
    now = services.hub.clock.now()
    ids, fresh = await writing.put_entities(connection, organisation_id, facts.things, now, hub=True)
    relations = await hub_store.put_relations(connection, organisation_id, ids, facts)
    await hub_store.forget_others(connection, organisation_id, list(ids.values()), relations)
    await hub_store.set_digest(connection, organisation_id, "hub_digest", facts.digest, now)
    return fresh, set(ids.values())


async def _settle(
    services: Services, connection: Connection, organisation_id: UUID, fresh: Sequence[UUID], touched: set[UUID]
) -> None:
    """Propose what may be one, show what is one as one, and count anew."""
    if fresh:
        pairs = await merges.near(connection, organisation_id, list(fresh))
        alike = {(one.type, one.key_a, one.key_b): one for pair in pairs if (one := likeness(*pair)) is not None}
        await merges.put(
            connection, organisation_id, [alike[key] for key in sorted(alike)], "proposed", services.hub.clock.now()
        )
    await merges.drop_stale(connection, organisation_id)
    await settle(connection, organisation_id, touched)


async def settle(connection: Connection, organisation_id: UUID, touched: set[UUID]) -> None:
    """Show what is one under one name, by the decisions there are; count that and ``touched`` anew."""
    candidates, pairs = await merges.decided_same(connection, organisation_id)
    moved = await merges.set_same(connection, organisation_id, stands_for(candidates, pairs))
    await writing.recount(connection, organisation_id, touched | set(moved))


async def refresh(services: Services, organisation_id: UUID) -> int:
    """Bring the hub's facts up to date; when names have changed since the sources were read, read them all again.

    Returns how many sources were read. Does nothing when nothing has changed.
    """
    async with services.hub.database.tenant(organisation_id) as connection:
        facts = facts_of(await hub_store.rows(connection, organisation_id))
        declared = await merges.declared_names(connection, organisation_id)
        written, linked = await hub_store.digests(connection, organisation_id)
        names = hashlib.sha256(facts.digest + repr(declared).encode()).digest()
        if written == facts.digest and linked == names:
            return 0
        await writing.lock(connection, organisation_id)
        fresh, touched = await _put_hub(services, connection, organisation_id, facts)
        await _settle(services, connection, organisation_id, fresh, touched)
        sources = await writing.sources(connection, organisation_id)
    for source in sources:
        await link(services, organisation_id, source)
    async with services.hub.database.tenant(organisation_id) as connection:
        await hub_store.set_digest(connection, organisation_id, "linked_digest", names, services.hub.clock.now())
    return len(sources)


async def refresh_all(services: Services) -> int:
    """``refresh`` for every organisation that has any knowledge; returns how many sources were read."""
    async with services.hub.database.system() as connection:
        organisations = await writing.organisations(connection)
    return sum([await refresh(services, organisation) for organisation in organisations])
