"""Estimating and doing a change of the model."""

from __future__ import annotations

import math
import time
from uuid import UUID

from kamhub.desk.embedding import store
from kamhub.desk.embedding.actions import SayProgress, embed_missing
from kamhub.desk.embedding.local import LocalUse
from kamhub.desk.embedding.rules import model_in_use, price_of, tokens_of
from kamhub.desk.embedding.types import Embedder
from kamhub.desk.lexicon.actions import forget_unused
from kamhub.desk.reembedding.types import REEMBED, Estimate
from kamhub.desk.services import Desk
from kamhub.platform.audit import actions as audit
from kamhub.platform.database.pool import Connection
from kamhub.platform.job import queue
from kamhub.platform.job.store import lists
from kamhub.platform.job.store.lists import JobFilter
from kamhub.platform.job.types import JobStatus
from kamhub.platform.person.types import Staff

_FORGOTTEN_AT_ONCE = 1_000
_SAMPLE = "Автобус отправляется от аэропорта Елизово и идёт до Паратунки с остановкой в городе. " * 8


async def estimate(desk: Desk, staff: Staff) -> Estimate:
    """What it takes to have every vector of the models that are set."""
    organisation, first = staff.organisation_id, desk.embedders[0]
    async with desk.hub.database.tenant(organisation) as connection:
        chunks = await store.chunks(connection, organisation)
        missing, characters = await store.missing(connection, organisation, first.model)
        counts = await store.models(connection, organisation)
        running = await _running(connection)
    tokens = tokens_of(characters)
    price = desk.price
    free = 0.0 if price is not None or not missing else await _seconds_a_chunk(first)
    return Estimate(
        model=first.model,
        dimension=first.dimension,
        used=model_in_use(first.model, counts, LocalUse.model),
        chunks=chunks,
        missing=missing,
        tokens=tokens,
        price=price_of(tokens, price.per_million) if price is not None else None,
        currency=price.currency if price is not None else None,
        seconds=math.ceil(missing * free) if price is None else None,
        running=running,
    )


async def _seconds_a_chunk(embedder: Embedder) -> float:
    """Measured here and now, on a text of usual length; what loads the model is not counted."""
    await embedder.question(_SAMPLE[:20])
    begun = time.perf_counter()
    await embedder.texts([_SAMPLE])
    return time.perf_counter() - begun


async def _running(connection: Connection) -> bool:
    statuses: tuple[JobStatus, ...] = ("waiting", "running")
    return any([await lists.jobs(connection, JobFilter(status=status, kind=REEMBED.name), 1, 0) for status in statuses])


async def start(desk: Desk, staff: Staff) -> UUID:
    """Begin; returns the id of the job. One that is begun already does what is left, so a second one finds little to do."""
    organisation, now = staff.organisation_id, desk.hub.clock.now()
    async with desk.hub.database.tenant(organisation) as connection:
        job = await queue.enqueue(connection, REEMBED, organisation_id=organisation, lock=f"reembed:{organisation}")
        await audit.record(
            connection, organisation, staff.trail, "knowledge_embedding.started", "organisation", organisation, now,
            after={"model": desk.embedders[0].model},
        )  # fmt: skip
    return job


async def reembed(desk: Desk, organisation_id: UUID, say: SayProgress) -> int:
    """Make the vectors that are missing, then remove those of other models; returns how many were made.

    Each batch is a transaction of its own: who is killed goes on where it was. Raises ``EmbedderUnavailable``.
    """
    made = await embed_missing(desk.hub.database, desk.embedders, organisation_id, None, say)
    current = {embedder.model for embedder in desk.embedders}
    while True:
        async with desk.hub.database.tenant(organisation_id) as connection:
            others = [model for model in await store.models(connection, organisation_id) if model not in current]
            if not others or not await store.forget(connection, organisation_id, others, _FORGOTTEN_AT_ONCE):
                break
    await forget_unused(desk.hub.database, organisation_id)
    return made
