"""Giving the pieces of what an organisation knows their vectors."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from uuid import UUID

from kamhub.desk.embedding import store
from kamhub.desk.embedding.rules import embedded_text
from kamhub.desk.embedding.types import Embedder
from kamhub.desk.knowledge.types import Source
from kamhub.desk.lexicon import actions as lexicon
from kamhub.desk.lexicon import store as words_store
from kamhub.platform.database.pool import Database

# Chunks of one transaction: what a killed run has to do again, and a body that an API takes.
AT_A_TIME = 32

SayProgress = Callable[[int, int], Awaitable[None]]


async def embed_missing(
    database: Database,
    embedders: Sequence[Embedder],
    organisation_id: UUID,
    source: Source | None,
    say: SayProgress,
) -> int:
    """Give every chunk of a source (of all sources when None) its words and a vector of each model that it lacks.

    Returns how many vectors were made. Each batch is committed, and no transaction is open while an embedder works: who is
    killed goes on where it was. ``say(done, total)`` is told of every batch of either. Raises ``EmbedderUnavailable``.
    """
    of = (source.kind, source.id) if source else None
    async with database.tenant(organisation_id) as connection:
        total = await words_store.wordless(connection, organisation_id, of)
        for embedder in embedders:
            total += (await store.missing(connection, organisation_id, embedder.model, of))[0]
    progress = _Progress(total, say)
    # Beside the vectors: each is a thread with another processor's work, and an API is mostly waited for.
    words = asyncio.create_task(lexicon.keep_missing(database, organisation_id, source, progress.add))
    try:
        made = 0
        for embedder in embedders:
            while some := await _embed_some(database, embedder, organisation_id, of):
                made += some
                await progress.add(some)
    except BaseException:
        words.cancel()
        await asyncio.gather(words, return_exceptions=True)  # it may have ended for the same reason
        raise
    await words
    return made


class _Progress:
    """Counts what both do."""

    def __init__(self, total: int, say: SayProgress) -> None:
        self._total = total
        self._say = say
        self._done = 0

    async def add(self, count: int) -> None:
        """Tell of so many more. Others may have given the source more chunks meanwhile."""
        self._done += count
        await self._say(self._done, max(self._total, self._done))


async def _embed_some(
    database: Database, embedder: Embedder, organisation_id: UUID, of: tuple[str, UUID] | None
) -> int:
    async with database.tenant(organisation_id) as connection:
        chunks = await store.chunks_without(connection, organisation_id, embedder.model, of, AT_A_TIME)
    if not chunks:
        return 0
    vectors = await embedder.texts([embedded_text(context, text) for _, context, text in chunks])
    async with database.tenant(organisation_id) as connection:
        rows = [(chunk[0], vector) for chunk, vector in zip(chunks, vectors, strict=True)]
        await store.keep(connection, organisation_id, embedder.model, embedder.dimension, rows)
    return len(chunks)
