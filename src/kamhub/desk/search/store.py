"""SQL of search. In the tenant scope.

A scope is ``{"organisation", "categories", "language"}``: None for categories or language is any.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from kamhub.desk.search.types import Hit
from kamhub.hub.place.types import CATALOGUE
from kamhub.platform.database.pool import Connection

# What chunks ``c`` the question may be answered from.
_SCOPE = """(%(categories)s::uuid[] IS NULL OR c.category_id = ANY (%(categories)s))
  AND (%(language)s::text IS NULL OR c.language = %(language)s)"""

_AGENT = """
SELECT a.all_categories, array(SELECT category_id FROM agent_categories k
  WHERE k.organisation_id = a.organisation_id AND k.agent_id = a.id)
FROM agents a WHERE a.organisation_id = %s AND a.id = %s"""

_BELOW = """
WITH RECURSIVE tree AS (
  SELECT id FROM knowledge_categories WHERE organisation_id = %(organisation)s AND id = ANY (%(roots)s)
  UNION SELECT k.id FROM knowledge_categories k JOIN tree ON k.parent_id = tree.id WHERE k.organisation_id = %(organisation)s
)
SELECT id FROM tree"""

_WORDED = f"""
SELECT w.chunk_id, w.words FROM chunks_with_words(%(words)s::integer[]) w
WHERE EXISTS (SELECT FROM chunks c WHERE c.organisation_id = %(organisation)s AND c.id = w.chunk_id AND {_SCOPE})"""

_WORDED_ANYWHERE = "SELECT chunk_id, words FROM chunks_with_words(%(words)s::integer[])"

_NEAR = f"""
SELECT v.chunk_id FROM chunk_vectors v
WHERE v.organisation_id = %(organisation)s AND v.model = %(model)s AND (%(everywhere)s OR EXISTS (
  SELECT FROM chunks c WHERE c.organisation_id = v.organisation_id AND c.id = v.chunk_id AND {_SCOPE}))
ORDER BY v.embedding <=> %(vector)s::halfvec LIMIT %(most)s"""

_NEAR_IN_EACH_LANGUAGE = f"""
SELECT chunk_id FROM (
  SELECT v.chunk_id, row_number() OVER (PARTITION BY c.language ORDER BY v.embedding <=> %(vector)s::halfvec) AS place
  FROM chunk_vectors v JOIN chunks c ON c.organisation_id = v.organisation_id AND c.id = v.chunk_id
  WHERE v.organisation_id = %(organisation)s AND v.model = %(model)s AND {_SCOPE}
) near WHERE place <= %(most)s"""


_NEAR_BY_INDEX = f"""
SELECT v.chunk_id FROM chunk_vectors v
WHERE v.organisation_id = %(organisation)s AND v.model = %(model)s AND v.dimension = {{dimension}}
  AND EXISTS (SELECT FROM chunks c WHERE c.organisation_id = v.organisation_id AND c.id = v.chunk_id AND {_SCOPE})
