"""Keeping what was read in the chunks of a source."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from uuid import UUID

from kamhub.desk.graph.rules.names import key_of, sound_of
from kamhub.desk.graph.types import Mention, Origin, Ref, Text, Thing, Tie
from kamhub.desk.knowledge.types import Source, SourceKind
from kamhub.kit.ids import new_id
from kamhub.platform.database.pool import Connection

_OF = {"asset": "asset_id", "article": "article_id"}


async def chunks(connection: Connection, organisation_id: UUID, source: Source, *, lock: bool = False) -> list[Text]:
    """The chunks of a source in their order; locked, they stay until the transaction ends."""
    cursor = await connection.execute(
        f"SELECT id, title, context, text, language FROM chunks WHERE organisation_id = %s AND {_OF[source.kind]} = %s "
        f"ORDER BY ordinal{' FOR KEY SHARE' if lock else ''}".encode(),
        (organisation_id, source.id),
    )
    return [Text(*row) for row in await cursor.fetchall()]


async def sources(connection: Connection, organisation_id: UUID) -> list[Source]:
    """Every asset and article that has chunks."""
    cursor = await connection.execute(
        """SELECT 'asset', a.id, a.name, a.category_id FROM assets a WHERE a.organisation_id = %s
             AND EXISTS (SELECT FROM chunks c WHERE c.organisation_id = a.organisation_id AND c.asset_id = a.id)
           UNION ALL
           SELECT 'article', a.id, a.title, a.category_id FROM articles a WHERE a.organisation_id = %s
             AND EXISTS (SELECT FROM chunks c WHERE c.organisation_id = a.organisation_id AND c.article_id = a.id)
           ORDER BY 2""",
        (organisation_id, organisation_id),
    )
    kinds: dict[str, SourceKind] = {"asset": "asset", "article": "article"}
    return [Source(kinds[row[0]], *row[1:]) for row in await cursor.fetchall()]


async def organisations(connection: Connection) -> list[UUID]:
    """Those that have any knowledge (system scope)."""
    cursor = await connection.execute(
        "SELECT id FROM organisations o WHERE EXISTS (SELECT FROM chunks c WHERE c.organisation_id = o.id) ORDER BY id"
    )
    return [row[0] for row in await cursor.fetchall()]


async def lock(connection: Connection, organisation_id: UUID) -> None:
    """Write the graph of this organisation alone, until the transaction ends."""
    await connection.execute("SELECT lock_graph(%s)", (organisation_id,))


async def put_entities(
    connection: Connection, organisation_id: UUID, things: Sequence[Thing], now: datetime, *, hub: bool = False
) -> tuple[dict[tuple[str, str], UUID], list[UUID]]:
    """Keep these, each once; ids by type and key, and which are new. ``hub``: they stay without being spoken of."""
    things = [thing for thing in things if thing.ref.key]
    cursor = await connection.execute(
        """INSERT INTO graph_entities AS e
             (organisation_id, id, type, key, name, name_en, keys, sound, hub, hub_id, confidence, created_at)
           SELECT %s, t.id, t.type, t.key, t.name, t.name_en, t.keys, t.sound, %s, t.hub_id, t.confidence, %s
           FROM unnest(%s::uuid[], %s::text[], %s::text[], %s::text[], %s::text[], %s::text[], %s::text[], %s::uuid[], %s::real[])
             AS t (id, type, key, name, name_en, keys, sound, hub_id, confidence)
           ON CONFLICT ON CONSTRAINT graph_entities_once DO UPDATE
             SET name = excluded.name, name_en = excluded.name_en, keys = excluded.keys, sound = excluded.sound,
                 hub = e.hub OR excluded.hub, hub_id = excluded.hub_id, confidence = greatest(e.confidence, excluded.confidence)
             WHERE (excluded.hub AND (e.name, e.name_en, e.keys, e.hub, e.hub_id) IS DISTINCT FROM
                     (excluded.name, excluded.name_en, excluded.keys, true, excluded.hub_id))
                OR (NOT e.hub AND e.confidence < excluded.confidence)
           RETURNING id, xmax = 0""",
        (
            organisation_id,
            hub,
            now,
            [new_id() for _ in things],
            [thing.ref.type for thing in things],
            [thing.ref.key for thing in things],
            [thing.name for thing in things],
            [thing.name_en for thing in things],
            [keys_of(thing) for thing in things],
            [sound_of(thing.name) for thing in things],
            [thing.hub_id for thing in things],
            [thing.confidence for thing in things],
        ),
    )
    fresh = [row[0] for row in await cursor.fetchall() if row[1]]
    return await ids_of(connection, organisation_id, [thing.ref for thing in things]), fresh


def keys_of(thing: Thing) -> str:
    """The keys of all its names, each between bars."""
    return "|" + "".join(f"{key}|" for key in sorted({thing.ref.key, *filter(None, map(key_of, thing.names))}))


async def ids_of(connection: Connection, organisation_id: UUID, refs: Iterable[Ref]) -> dict[tuple[str, str], UUID]:
    """Their ids by type and key; what is not there is left out."""
    wanted = list(refs)
    cursor = await connection.execute(
        """SELECT e.type, e.key, e.id FROM unnest(%s::text[], %s::text[]) AS t (type, key)
           JOIN graph_entities e ON e.organisation_id = %s AND e.type = t.type AND e.key = t.key""",
        ([ref.type for ref in wanted], [ref.key for ref in wanted], organisation_id),
    )
    return {(row[0], row[1]): row[2] for row in await cursor.fetchall()}


async def put_mentions(
    connection: Connection,
    organisation_id: UUID,
    ids: dict[tuple[str, str], UUID],
    mentions: Sequence[Mention],
    chunk_ids: list[UUID],
    origin: Origin,
) -> set[UUID]:
    """These are the mentions in those chunks, by rules or by the model; others go. Returns the entities that lost some."""
    values = (
        [one.chunk_id for one in mentions],
        [ids[one.ref] for one in mentions],
        [one.in_context for one in mentions],
        [one.start for one in mentions],
    )
    await connection.execute(
        """INSERT INTO graph_mentions (organisation_id, chunk_id, entity_id, in_context, start, length, origin, confidence)
           SELECT %s, t.chunk, t.entity, t.context, t.start, t.length, %s, t.confidence
           FROM unnest(%s::uuid[], %s::uuid[], %s::boolean[], %s::integer[], %s::integer[], %s::real[])
             AS t (chunk, entity, context, start, length, confidence)
           ON CONFLICT DO NOTHING""",
        (organisation_id, origin, *values, [one.length for one in mentions], [one.confidence for one in mentions]),
    )
    cursor = await connection.execute(
        """DELETE FROM graph_mentions m WHERE m.organisation_id = %s AND m.chunk_id = ANY (%s) AND m.origin = %s
             AND (m.chunk_id, m.entity_id, m.in_context, m.start) NOT IN (
               SELECT t.chunk, t.entity, t.context, t.start FROM unnest(%s::uuid[], %s::uuid[], %s::boolean[], %s::integer[])
                 AS t (chunk, entity, context, start))
           RETURNING m.entity_id""",
        (organisation_id, chunk_ids, origin, *values),
    )
    return {row[0] for row in await cursor.fetchall()}


async def put_ties(
    connection: Connection,
    organisation_id: UUID,
    ids: dict[tuple[str, str], UUID],
    ties: Sequence[Tie],
    chunk_ids: list[UUID],
    origin: Origin,
) -> None:
    """These are the relations read in those chunks, by rules or by the model; others go."""
    unique = sorted({(ids[tie.source], ids[tie.target], tie.type) for tie in ties})
    named = ([row[0] for row in unique], [row[1] for row in unique], [row[2] for row in unique])
    await connection.execute(
        """INSERT INTO graph_relations (organisation_id, id, source_id, target_id, type, confidence)
           SELECT %s, t.id, t.source, t.target, t.type, 0.5 FROM unnest(%s::uuid[], %s::uuid[], %s::uuid[], %s::text[])
             AS t (id, source, target, type) ON CONFLICT DO NOTHING""",
        (organisation_id, [new_id() for _ in unique], *named),
    )
    cursor = await connection.execute(
        """SELECT r.source_id, r.target_id, r.type, r.id FROM unnest(%s::uuid[], %s::uuid[], %s::text[]) AS t (source, target, type)
           JOIN graph_relations r ON r.organisation_id = %s AND r.source_id = t.source AND r.target_id = t.target AND r.type = t.type""",
        (*named, organisation_id),
    )
    relations = {(row[0], row[1], row[2]): row[3] for row in await cursor.fetchall()}
    values = (
        [tie.chunk_id for tie in ties],
        [relations[ids[tie.source], ids[tie.target], tie.type] for tie in ties],
        [tie.start for tie in ties],
    )
    await connection.execute(
        """INSERT INTO graph_evidence (organisation_id, chunk_id, relation_id, start, length, origin, confidence)
           SELECT %s, t.chunk, t.relation, t.start, t.length, %s, t.confidence
           FROM unnest(%s::uuid[], %s::uuid[], %s::integer[], %s::integer[], %s::real[])
             AS t (chunk, relation, start, length, confidence)
           ON CONFLICT (organisation_id, chunk_id, relation_id, start) DO UPDATE SET confidence = excluded.confidence
             WHERE graph_evidence.confidence < excluded.confidence""",
        (organisation_id, origin, *values, [tie.length for tie in ties], [tie.confidence for tie in ties]),
    )
    await connection.execute(
        """DELETE FROM graph_evidence v WHERE v.organisation_id = %s AND v.chunk_id = ANY (%s) AND v.origin = %s
             AND (v.chunk_id, v.relation_id, v.start) NOT IN (
               SELECT t.chunk, t.relation, t.start FROM unnest(%s::uuid[], %s::uuid[], %s::integer[]) AS t (chunk, relation, start))""",
        (organisation_id, chunk_ids, origin, *values),
    )
    await _weigh_ties(connection, organisation_id, list(relations.values()))


async def _weigh_ties(connection: Connection, organisation_id: UUID, relation_ids: list[UUID]) -> None:
    """A relation is as sure as the surest place where it was read."""
    await connection.execute(
        """UPDATE graph_relations r SET confidence = told.confidence FROM (
             SELECT relation_id, max(confidence) AS confidence FROM graph_evidence
             WHERE organisation_id = %s AND relation_id = ANY (%s) GROUP BY relation_id) AS told
           WHERE r.organisation_id = %s AND r.id = told.relation_id AND NOT r.hub AND r.confidence <> told.confidence""",
        (organisation_id, relation_ids, organisation_id),
    )


async def recount(connection: Connection, organisation_id: UUID, entity_ids: Iterable[UUID]) -> None:
    """Count anew what orders lists, for these and what stands for them."""
    await connection.execute(
        """WITH roots AS MATERIALIZED (
             SELECT DISTINCT coalesce(same_as, id) AS id FROM graph_entities WHERE organisation_id = %s AND id = ANY (%s)
           ), meant AS MATERIALIZED (
             SELECT id AS root, id FROM roots
             UNION ALL
             SELECT e.same_as, e.id FROM roots JOIN graph_entities e ON e.organisation_id = %s AND e.same_as = roots.id
           ), told AS (
             SELECT root AS id, sum(
                 (SELECT count(*) FROM graph_mentions m WHERE m.organisation_id = %s AND m.entity_id = meant.id)
               + (SELECT count(*) FROM graph_relations r WHERE r.organisation_id = %s AND r.source_id = meant.id)
               + (SELECT count(*) FROM graph_relations r WHERE r.organisation_id = %s AND r.target_id = meant.id)
             )::integer AS weight
             FROM meant GROUP BY root)
           UPDATE graph_entities e SET weight = told.weight FROM told
           WHERE e.organisation_id = %s AND e.id = told.id AND e.weight <> told.weight""",
        (organisation_id, list(entity_ids), *[organisation_id] * 5),
    )


async def unread(connection: Connection, organisation_id: UUID, chunk_ids: list[UUID], model: str) -> set[UUID]:
    """Which of these chunks that language model has not read."""
    cursor = await connection.execute(
        """SELECT t.id FROM unnest(%s::uuid[]) AS t (id) WHERE NOT EXISTS (
             SELECT FROM graph_readings r WHERE r.organisation_id = %s AND r.chunk_id = t.id AND r.model = %s)""",
        (chunk_ids, organisation_id, model),
    )
    return {row[0] for row in await cursor.fetchall()}


async def mark_read(
    connection: Connection, organisation_id: UUID, chunk_ids: Iterable[UUID], model: str, now: datetime
) -> None:
    """That model has read these chunks."""
    await connection.execute(
        """INSERT INTO graph_readings (organisation_id, chunk_id, model, read_at)
           SELECT %s, t.id, %s, %s FROM unnest(%s::uuid[]) AS t (id) ON CONFLICT DO NOTHING""",
        (organisation_id, model, now, list(chunk_ids)),
    )
