"""Sources with chunks as the pipeline leaves them, and what the graph holds."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from datetime import timedelta
from uuid import UUID

from kamhub.desk.graph.services import Graphing
from kamhub.desk.knowledge.types import Source
from kamhub.hub.services import Hub
from kamhub.kit.ids import new_id
from tests.builders import CATALOGUE, Operator, World

PLACES = (
    ("airport-x", "Аэропорт Елизово", "Yelizovo Airport", "Выход из зала прилёта", "Arrivals exit"),
    ("yelizovo", "Елизово", "Yelizovo", "Автостанция", "Bus station"),
    ("petropavlovsk", "Петропавловск-Камчатский", "Petropavlovsk-Kamchatsky", None, None),
    ("paratunka", "Паратунка", "Paratunka", "Остановка у санатория", "Sanatorium stop"),
    ("mutnovsky", "Начало тропы к вулкану Мутновский", "Mutnovsky volcano trailhead", None, None),
    ("esso", "Эссо", "Esso", None, None),
)  # fmt: skip


def furnish(world: World) -> dict[str, UUID]:
    """Places of Kamchatka in the catalogue, and a route of the main operator from the airport to Paratunka."""
    made = {}
    for slug, russian, english, meeting_ru, meeting_en in PLACES:
        made[slug] = new_id()
        world.execute(
            "INSERT INTO places (organisation_id, id, slug, name_ru, name_en, latitude, longitude, meeting_point_ru, meeting_point_en) "
            "VALUES (%s, %s, %s, %s, %s, 53, 158, %s, %s)",
            CATALOGUE, made[slug], slug, russian, english, meeting_ru, meeting_en,
        )  # fmt: skip
    for operator in (world.main, world.other):
        made[f"route-{operator.slug}"] = route = new_id()
        world.execute(
            "INSERT INTO routes (organisation_id, id, name) VALUES (%s, %s, 'Аэропорт — Паратунка')", operator.id, route
        )
        for position, slug in enumerate(("airport-x", "yelizovo", "paratunka")):
            world.execute(
                "INSERT INTO route_stops VALUES (%s, %s, %s, %s, %s, %s)",
                operator.id, route, position, CATALOGUE, made[slug], position * 30,
            )  # fmt: skip
    return made


def write(
    world: World, operator: Operator, title: str, *pieces: str | tuple[str, str], source: Source | None = None
) -> Source:
    """A document with these pieces (a text, or a context and a text); with ``source`` its pieces are those now, and what
    has not changed keeps its id."""
    asset = source.id if source else new_id()
    if source is None:
        world.execute(
            "INSERT INTO assets (organisation_id, id, kind, name, digest, status, progress, created_at, created_by, changed_at) "
            "VALUES (%s, %s, 'file', %s, %s, 'completed', 100, %s, 'x', %s)",
            operator.id, asset, title, hashlib.sha256(asset.bytes).digest(), world.now, world.now,
        )  # fmt: skip
    wanted = [("", piece) if isinstance(piece, str) else piece for piece in pieces]
    had = {row[0]: row[1] for row in world.rows("SELECT digest, id FROM chunks WHERE asset_id = %s", asset)}
    digests = [_digest(*piece) for piece in wanted]
    world.execute("DELETE FROM chunks WHERE asset_id = %s AND NOT digest = ANY (%s)", asset, digests)
    world.execute("UPDATE chunks SET ordinal = ordinal + 100000 WHERE asset_id = %s", asset)
    for ordinal, ((context, text), digest) in enumerate(zip(wanted, digests, strict=True)):
        if digest in had:
            world.execute("UPDATE chunks SET ordinal = %s WHERE id = %s", ordinal, had[digest])
        else:
            chunk(world, operator, asset, ordinal, title, context, text)
    return source or Source("asset", asset, title)


def chunk(world: World, operator: Operator, asset: UUID, ordinal: int, title: str, context: str, text: str) -> UUID:
    """One chunk of a document."""
    number = new_id()
    language = "ru" if any("а" <= letter <= "я" for letter in text.lower()) else "en"
    world.execute(
        "INSERT INTO chunks (organisation_id, id, asset_id, ordinal, digest, title, context, text, language, position) "
        "VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, '{\"page\": 2}')",
        operator.id, number, asset, ordinal, _digest(context, text), title, context, text, language,
    )  # fmt: skip
    return number


def _digest(context: str, text: str) -> bytes:
    return hashlib.sha256(f"{context}\n{text}".encode()).digest()


def services(hub: Hub) -> Graphing:
    """The graph without a language model."""
    return Graphing(hub)


ENTITIES = "SELECT type, name FROM graph_entities WHERE organisation_id = %s ORDER BY 1, 2"
RELATIONS = """SELECT s.name, r.type, t.name FROM graph_relations r
    JOIN graph_entities s ON s.id = r.source_id JOIN graph_entities t ON t.id = r.target_id WHERE r.organisation_id = %s ORDER BY 1, 2, 3"""


def names(world: World, operator: Operator, of: str) -> list[str]:
    """The names of the entities of a type."""
    return [str(name) for kind, name in world.rows(ENTITIES, operator.id) if kind == of]


def ties(world: World, operator: Operator) -> set[tuple[object, ...]]:
    """The relations by the names of their ends."""
    return set(world.rows(RELATIONS, operator.id))


def whole(world: World, operator: Operator) -> dict[str, Sequence[tuple[object, ...]]]:
    """Everything in the graph of an operator, ids included."""
    return {
        table: world.rows(f"SELECT * FROM {table} t WHERE organisation_id = %s ORDER BY t::text", operator.id)
        for table in ("graph_entities", "graph_mentions", "graph_relations", "graph_evidence", "graph_merges")
    }


LATER = timedelta(days=1)
