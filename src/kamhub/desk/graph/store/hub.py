"""What the network and fleet know."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from kamhub.desk.graph.types import HubFacts, HubRows
from kamhub.kit.ids import new_id
from kamhub.platform.database.pool import Connection

CATALOGUE = UUID(int=0)


async def rows(connection: Connection, organisation_id: UUID) -> HubRows:
    """Everything of the hub that the graph has; archived things are not in it."""

    async def read(query: str, *values: object) -> tuple[Any, ...]:
        return tuple(await (await connection.execute(query.encode(), values)).fetchall())

    organisation = await read("SELECT name_ru, name_en FROM organisations WHERE id = %s", organisation_id)
    return HubRows(
        organisation=organisation[0],
        places=await read(
            """SELECT id, organisation_id = %s, slug, name_ru, name_en, meeting_point_ru, meeting_point_en FROM places
               WHERE organisation_id IN (%s, %s) AND archived_at IS NULL ORDER BY 2 DESC, slug""",
            organisation_id,
            organisation_id,
            CATALOGUE,
        ),
        routes=await read(
            "SELECT id, name FROM routes WHERE organisation_id = %s AND archived_at IS NULL ORDER BY id",
            organisation_id,
        ),
        stops=await read(
            "SELECT route_id, place_id FROM route_stops WHERE organisation_id = %s ORDER BY route_id, position",
            organisation_id,
        ),
        vehicles=await read(
            "SELECT id, model, type FROM vehicles WHERE organisation_id = %s AND archived_at IS NULL ORDER BY id",
            organisation_id,
        ),
        runs=await read(
            """SELECT DISTINCT route_id, vehicle_id FROM timetables WHERE organisation_id = %s AND archived_at IS NULL
               ORDER BY route_id, vehicle_id""",
            organisation_id,
        ),
    )


async def digests(connection: Connection, organisation_id: UUID) -> tuple[bytes | None, bytes | None]:
    """Of the hub's facts in the graph, and of the names with which every source was read."""
    cursor = await connection.execute(
        "SELECT hub_digest, linked_digest FROM graph_states WHERE organisation_id = %s", (organisation_id,)
    )
    row = await cursor.fetchone()
    return row if row is not None else (None, None)


async def set_digest(connection: Connection, organisation_id: UUID, column: str, digest: bytes, now: datetime) -> None:
    """Write ``hub_digest`` or ``linked_digest``."""
    await connection.execute(
        f"""INSERT INTO graph_states (organisation_id, {column}, changed_at) VALUES (%s, %s, %s)
            ON CONFLICT (organisation_id) DO UPDATE SET {column} = excluded.{column}, changed_at = excluded.changed_at""".encode(),
        (organisation_id, digest, now),
    )


async def forget_others(
    connection: Connection, organisation_id: UUID, entities: list[UUID], relations: list[UUID]
) -> None:
    """What of the hub is none of these is the hub's no more; it goes unless a text speaks of it."""
    await connection.execute(
        """UPDATE graph_relations SET hub = false WHERE organisation_id = %s AND hub AND NOT id = ANY (%s)""",
        (organisation_id, relations),
    )
    await connection.execute(
        """DELETE FROM graph_relations r WHERE r.organisation_id = %s AND NOT r.hub AND NOT EXISTS (
             SELECT FROM graph_evidence v WHERE v.organisation_id = r.organisation_id AND v.relation_id = r.id)""",
        (organisation_id,),
    )
    await connection.execute(
        "UPDATE graph_entities SET hub = false, hub_id = NULL WHERE organisation_id = %s AND hub AND NOT id = ANY (%s)",
        (organisation_id, entities),
    )
    await connection.execute(
        """DELETE FROM graph_entities e WHERE e.organisation_id = %s AND NOT e.hub
             AND NOT EXISTS (SELECT FROM graph_mentions m WHERE m.organisation_id = e.organisation_id AND m.entity_id = e.id)
             AND NOT EXISTS (SELECT FROM graph_entities o WHERE o.organisation_id = e.organisation_id AND o.same_as = e.id)""",
        (organisation_id,),
    )


async def put_relations(
    connection: Connection, organisation_id: UUID, ids: dict[tuple[str, str], UUID], facts: HubFacts
) -> list[UUID]:
    """The hub's relations, each once; returns their ids."""
    cursor = await connection.execute(
        """INSERT INTO graph_relations AS r (organisation_id, id, source_id, target_id, type, hub, confidence)
           SELECT %s, t.id, t.source, t.target, t.type, true, 1 FROM unnest(%s::uuid[], %s::uuid[], %s::uuid[], %s::text[])
             AS t (id, source, target, type)
           ON CONFLICT ON CONSTRAINT graph_relations_once DO UPDATE SET hub = true, confidence = 1 RETURNING id""",
        (
            organisation_id,
            [new_id() for _ in facts.ties],
            [ids[source] for source, _, _ in facts.ties],
            [ids[target] for _, target, _ in facts.ties],
            [relation for _, _, relation in facts.ties],
        ),
    )
    return [row[0] for row in await cursor.fetchall()]
