"""Which names are one thing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from uuid import UUID

from kamhub.desk.graph.rules.merging import Candidate
from kamhub.desk.graph.types import MergeReason, MergeState, Ref, Same, Thing
from kamhub.kit.ids import new_id
from kamhub.platform.database.pool import Connection

_CANDIDATE = "{0}.id, {0}.type, {0}.key, {0}.sound, {0}.weight, {0}.hub"
_WIDTH = 6
_NEAR = 8


async def declared_names(connection: Connection, organisation_id: UUID) -> list[Thing]:
    """Names that are one with another name, and are not the hub's: they can be met in every text."""
    cursor = await connection.execute(
        """SELECT DISTINCT e.type, e.key, e.name FROM graph_merges g JOIN graph_entities e
             ON e.organisation_id = g.organisation_id AND e.type = g.type AND e.key IN (g.key_a, g.key_b)
           WHERE g.organisation_id = %s AND g.state = 'same' AND NOT e.hub ORDER BY 1, 2""",
        (organisation_id,),
    )
    return [Thing(Ref(row[0], row[1]), row[2]) for row in await cursor.fetchall()]


async def near(
    connection: Connection, organisation_id: UUID, entity_ids: list[UUID]
) -> list[tuple[Candidate, Candidate]]:
    """Each of these with the few of its type that sound most alike."""
    cursor = await connection.execute(
        f"""SELECT {_CANDIDATE.format("e")}, {_CANDIDATE.format("o")} FROM graph_entities e CROSS JOIN LATERAL (
             SELECT * FROM graph_entities o
             WHERE o.organisation_id = e.organisation_id AND o.type = e.type AND o.id <> e.id AND o.sound %% e.sound
             ORDER BY similarity(o.sound, e.sound) DESC, o.id LIMIT {_NEAR}) o
           WHERE e.organisation_id = %s AND e.id = ANY (%s)""".encode(),
        (organisation_id, entity_ids),
    )
    return [(Candidate(*row[:_WIDTH]), Candidate(*row[_WIDTH:])) for row in await cursor.fetchall()]


async def put(
    connection: Connection, organisation_id: UUID, found: Sequence[Same], state: MergeState, now: datetime
) -> None:
    """Write these down. What people have decided stays; what was proposed and is now sure is decided."""
    decided = now if state == "same" else None
    await connection.execute(
        """INSERT INTO graph_merges AS g
             (organisation_id, id, type, key_a, key_b, state, reason, confidence, decided_at, created_at)
           SELECT %s, t.id, t.type, t.a, t.b, %s, t.reason, t.confidence, %s, %s
           FROM unnest(%s::uuid[], %s::text[], %s::text[], %s::text[], %s::text[], %s::real[]) AS t (id, type, a, b, reason, confidence)
           ON CONFLICT ON CONSTRAINT graph_merges_once DO UPDATE SET state = excluded.state, reason = excluded.reason,
             confidence = excluded.confidence, decided_at = excluded.decided_at
             WHERE g.state = 'proposed' AND excluded.state = 'same'""",
        (
            organisation_id,
            state,
            decided,
            now,
            [new_id() for _ in found],
            [one.type for one in found],
            [one.key_a for one in found],
            [one.key_b for one in found],
            [one.reason for one in found],
            [one.confidence for one in found],
        ),
    )


async def decided_same(
    connection: Connection, organisation_id: UUID
) -> tuple[list[Candidate], list[tuple[UUID, UUID]]]:
    """What is one: the entities concerned, and the pairs."""
    cursor = await connection.execute(
        f"""SELECT {_CANDIDATE.format("a")}, {_CANDIDATE.format("b")} FROM graph_merges g
           JOIN graph_entities a ON a.organisation_id = g.organisation_id AND a.type = g.type AND a.key = g.key_a
           JOIN graph_entities b ON b.organisation_id = g.organisation_id AND b.type = g.type AND b.key = g.key_b
           WHERE g.organisation_id = %s AND g.state = 'same'""".encode(),
        (organisation_id,),
    )
    pairs = [(Candidate(*row[:_WIDTH]), Candidate(*row[_WIDTH:])) for row in await cursor.fetchall()]
    return [one for pair in pairs for one in pair], [(first.id, second.id) for first, second in pairs]


