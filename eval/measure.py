"""What came of every question: in which places the answer was, by each arm and by all together."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from uuid import UUID

import numpy as np

from eval.corpus import Asked
from kamhub.desk.lexicon.keyboard import as_meant
from kamhub.desk.reranking import rules as reading_rules
from kamhub.desk.reranking.types import MOST_PASSAGES
from kamhub.desk.search import rules, store
from kamhub.desk.search.actions import Judged, judge, signals_of
from kamhub.desk.search.looking import vectors_of
from kamhub.desk.search.reading import relevance_of
from kamhub.desk.search.rules import Signals
from kamhub.desk.search.types import Hit, Question
from kamhub.desk.services import Desk

MOST = 5  # passages that count


@dataclass(frozen=True, slots=True)
class Outcome:
    """``found`` and ``first`` are by arm and for ``all``: whether all evidence is in the first five passages, and one divided by the
    place of the first passage with evidence (0 beyond the tenth). ``embedding``, ``seconds`` and ``reading`` are what it took."""

    asked: Asked
    found: dict[str, bool]
    first: dict[str, float]
    answered: bool
    confidence: float
    signals: Signals | None
    embedding: float
    seconds: float
    reading: float = 0.0


async def measure(desk: Desk, organisation: UUID, asked: Sequence[Asked]) -> list[Outcome]:
    """Ask every question."""
    return [await _ask(desk, organisation, each) for each in asked]


async def _ask(desk: Desk, organisation: UUID, asked: Asked) -> Outcome:
    begun = time.perf_counter()
    question = as_meant(asked.question)
    vectors = await vectors_of(desk.embedders, question)
    embedded = time.perf_counter()
    async with desk.hub.database.tenant(organisation) as connection:
        judged = await judge(desk, connection, organisation, Question(question), vectors)
        ended = time.perf_counter()
        if judged is None:
            return Outcome(asked, {}, {}, False, 0.0, None, embedded - begun, ended - embedded)
        pieces = await store.hits(connection, organisation, judged.looked.ids)
    hits = [pieces[chunk] for chunk in judged.looked.ids]
    relevance, reading = await _read(desk, organisation, question, judged, pieces)
    orders = _orders(judged, relevance)
    signals = signals_of(judged, question, pieces[judged.looked.ids[judged.order[0]]].text)
    likely = rules.confidence(signals)
    if desk.reranker is not None and relevance:
        order = reading_rules.in_order(relevance, desk.reranker.enough)
        orders["all"] = [*(orders["all"][place] for place in order), *orders["all"][len(order) :]]
        likely = max(reading_rules.score(relevance[place], desk.reranker.enough) for place in order[:MOST])
    return Outcome(
        asked,
        {arm: _found(asked, [hits[place] for place in order[:MOST]]) for arm, order in orders.items()},
        {arm: _first(asked, [hits[place] for place in order[:10]]) for arm, order in orders.items()},
        likely >= rules.GOOD_ENOUGH,
        likely,
        signals,
        embedded - begun,
        ended - embedded,
        reading,
    )


async def _read(
    desk: Desk, organisation: UUID, question: str, judged: Judged, pieces: Mapping[UUID, Hit]
) -> tuple[list[float], float]:
    """What a reader says of the best, in their order (nothing where nobody reads), and how long it took."""
    if desk.reranker is None:
        return [], 0.0
    begun = time.perf_counter()
    best = [pieces[judged.looked.ids[place]] for place in judged.order[:MOST_PASSAGES]]
    relevance = await relevance_of(desk, organisation, question, best)
    return relevance or [], time.perf_counter() - begun


def _orders(judged: Judged, relevance: Sequence[float]) -> dict[str, list[int]]:
    alone: dict[str, list[int]] = {
        arm: np.argsort(-numbers, kind="stable").tolist() for arm, numbers in judged.arms.items()
    }
    together: list[int] = judged.order.tolist()
    if relevance:
        alone["reading"] = [together[place] for place in np.argsort(-np.array(relevance), kind="stable").tolist()]
    return {**alone, "all": together}


def _plain(text: str) -> str:
    return " ".join(text.split())


def _found(asked: Asked, passages: Sequence[Hit]) -> bool:
    wanted = _wanted(asked)
    return bool(wanted) and all(any(each(passage) for passage in passages) for each in wanted)


def _first(asked: Asked, passages: Sequence[Hit]) -> float:
    wanted = _wanted(asked)
    for place, passage in enumerate(passages, 1):
        if any(each(passage) for each in wanted):
            return 1 / place
    return 0.0


def _wanted(asked: Asked) -> list[Callable[[Hit], bool]]:
    """What has to be found: every evidence, or a piece of the paper where that is all there is in it."""
    if asked.evidence:
        return [partial(_says, _plain(each)) for each in asked.evidence]
    return [partial(_is_of, each) for each in asked.documents]


def _says(evidence: str, hit: Hit) -> bool:
    return evidence in _plain(hit.text)


def _is_of(document: str, hit: Hit) -> bool:
    return hit.title == document
