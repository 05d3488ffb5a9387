"""Showing the graph. Every query is bounded; what is one is shown once, under the name that stands for the others."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from kamhub.desk.graph.rules.sentences import sentences
from kamhub.desk.graph.types import Edge, EntityQuery, Member, Node, Witness
from kamhub.platform.database.pool import Connection

MOST_COUNTED = 10_000
MOST_EDGES = 400
_FAR = 120  # characters of a quote on either side of words without a sentence around them


async def root_of(connection: Connection, organisation_id: UUID, entity_id: UUID) -> UUID | None:
    """The entity that is shown for that one."""
    cursor = await connection.execute(
        "SELECT coalesce(same_as, id) FROM graph_entities WHERE organisation_id = %s AND id = %s",
        (organisation_id, entity_id),
    )
    row = await cursor.fetchone()
    return row[0] if row else None


async def root_named(connection: Connection, organisation_id: UUID, key: str) -> UUID | None:
    """The most spoken of entity that has exactly that name, in any case; else one whose name holds it."""
    cursor = await connection.execute(
        """SELECT coalesce(e.same_as, e.id) FROM graph_entities e
           WHERE e.organisation_id = %s AND e.keys LIKE '%%' || %s || '%%'
           ORDER BY e.keys LIKE '%%|' || %s || '|%%' DESC, e.hub DESC, e.weight DESC, e.id LIMIT 1""",
        (organisation_id, key, key),
    )
    row = await cursor.fetchone()
    return row[0] if row else None


async def heaviest(connection: Connection, organisation_id: UUID, types: Sequence[str], limit: int) -> list[UUID]:
    """The best connected entities, of these types when any are named."""
    narrowed = "AND type = ANY (%(types)s)" if types else ""
    cursor = await connection.execute(
        f"""SELECT id FROM graph_entities WHERE organisation_id = %(org)s AND same_as IS NULL {narrowed}
            ORDER BY weight DESC, id LIMIT %(limit)s""".encode(),
        {"org": organisation_id, "types": list(types), "limit": limit},
        prepare=False,  # the best plan depends on what is asked for
    )
    return [row[0] for row in await cursor.fetchall()]


async def neighbours(
    connection: Connection, organisation_id: UUID, roots: Sequence[UUID], seen: Sequence[UUID], limit: int
) -> list[UUID]:
    """What relations lead to from these, the surest and most spoken of first; none of ``seen``."""
    cursor = await connection.execute(
        """WITH members AS MATERIALIZED (
             SELECT id FROM graph_entities WHERE organisation_id = %(org)s AND id = ANY (%(roots)s)
             UNION SELECT id FROM graph_entities WHERE organisation_id = %(org)s AND same_as = ANY (%(roots)s)
           ), ties AS (
             SELECT r.target_id AS id, r.confidence FROM members m
               JOIN graph_relations r ON r.organisation_id = %(org)s AND r.source_id = m.id
             UNION ALL
             SELECT r.source_id, r.confidence FROM members m
               JOIN graph_relations r ON r.organisation_id = %(org)s AND r.target_id = m.id
           ), reached AS (
             SELECT coalesce(e.same_as, e.id) AS id, max(t.confidence) AS confidence, max(e.weight) AS weight
             FROM ties t JOIN graph_entities e ON e.organisation_id = %(org)s AND e.id = t.id GROUP BY 1)
           SELECT id FROM reached WHERE NOT id = ANY (%(seen)s) ORDER BY confidence DESC, weight DESC, id LIMIT %(limit)s""",
        {"org": organisation_id, "roots": list(roots), "seen": list(seen), "limit": limit},
    )
    return [row[0] for row in await cursor.fetchall()]


async def nodes(connection: Connection, organisation_id: UUID, roots: Sequence[UUID]) -> list[Node]:
    """These as they are shown, in their order."""
    cursor = await connection.execute(
        """WITH members AS MATERIALIZED (
             SELECT id AS root, id, name, name_en FROM graph_entities WHERE organisation_id = %(org)s AND id = ANY (%(roots)s)
             UNION ALL
             SELECT same_as, id, name, name_en FROM graph_entities WHERE organisation_id = %(org)s AND same_as = ANY (%(roots)s)
           ), told AS (
             SELECT m.root, array_agg(m.name ORDER BY m.name) || array_agg(m.name_en ORDER BY m.name_en) AS names,
               sum((SELECT count(*) FROM graph_mentions n WHERE n.organisation_id = %(org)s AND n.entity_id = m.id)) AS mentions
             FROM members m GROUP BY m.root)
           SELECT e.id, e.type, e.name, e.name_en, told.names, told.mentions::integer, e.hub, e.weight, e.confidence
           FROM told JOIN graph_entities e ON e.organisation_id = %(org)s AND e.id = told.root""",
        {"org": organisation_id, "roots": list(roots)},
    )
    found = {row[0]: _node(row) for row in await cursor.fetchall()}
    return [found[root] for root in roots if root in found]


def _node(row: Sequence[Any]) -> Node:
    number, of, name, name_en, names, mentions, hub, weight, confidence = row
    aliases = tuple(sorted({other for other in names if other and other != name}))
    return Node(number, of, name, name_en, aliases, mentions, hub, weight, round(confidence, 3))


async def edges(connection: Connection, organisation_id: UUID, roots: Sequence[UUID]) -> list[Edge]:
    """The relations among these, each kind between two of them once."""
    cursor = await connection.execute(
        """WITH members AS MATERIALIZED (
             SELECT id, id AS root FROM graph_entities WHERE organisation_id = %(org)s AND id = ANY (%(roots)s)
             UNION ALL
             SELECT id, same_as FROM graph_entities WHERE organisation_id = %(org)s AND same_as = ANY (%(roots)s)
           ), ties AS (
             SELECT (array_agg(r.id ORDER BY r.id))[1] AS id, s.root AS source, t.root AS target, r.type,
               max(r.confidence) AS confidence, bool_or(r.hub) AS hub, array_agg(r.id) AS all_of_it
             FROM members s JOIN graph_relations r ON r.organisation_id = %(org)s AND r.source_id = s.id
             JOIN members t ON t.id = r.target_id WHERE s.root <> t.root GROUP BY s.root, t.root, r.type
             ORDER BY max(r.confidence) DESC, 1 LIMIT %(limit)s)
           SELECT id, source, target, type, confidence, (SELECT count(DISTINCT (v.chunk_id, v.start)) FROM graph_evidence v
             WHERE v.organisation_id = %(org)s AND v.relation_id = ANY (all_of_it)), hub FROM ties ORDER BY confidence DESC, id""",
        {"org": organisation_id, "roots": list(roots), "limit": MOST_EDGES},
    )
    return [Edge(row[0], row[1], row[2], row[3], round(row[4], 3), row[5], row[6]) for row in await cursor.fetchall()]


async def entities(
    connection: Connection, organisation_id: UUID, query: EntityQuery, key: str, *, offset: int, limit: int
) -> tuple[list[UUID], int]:
    """A page of what fits, the most spoken of first, and how many fit (at most ``MOST_COUNTED``)."""
    conditions = ["organisation_id = %(org)s"]
    if key:
        # A name may also be found by one that is shown under another.
        conditions.append("keys LIKE '%%' || %(key)s || '%%'")
    else:
        conditions.append("same_as IS NULL")
    if query.type is not None:
        conditions.append("type = %(type)s")
    where = " AND ".join(conditions)
    values = {"org": organisation_id, "key": key, "type": query.type, "offset": offset, "limit": limit}
    asked = (
        f"SELECT coalesce(same_as, id) AS id, max(weight) AS weight FROM graph_entities WHERE {where} GROUP BY 1"
        if key
        else f"SELECT id, weight FROM graph_entities WHERE {where}"
    )
    cursor = await connection.execute(
        f"{asked} ORDER BY weight DESC, id OFFSET %(offset)s LIMIT %(limit)s".encode(), values, prepare=False
    )
    found = [row[0] for row in await cursor.fetchall()]
    counted = await connection.execute(
        f"SELECT count(*) FROM (SELECT DISTINCT coalesce(same_as, id) FROM graph_entities WHERE {where} LIMIT {MOST_COUNTED}) AS bounded".encode(),
        values,
        prepare=False,
    )
    row = await counted.fetchone()
    return found, row[0] if row else 0


async def members(connection: Connection, organisation_id: UUID, root: UUID) -> list[Member]:
    """The names that are shown under that one."""
    cursor = await connection.execute(
        "SELECT id, name FROM graph_entities WHERE organisation_id = %s AND same_as = %s ORDER BY name, id",
        (organisation_id, root),
    )
    return [Member(*row) for row in await cursor.fetchall()]


_WITNESS = """SELECT c.id, c.asset_id, c.article_id, c.title, c.context, c.text, c.position, n.start, n.length, n.in_context,
    n.origin, n.confidence FROM noted n JOIN chunks c ON c.organisation_id = %(org)s AND c.id = n.chunk_id
    ORDER BY n.in_context, c.id, n.start"""


async def mentions(
    connection: Connection, organisation_id: UUID, root: UUID, *, offset: int, limit: int
) -> list[Witness]:
    """A page of the places where it is spoken of."""
    cursor = await connection.execute(
        f"""WITH noted AS (SELECT m.* FROM graph_mentions m WHERE m.organisation_id = %(org)s AND m.entity_id IN (
              SELECT id FROM graph_entities WHERE organisation_id = %(org)s AND id = %(root)s
              UNION ALL SELECT id FROM graph_entities WHERE organisation_id = %(org)s AND same_as = %(root)s)
            ORDER BY m.entity_id, m.chunk_id, m.in_context, m.start OFFSET %(offset)s LIMIT %(limit)s)
            {_WITNESS}""".encode(),
        {"org": organisation_id, "root": root, "offset": offset, "limit": limit},
    )
    return [_witness(row) for row in await cursor.fetchall()]


async def relation(connection: Connection, organisation_id: UUID, relation_id: UUID) -> Edge | None:
    """One relation as it is shown."""
    cursor = await connection.execute(
        """SELECT coalesce(s.same_as, s.id), coalesce(t.same_as, t.id), r.type FROM graph_relations r
           JOIN graph_entities s ON s.organisation_id = r.organisation_id AND s.id = r.source_id
           JOIN graph_entities t ON t.organisation_id = r.organisation_id AND t.id = r.target_id
           WHERE r.organisation_id = %s AND r.id = %s""",
        (organisation_id, relation_id),
    )
    row = await cursor.fetchone()
    if row is None:
        return None
    found = await edges(connection, organisation_id, [row[0], row[1]])
    return next((edge for edge in found if (edge.source, edge.target, edge.type) == tuple(row)), None)


async def evidence(
    connection: Connection, organisation_id: UUID, edge: Edge, *, offset: int, limit: int
) -> list[Witness]:
    """A page of the sentences and rows in which the relation was read."""
    cursor = await connection.execute(
        f"""WITH members AS MATERIALIZED (
              SELECT id, id AS root FROM graph_entities WHERE organisation_id = %(org)s AND id IN (%(source)s, %(target)s)
              UNION ALL
              SELECT id, same_as FROM graph_entities WHERE organisation_id = %(org)s AND same_as IN (%(source)s, %(target)s)
            ), noted AS (
              SELECT DISTINCT ON (v.chunk_id, v.start) v.*, false AS in_context FROM members s
              JOIN graph_relations r ON r.organisation_id = %(org)s AND r.source_id = s.id AND r.type = %(type)s
              JOIN members t ON t.id = r.target_id
              JOIN graph_evidence v ON v.organisation_id = %(org)s AND v.relation_id = r.id
              WHERE s.root = %(source)s AND t.root = %(target)s
              ORDER BY v.chunk_id, v.start OFFSET %(offset)s LIMIT %(limit)s)
            {_WITNESS}""".encode(),
        {
            "org": organisation_id,
            "source": edge.source,
            "target": edge.target,
            "type": edge.type,
            "offset": offset,
            "limit": limit,
        },
    )
    return [_witness(row) for row in await cursor.fetchall()]


def _witness(row: Sequence[Any]) -> Witness:
    chunk, asset, article, title, context, text, position, start, length, in_context, origin, confidence = row
    read: str = context if in_context else text
    words = read[start : start + length]
    return Witness(
        chunk, asset, article, title, words, _quote(read, start, length), position, origin, round(confidence, 3)
    )


def _quote(text: str, start: int, length: int) -> str:
    """The sentence around the words."""
    around = next((span for span in sentences(text) if span.start <= start < span.end), None)
    if around is not None and len(around.text) <= 4 * _FAR and start + length <= around.end:
        return around.text
    return text[max(0, start - _FAR) : start + length + _FAR].strip()
