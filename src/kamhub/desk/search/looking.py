"""Looking for pieces: the candidates of every arm, and what is to be known of each to rank them."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

import numpy as np
import structlog

from kamhub.desk.embedding.local import LocalUse
from kamhub.desk.embedding.rules import as_text
from kamhub.desk.embedding.types import Embedder, EmbedderUnavailable
from kamhub.desk.lexicon.lexicon import Lexicon
from kamhub.desk.lexicon.meaning import Matrix
from kamhub.desk.search import ranking, store
from kamhub.desk.search.ranking import Looked, Texts
from kamhub.desk.search.understanding import Understood
from kamhub.platform.database.pool import Connection

log = structlog.get_logger("kamhub.search")

MOST_WORDED = 1_000  # chunks that are read because of their words
MOST_OF_AN_ARM = 30
MOST_COMPARED = 20_000  # chunks of an organisation that a question is compared with one by one
_LEAST_ALIKE = 0.25


async def vectors_of(embedders: Sequence[Embedder], text: str) -> dict[str, str]:
    """The vectors of a question by model; of an embedder that cannot be asked now there is none, and the others do."""
    made: dict[str, str] = {}
    for embedder, vector in zip(
        embedders, await asyncio.gather(*(_vector(each, text) for each in embedders)), strict=True
    ):
        if vector is not None:
            made[embedder.model] = vector
    return made


async def _vector(embedder: Embedder, text: str) -> str | None:
    try:
        return as_text(await embedder.question(text))
    except EmbedderUnavailable:
        log.warning("search_without_model", model=embedder.model)
        return None


def words_to_look_for(understood: Understood, lexicon: Lexicon, most: int = MOST_WORDED) -> list[int]:
    """Ids of words whose chunks are read, those that tell most first, until that many chunks are to be read."""
    if not understood.words or not len(lexicon.ids):
        return []
    worth = (understood.alike * understood.rarity[:, None]).max(axis=0)
    worth[understood.alike.max(axis=0) < _LEAST_ALIKE] = 0
    order = np.argsort(-worth, kind="stable")[: int((worth > 0).sum())]
    reading = np.cumsum(lexicon.counts[order])
    taken = order[: max(1, int((reading <= most).sum()))]
    return [int(number) for number in lexicon.ids[taken]]


async def look(
    connection: Connection,
    scope: Mapping[str, Any],
    understood: Understood,
    lexicon: Lexicon,
    vectors: Mapping[str, str],
) -> Looked:
    """The candidates of all arms with what is to be known of each."""
    organisation: UUID = scope["organisation"]
    words = words_to_look_for(understood, lexicon)
    worded = await store.worded(connection, scope, words) if words else []
    texts = Texts.of([row[1] for row in worded], lexicon)
    covered = ranking.covered(understood, ranking.best_in_each(understood, texts))
    order = np.argsort(-covered, kind="stable")[: 2 * MOST_OF_AN_ARM]
    chosen = {worded[int(place)][0]: None for place in order}
    for model, vector in vectors.items():
        chosen |= dict.fromkeys(await _near(connection, scope, lexicon.chunks, model, vector))
    rows = await store.looked_at(connection, organisation, list(chosen), vectors)
    return judged(rows, understood, lexicon, list(vectors), _numbers(vectors.get(LocalUse.model)))


def _numbers(vector: str | None) -> Matrix | None:
    return None if vector is None else np.array([json.loads(vector)], dtype=np.float32)


async def _near(connection: Connection, scope: Mapping[str, Any], chunks: int, model: str, vector: str) -> list[UUID]:
    dimension = vector.count(",") + 1
    if chunks > MOST_COMPARED and dimension in store.INDEXED:
        return await store.near_by_index(connection, scope, model, dimension, vector, MOST_OF_AN_ARM)
    if model == LocalUse.model:
        return await store.near(connection, scope, model, vector, 2 * MOST_OF_AN_ARM)
    return await store.near_in_each_language(connection, scope, model, vector, MOST_OF_AN_ARM)


def judged(
    rows: Sequence[Sequence[Any]],
    understood: Understood,
    lexicon: Lexicon,
    models: Sequence[str],
    question: Matrix | None,
) -> Looked:
    """What rows of ``store.looked_at`` tell. Without the vector of the question no sentence is near it."""
    texts = Texts.of([row[2] for row in rows], lexicon)
    best = ranking.best_in_each(understood, texts)
    near = {
        model: np.array([np.nan if row[4 + number] is None else row[4 + number] for row in rows], dtype=np.float64)
        for number, model in enumerate(models)
    }
    return Looked(
        tuple(row[0] for row in rows),
        tuple(row[1] for row in rows),
        best,
        ranking.covered(understood, best),
        ranking.together(understood, texts),
        near,
        ranking.best_sentences(question, [row[3] for row in rows]) if question is not None else np.zeros(len(rows)),
    )
