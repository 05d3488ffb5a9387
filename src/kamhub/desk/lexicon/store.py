"""SQL of words. In the tenant scope."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from uuid import UUID

from kamhub.desk.lexicon.types import LexiconWord, Word
from kamhub.platform.database.pool import Connection


async def lock(connection: Connection, organisation_id: UUID) -> None:
    """Nobody else adds words to that organisation, or takes some out, until the transaction ends."""
    await connection.execute(
        "SELECT pg_advisory_xact_lock(hashtextextended('lexicon:' || %s::text, 0))", (organisation_id,)
    )


async def ids_of(connection: Connection, organisation_id: UUID, stems: Sequence[str]) -> dict[str, int]:
    """The ids of those that are known, by stem."""
    rows = await connection.execute(
        "SELECT stem, id FROM lexicon_words WHERE organisation_id = %s AND stem = ANY (%s)",
        (organisation_id, list(stems)),
    )
    return dict(await rows.fetchall())


async def add(
    connection: Connection, organisation_id: UUID, words: Sequence[Word], vectors: Mapping[str, bytes]
) -> dict[str, int]:
    """Add words; ``vectors`` by stem. Returns their ids by stem."""
    rows = await connection.execute(
        "INSERT INTO lexicon_words (organisation_id, stem, word, vector) "
        "SELECT %s, * FROM unnest(%s::text[], %s::text[], %s::bytea[]) "
        "ON CONFLICT (organisation_id, stem) DO UPDATE SET word = lexicon_words.word RETURNING stem, id",
        (
            organisation_id,
            [word.stem for word in words],
            [word.form for word in words],
            [vectors.get(word.stem) for word in words],
        ),
    )
    return dict(await rows.fetchall())


async def wordless_chunks(
    connection: Connection, organisation_id: UUID, source: tuple[str, UUID] | None, limit: int
) -> list[tuple[UUID, str, str]]:
    """``id, context, text`` of chunks whose words are not known yet; of that asset or article, or of all of them."""
    of = f"AND c.{source[0]}_id = %(source)s" if source else ""
    rows = await connection.execute(
        f"""SELECT c.id, c.context, c.text FROM chunks c WHERE c.organisation_id = %(organisation)s {of} AND NOT EXISTS (
              SELECT FROM chunk_words w WHERE w.organisation_id = c.organisation_id AND w.chunk_id = c.id)
            ORDER BY c.id LIMIT %(limit)s""".encode(),
        {"organisation": organisation_id, "source": source[1] if source else None, "limit": limit},
    )
    return await rows.fetchall()


async def wordless(connection: Connection, organisation_id: UUID, source: tuple[str, UUID] | None) -> int:
    """How many those are."""
    of = f"AND c.{source[0]}_id = %(source)s" if source else ""
    rows = await connection.execute(
        f"""SELECT count(*) FROM chunks c WHERE c.organisation_id = %(organisation)s {of} AND NOT EXISTS (
              SELECT FROM chunk_words w WHERE w.organisation_id = c.organisation_id AND w.chunk_id = c.id)""".encode(),
        {"organisation": organisation_id, "source": source[1] if source else None},
    )
    row = await rows.fetchone()
    return int(row[0]) if row else 0


async def keep_words(
    connection: Connection, organisation_id: UUID, chunks: Sequence[tuple[UUID, Sequence[int], bytes]]
) -> None:
    """Write down the words and sentences of chunks; a chunk that is gone meanwhile, or has them already, is passed over."""
    # One statement, so that the words are counted once for all.
    await connection.execute(
        """INSERT INTO chunk_words (organisation_id, chunk_id, words, sentences)
           SELECT c.organisation_id, c.id, coalesce(string_to_array(nullif(given.words, ''), ',')::integer[], '{}'), given.sentences
           FROM unnest(%s::uuid[], %s::text[], %s::bytea[]) AS given (id, words, sentences)
           JOIN chunks c ON c.organisation_id = %s AND c.id = given.id
           ON CONFLICT DO NOTHING""",
        (
            [chunk_id for chunk_id, _, _ in chunks],
            [",".join(map(str, ids)) for _, ids, _ in chunks],
            [sentences for _, _, sentences in chunks],
            organisation_id,
        ),
    )


async def state(connection: Connection, organisation_id: UUID) -> tuple[int, int]:
    """``version, chunks``: what changes with every change, and how many chunks have their words written down; 0 without any."""
    rows = await connection.execute(
        "SELECT version, chunks FROM lexicons WHERE organisation_id = %s", (organisation_id,)
    )
    row = await rows.fetchone()
    return (row[0], row[1]) if row else (0, 0)


async def words(connection: Connection, organisation_id: UUID, after: int) -> list[LexiconWord]:
    """The words with higher ids than that, by id."""
    rows = await connection.execute(
        "SELECT id, stem, word, chunks, coalesce(vector, '') FROM lexicon_words WHERE organisation_id = %s AND id > %s ORDER BY id",
        (organisation_id, after),
        binary=True,
    )
    return [LexiconWord(*row) for row in await rows.fetchall()]


async def counts(connection: Connection, organisation_id: UUID) -> dict[int, int]:
    """In how many chunks each word is, by id."""
    rows = await connection.execute(
        "SELECT id, chunks FROM lexicon_words WHERE organisation_id = %s", (organisation_id,), binary=True
    )
    return dict(await rows.fetchall())


async def remove_unused(connection: Connection, organisation_id: UUID) -> int:
    """Take out the words that no chunk has any more; returns how many. Only behind ``lock``."""
    done = await connection.execute(
        "DELETE FROM lexicon_words WHERE organisation_id = %s AND chunks <= 0", (organisation_id,)
    )
    return done.rowcount