async def set_same(connection: Connection, organisation_id: UUID, stands: Mapping[UUID, UUID]) -> list[UUID]:
    """Show these under those, and all others under themselves; returns what has changed, with what stood for it."""
    cursor = await connection.execute(
        """WITH wanted AS (SELECT t.id, t.root FROM unnest(%s::uuid[], %s::uuid[]) AS t (id, root))
           UPDATE graph_entities e SET same_as = told.root
           FROM (SELECT o.id, w.root, o.same_as AS before FROM graph_entities o LEFT JOIN wanted w ON w.id = o.id
                 WHERE o.organisation_id = %s AND (o.same_as IS NOT NULL OR o.id IN (SELECT id FROM wanted))) AS told
           WHERE e.organisation_id = %s AND e.id = told.id AND e.same_as IS DISTINCT FROM told.root
           RETURNING e.id, told.before, told.root""",
        (list(stands.keys()), list(stands.values()), organisation_id, organisation_id),
    )
    return [number for row in await cursor.fetchall() for number in row if number is not None]


async def decide(
    connection: Connection, organisation_id: UUID, merge_id: UUID, state: MergeState, by: str, now: datetime
) -> bool:
    """Accept or reject; whether there is such a proposal or decision."""
    cursor = await connection.execute(
        """UPDATE graph_merges SET state = %s, decided_at = %s, decided_by = %s WHERE organisation_id = %s AND id = %s""",
        (state, now, by, organisation_id, merge_id),
    )
    return cursor.rowcount > 0


async def part(connection: Connection, organisation_id: UUID, entity_id: UUID, by: str, now: datetime) -> int:
    """Everything that makes this entity one with others is decided the other way; returns how many decisions that were."""
    cursor = await connection.execute(
        """UPDATE graph_merges g SET state = 'different', decided_at = %s, decided_by = %s FROM graph_entities e
           WHERE e.organisation_id = %s AND e.id = %s AND g.organisation_id = e.organisation_id AND g.type = e.type
             AND g.state = 'same' AND e.key IN (g.key_a, g.key_b)""",
        (now, by, organisation_id, entity_id),
    )
    return cursor.rowcount


async def drop_stale(connection: Connection, organisation_id: UUID) -> None:
    """Proposals about what is not there any more."""
    await connection.execute(
        """DELETE FROM graph_merges g WHERE g.organisation_id = %s AND g.state = 'proposed' AND (
             NOT EXISTS (SELECT FROM graph_entities e WHERE e.organisation_id = g.organisation_id AND e.type = g.type AND e.key = g.key_a)
             OR NOT EXISTS (SELECT FROM graph_entities e WHERE e.organisation_id = g.organisation_id AND e.type = g.type AND e.key = g.key_b))""",
        (organisation_id,),
    )


async def pairs(
    connection: Connection,
    organisation_id: UUID,
    state: MergeState,
    *,
    offset: int,
    limit: int,
    merge_id: UUID | None = None,
) -> list[tuple[UUID, MergeState, MergeReason, float, UUID, UUID]]:
    """A page of proposals or decisions with the ids of both entities, the surest first; ``merge_id``: that one alone."""
    one = "AND g.id = %(one)s" if merge_id is not None else "AND g.state = %(state)s"
    cursor = await connection.execute(
        f"""SELECT g.id, g.state, g.reason, g.confidence, a.id, b.id FROM graph_merges g
           JOIN graph_entities a ON a.organisation_id = g.organisation_id AND a.type = g.type AND a.key = g.key_a
           JOIN graph_entities b ON b.organisation_id = g.organisation_id AND b.type = g.type AND b.key = g.key_b
           WHERE g.organisation_id = %(org)s {one} ORDER BY g.confidence DESC, g.id OFFSET %(offset)s LIMIT %(limit)s""".encode(),
        {"org": organisation_id, "state": state, "one": merge_id, "offset": offset, "limit": limit},
    )
    return list(await cursor.fetchall())


async def count(connection: Connection, organisation_id: UUID, state: MergeState) -> int:
    """How many there are."""
    cursor = await connection.execute(
        "SELECT count(*) FROM graph_merges WHERE organisation_id = %s AND state = %s", (organisation_id, state)
    )
    row = await cursor.fetchone()
    return row[0] if row else 0
