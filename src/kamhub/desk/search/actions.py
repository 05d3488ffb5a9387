"""Answering a question from what the organisation knows."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any
from uuid import UUID

import numpy as np
from numpy.typing import NDArray

from kamhub.desk.category.types import CategoryNotFound
from kamhub.desk.embedding import store as vector_store
from kamhub.desk.embedding.local import LocalUse
from kamhub.desk.embedding.rules import model_in_use
from kamhub.desk.embedding.types import Embedder
from kamhub.desk.extraction.types import Language
from kamhub.desk.lexicon.keyboard import as_meant
from kamhub.desk.search import rules, store
from kamhub.desk.search.looking import look, vectors_of
from kamhub.desk.search.ranking import Looked, Numbers, ordered
from kamhub.desk.search.reading import judged_by_reading, most_of
from kamhub.desk.search.rules import Signals
from kamhub.desk.search.types import AgentNotFound, Arm, Found, Hit, Question
from kamhub.desk.search.understanding import Names, Understood, stems, understand
from kamhub.desk.services import Desk
from kamhub.platform.database.pool import Connection

_AMONG_THE_BEST = 5  # of an arm: those it is named for


async def search(
    desk: Desk,
    organisation_id: UUID,
    question: str,
    agent_id: UUID | None = None,
    category_id: UUID | None = None,
    language: Language | None = None,
    limit: int = 5,
) -> Found:
    """The pieces that answer a question of 1 to 500 characters, the best first, and whether they do.

    Narrowed to what an agent knows, to a category with everything below it, to a language. Raises ``AgentNotFound`` and
    ``CategoryNotFound``.
    """
    asked = Question(as_meant(question), agent_id, category_id, language, limit)
    vectors = await vectors_of(await _embedders(desk, organisation_id), asked.text)
    async with desk.hub.database.tenant(organisation_id) as connection:
        judged = await judge(desk, connection, organisation_id, asked, vectors)
        if judged is None:
            return Found((), False, 0.0)
        most = most_of(desk, asked.limit)
        chosen = [judged.looked.ids[place] for place in judged.order[:most]]
        pieces = await store.hits(connection, organisation_id, chosen)
    first = pieces.get(chosen[0])
    likely = rules.confidence(signals_of(judged, asked.text, first.text if first else ""))
    found = Found(_hits(pieces, judged, most, likely), likely >= rules.GOOD_ENOUGH, likely)
    return await judged_by_reading(desk, organisation_id, asked.text, found, asked.limit)


async def _embedders(desk: Desk, organisation_id: UUID) -> list[Embedder]:
    """Those with vectors to compare with: while another model is being made ready it is the one before."""

    async def ask() -> Mapping[str, int]:
        async with desk.hub.database.tenant(organisation_id) as connection:
            return await vector_store.models(connection, organisation_id)

    counts = await desk.models.get(organisation_id, ask)
    first, aligned = desk.embedders[0], desk.embedders[-1]
    used = model_in_use(first.model, counts, aligned.model)
    other = first if used == first.model else desk.embedder_of(used)
    return [*([other] if other is not None and other.model != aligned.model else []), aligned]


@dataclass(frozen=True, slots=True)
class Judged:
    """What was looked at, what each arm says of it, the places of the pieces with the best first, and how far each stands out."""

    understood: Understood
    looked: Looked
    arms: dict[Arm, Numbers]
    order: NDArray[np.int64]
    total: Numbers


async def judge(
    desk: Desk, connection: Connection, organisation_id: UUID, asked: Question, vectors: Mapping[str, str]
) -> Judged | None:
    """Everything but the texts; None when nothing is near at all. ``vectors`` are those of the question by model."""
    scope = await _scope(connection, organisation_id, asked)
    lexicon = await desk.lexicons.of(connection, organisation_id)
    understood = understand(asked.text, lexicon, await _names(connection, organisation_id))
    looked = await look(connection, scope, understood, lexicon, vectors)
    if not looked.ids:
        return None
    arms = looked.arms(LocalUse.model)
    order, total = ordered(arms)
    return Judged(understood, looked, arms, order, total)


async def _scope(connection: Connection, organisation_id: UUID, asked: Question) -> dict[str, Any]:
    categories: set[UUID] | None = None
    if asked.agent_id is not None:
        knows = await store.agent(connection, organisation_id, asked.agent_id)
        if knows is None:
            raise AgentNotFound
        if not knows[0]:
            categories = set(await store.below(connection, organisation_id, knows[1]))
    if asked.category_id is not None:
        wanted = set(await store.below(connection, organisation_id, [asked.category_id]))
        if not wanted:
            raise CategoryNotFound
        categories = wanted if categories is None else categories & wanted
    return {
        "organisation": organisation_id,
        "categories": None if categories is None else sorted(categories),
        "language": asked.language,
    }


async def _names(connection: Connection, organisation_id: UUID) -> Names:
    return [(stems(russian), stems(english)) for russian, english in await store.names(connection, organisation_id)]


def signals_of(judged: Judged, question: str, first: str) -> Signals:
    """What the first pieces tell about whether they answer; ``first`` is the text of the very first."""
    looked, best = judged.looked, judged.order[:_AMONG_THE_BEST]
    sentences = looked.sentences[best]
    near = looked.near.get(LocalUse.model, np.full(len(looked.ids), np.nan))[best]
    return Signals(
        unsaid=min(_unsaid(judged, place) for place in best.tolist()) * math.log(len(looked.ids)),
        # Words and sentences of a new piece are often there before its vector.
        near=float(np.where(np.isnan(near), sentences, near).max()),
        sentence=float(sentences.max()),
        kind=float(rules.has_what_is_asked(question, first)),
    )


def _unsaid(judged: Judged, place: int) -> float:
    """How much of the question its one word tells that the piece says least of."""
    rarity = judged.understood.rarity
    if not rarity.sum():
        return 1.0
    left = 1 - judged.looked.best[place]
    return float((left * rarity).max() / rarity.sum())


def _hits(pieces: dict[UUID, Hit], judged: Judged, limit: int, likely: float) -> tuple[Hit, ...]:
    """In their order; the first has the confidence for its score, the others less as they stand out less."""
    first = float(judged.total[judged.order[0]])
    leaders = {
        arm: set(np.argsort(-numbers, kind="stable")[:_AMONG_THE_BEST].tolist()) for arm, numbers in judged.arms.items()
    }
    found = []
    for place in judged.order[:limit].tolist():
        piece = pieces.get(judged.looked.ids[place])
        if piece is not None:
            by = tuple(arm for arm in judged.arms if place in leaders[arm])
            score = likely * float(np.exp((float(judged.total[place]) - first) / _AMONG_THE_BEST))
            found.append(replace(piece, score=round(score, 4), found_by=by))
    return tuple(found)
