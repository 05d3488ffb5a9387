"""Keeping the words of chunks, and the words of organisations in memory."""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace
from uuid import UUID

from kamhub.desk.knowledge.types import Source
from kamhub.desk.lexicon import store
from kamhub.desk.lexicon.lexicon import Lexicon
from kamhub.desk.lexicon.meaning import KeptMeanings, packed, vectors_of
from kamhub.desk.lexicon.rules import has_meaning, sentences_of, words_of
from kamhub.desk.lexicon.types import LexiconWord, Word
from kamhub.platform.database.pool import Connection, Database

_AT_A_TIME = 64
_MEANINGS = KeptMeanings()


async def _say_nothing(chunks: int) -> None:
    """Nobody asked."""


async def keep_missing(
    database: Database,
    organisation_id: UUID,
    source: Source | None = None,
    say: Callable[[int], Awaitable[None]] = _say_nothing,
) -> int:
    """Write down the words of every chunk that has none yet, of a source or of all; returns of how many.

    Some chunks at a time, each time a transaction: who is killed goes on where it was. ``say`` is told how many they were.
    """
    kept = 0
    of = (source.kind, source.id) if source else None
    while True:
        async with database.tenant(organisation_id) as connection:
            chunks = await store.wordless_chunks(connection, organisation_id, of, _AT_A_TIME)
        if not chunks:
            return kept
        texts = {chunk_id: list(words_of(f"{context}\n{text}")) for chunk_id, context, text in chunks}
        first = {word.stem: word for words in texts.values() for word in reversed(words)}
        async with database.tenant(organisation_id) as connection:
            known = await store.ids_of(connection, organisation_id, list(first))
        new = [word for stem, word in first.items() if stem not in known]
        meanings = await _meanings(new)
        sentences = await asyncio.to_thread(_sentences, [(context, text) for _, context, text in chunks])
        async with database.tenant(organisation_id) as connection:
            await store.lock(connection, organisation_id)
            ids = await store.ids_of(connection, organisation_id, list(first))
            still_new = [word for word in first.values() if word.stem not in ids]
            if still_new:
                ids |= await store.add(connection, organisation_id, still_new, meanings)
            rows = [
                (chunk_id, [ids[word.stem] for word in words], packs)
                for (chunk_id, words), packs in zip(texts.items(), sentences, strict=True)
            ]
            await store.keep_words(connection, organisation_id, rows)
        kept += len(chunks)
        await say(len(chunks))


async def _meanings(words: Sequence[Word]) -> dict[str, bytes]:
    meaning = [word for word in words if has_meaning(word.form)]
    vectors = await _MEANINGS.of([word.form for word in meaning])
    return {word.stem: vectors[word.form] for word in meaning}


def _sentences(chunks: Sequence[tuple[str, str]]) -> list[bytes]:
    """What the sentences of each chunk mean."""
    texts = [sentences_of(text) or [context or text] for context, text in chunks]
    rows = iter(packed(vectors_of([sentence for each in texts for sentence in each])))
    return [b"".join(next(rows) for _ in each) for each in texts]


async def forget_unused(database: Database, organisation_id: UUID) -> int:
    """Take out words that no chunk has any more; returns how many."""
    async with database.tenant(organisation_id) as connection:
        await store.lock(connection, organisation_id)
        return await store.remove_unused(connection, organisation_id)


class Lexicons:
    """The words of the organisations that were asked for lately; a process has one of these."""

    def __init__(self, most_words: int = 250_000) -> None:
        self._most = most_words
        self._rows: OrderedDict[UUID, tuple[Lexicon, list[LexiconWord]]] = OrderedDict()
        self._locks: dict[UUID, asyncio.Lock] = {}

    async def of(self, connection: Connection, organisation_id: UUID) -> Lexicon:
        """The words of that organisation as they are now, read in the caller's transaction."""
        version, chunks = await store.state(connection, organisation_id)
        async with self._locks.setdefault(organisation_id, asyncio.Lock()):
            kept = self._rows.get(organisation_id)
            if kept is None or kept[0].version != version:
                kept = await self._read(connection, organisation_id, version, chunks, kept[1] if kept else [])
                self._rows[organisation_id] = kept
            self._rows.move_to_end(organisation_id)
            self._forget()
        return kept[0]

    async def _read(
        self, connection: Connection, organisation_id: UUID, version: int, chunks: int, known: list[LexiconWord]
    ) -> tuple[Lexicon, list[LexiconWord]]:
        counts = await store.counts(connection, organisation_id)
        new = await store.words(connection, organisation_id, known[-1].id if known else 0)
        # Those that no chunk has now are kept as well: one that comes back has its old id.
        rows = [
            word if word.chunks == counts[word.id] else replace(word, chunks=counts[word.id])
            for word in (*known, *new)
            if word.id in counts
        ]
        used = [word for word in rows if word.chunks > 0]
        return await asyncio.to_thread(Lexicon.of, version, chunks, used), rows

    def _forget(self) -> None:
        while len(self._rows) > 1 and sum(len(rows) for _, rows in self._rows.values()) > self._most:
            gone, _ = self._rows.popitem(last=False)
            self._locks.pop(gone, None)
