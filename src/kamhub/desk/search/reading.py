"""Having the best that was found read beside the question, where a reranker is set."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from uuid import UUID

import structlog

from kamhub.desk.reranking import rules as reading_rules
from kamhub.desk.reranking.types import MOST_PASSAGES, RerankerUnavailable
from kamhub.desk.search import rules
from kamhub.desk.search.types import Found, Hit
from kamhub.desk.services import Desk

log = structlog.get_logger("kamhub.search")


def most_of(desk: Desk, limit: int) -> int:
    """How many of the best a search has to have at hand to give back ``limit``."""
    return limit if desk.reranker is None else max(limit, MOST_PASSAGES)


async def judged_by_reading(desk: Desk, organisation_id: UUID, question: str, found: Found, limit: int) -> Found:
    """What was found as a reader judges it; as it is where none is set or it cannot be asked now. The first ``limit``.

    Never call it inside an open transaction: it calls another system.
    """
    relevance = await relevance_of(desk, organisation_id, question, found.hits[:MOST_PASSAGES])
    if desk.reranker is None or relevance is None:
        return replace(found, hits=found.hits[:limit])
    return _as_read(found.hits, relevance, desk.reranker.enough, limit)


async def relevance_of(desk: Desk, organisation_id: UUID, question: str, hits: Sequence[Hit]) -> list[float] | None:
    """How far each answers, 0 to 1, in their order; None where nobody reads."""
    if desk.reranker is None or not hits:
        return None
    passages = ["\n".join(filter(None, (hit.context, hit.text))) for hit in hits]
    try:
        relevance = await desk.reranker.relevance(question, passages)
    except RerankerUnavailable as error:
        log.warning("search_without_reading", model=desk.reranker.model, reason=str(error))
        await desk.hub.calls.failed(organisation_id, "reranking", str(error))
        return None
    await desk.hub.calls.answered(organisation_id, "reranking")
    return relevance


def _as_read(hits: Sequence[Hit], relevance: Sequence[float], enough: float, limit: int) -> Found:
    """In the order of what was read, each with its own relevance for a score; the best of those shown says how likely an answer is."""
    read, likely = [], 0.0
    for place in reading_rules.in_order(relevance, enough)[:limit]:
        hit, score = hits[place], reading_rules.score(relevance[place], enough)
        by = (*hit.found_by, "reading") if score >= rules.GOOD_ENOUGH else hit.found_by
        read.append(replace(hit, score=round(score, 4), found_by=by))
        likely = max(likely, score)
    return Found(tuple(read), likely >= rules.GOOD_ENOUGH, likely)