ORDER BY v.embedding::halfvec({{dimension}}) <=> %(vector)s::halfvec({{dimension}}) LIMIT %(most)s"""
# Those there is an index of; see migration 0023.
INDEXED = frozenset({384, 512, 768, 1024, 1536, 3072})


async def agent(connection: Connection, organisation_id: UUID, agent_id: UUID) -> tuple[bool, list[UUID]] | None:
    """Whether an agent knows everything, and its categories; None when there is no such agent."""
    rows = await connection.execute(_AGENT, (organisation_id, agent_id))
    row = await rows.fetchone()
    return (row[0], row[1]) if row else None


async def below(connection: Connection, organisation_id: UUID, roots: Sequence[UUID]) -> list[UUID]:
    """Those categories with everything below them; those that do not exist are left out."""
    rows = await connection.execute(_BELOW, {"organisation": organisation_id, "roots": list(roots)})
    return [row[0] for row in await rows.fetchall()]


async def names(connection: Connection, organisation_id: UUID) -> list[tuple[str, str]]:
    """What the places of the organisation and of the catalogue are called, in Russian and in English."""
    rows = await connection.execute(
        "SELECT name_ru, name_en FROM places WHERE organisation_id = ANY (%s)", ([organisation_id, CATALOGUE],)
    )
    return await rows.fetchall()


async def worded(connection: Connection, scope: Mapping[str, Any], words: Sequence[int]) -> list[tuple[UUID, bytes]]:
    """Chunks that have one of those words: their ids and the words of each, as the wire has an array."""
    query = _WORDED_ANYWHERE if _everywhere(scope) else _WORDED
    rows = await connection.execute(query.encode(), {**scope, "words": list(words)}, binary=True)
    return await rows.fetchall()


def _everywhere(scope: Mapping[str, Any]) -> bool:
    return scope["categories"] is None and scope["language"] is None


async def near(connection: Connection, scope: Mapping[str, Any], model: str, vector: str, most: int) -> list[UUID]:
    """The chunks nearest to a question."""
    asked = {**scope, "everywhere": _everywhere(scope), "model": model, "vector": vector, "most": most}
    rows = await connection.execute(_NEAR.encode(), asked, binary=True)
    return [row[0] for row in await rows.fetchall()]


async def near_in_each_language(
    connection: Connection, scope: Mapping[str, Any], model: str, vector: str, most: int
) -> list[UUID]:
    """The same, so many of each language: for a model that prefers the language of the question."""
    asked = {**scope, "model": model, "vector": vector, "most": most}
    rows = await connection.execute(_NEAR_IN_EACH_LANGUAGE.encode(), asked, binary=True)
    return [row[0] for row in await rows.fetchall()]


async def near_by_index(
    connection: Connection, scope: Mapping[str, Any], model: str, dimension: int, vector: str, most: int
) -> list[UUID]:
    """The same by the index, nearly exact: for organisations that know so much that comparing with everything takes too long."""
    # Goes on until enough are of the organisation and in the scope, however many are not.
    await connection.execute("SET LOCAL hnsw.iterative_scan = relaxed_order")
    await connection.execute("SET LOCAL hnsw.ef_search = 100")
    query = _NEAR_BY_INDEX.format(dimension=int(dimension))
    found: list[UUID] = []
    for language in [scope["language"]] if scope["language"] else ["ru", "en"]:
        asked = {**scope, "language": language, "model": model, "vector": vector, "most": most}
        rows = await connection.execute(query.encode(), asked, binary=True)
        found += [row[0] for row in await rows.fetchall()]
    return found


async def looked_at(
    connection: Connection, organisation_id: UUID, chunks: Sequence[UUID], vectors: Mapping[str, str]
) -> list[tuple[Any, ...]]:
    """``id, language, words as the wire has them, sentences`` of chunks, and for each of the models how near they are (None without a
    vector)."""
    nearness = "".join(
        f""", (SELECT 1 - (v.embedding <=> %(vector{number})s::halfvec) FROM chunk_vectors v
              WHERE v.organisation_id = c.organisation_id AND v.chunk_id = c.id AND v.model = %(model{number})s)"""
        for number, _ in enumerate(vectors)
    )
    asked: dict[str, Any] = {"organisation": organisation_id, "chunks": list(chunks)}
    for number, (model, vector) in enumerate(vectors.items()):
        asked |= {f"model{number}": model, f"vector{number}": vector}
    rows = await connection.execute(
        f"""SELECT c.id, c.language, array_send(coalesce(w.words, '{{}}')), coalesce(w.sentences, ''){nearness}
            FROM chunks c LEFT JOIN chunk_words w ON w.organisation_id = c.organisation_id AND w.chunk_id = c.id
            WHERE c.organisation_id = %(organisation)s AND c.id = ANY (%(chunks)s)""".encode(),
        asked,
        binary=True,
    )
    return await rows.fetchall()


async def hits(connection: Connection, organisation_id: UUID, chunks: Sequence[UUID]) -> dict[UUID, Hit]:
    """Those chunks as they are shown, without score and arms."""
    rows = await connection.execute(
        "SELECT id, asset_id, article_id, title, context, text, language, position FROM chunks "
        "WHERE organisation_id = %s AND id = ANY (%s)",
        (organisation_id, list(chunks)),
    )
    found: dict[UUID, Hit] = {}
    for chunk, asset, article, title, context, text, language, position in await rows.fetchall():
        found[chunk] = Hit(chunk, asset, article, title, context, text, language, position, 0.0, ())
    return found
