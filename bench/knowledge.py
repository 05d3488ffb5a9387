"""How long a question takes among a hundred thousand chunks of twenty organisations, and what its embedding takes."""

from __future__ import annotations

import asyncio
import random
import statistics
import struct
import time
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any, cast
from uuid import UUID

import numpy as np
import psycopg
from psycopg.types.json import Jsonb
from rich.console import Console
from rich.table import Table

from bench.servers import scratch_database
from eval.corpus import _Only, _Searching
from kamhub.desk.embedding.local import LocalUse
from kamhub.desk.lexicon.meaning import packed
from kamhub.desk.lexicon.rules import stem_of, words_of
from kamhub.desk.search.actions import judge
from kamhub.desk.search.looking import vectors_of
from kamhub.desk.search.types import Question
from kamhub.desk.services import Desk
from kamhub.hub.place.types import CATALOGUE
from kamhub.kit.clock import SystemClock
from kamhub.kit.ids import new_id
from kamhub.platform.database.pool import Database
from kamhub.platform.service_call.notes import CallNotes

CHUNKS, ORGANISATIONS, VOCABULARY = 100_000, 20, 8_000
WORDS_OF_A_CHUNK, SENTENCES_OF_A_CHUNK = 70, 6
ASKED = 200
_HERE, _THERE, _BOTH = "search, processor of the program", "search, processor of the database", "search, both"
_QUESTIONS = (
    "Сколько стоит детское кресло?",
    "Можно ли взять с собой собаку?",
    "How much luggage can I take on the bus?",
    "Что будет, если рейс задержится из-за погоды?",
    "Where does the driver meet passengers at the airport?",
    "Когда отправляется первый автобус до Паратунки?",
    "Is there a refund when the tour is cancelled by wind?",
    "сколко времени едем до вулкана",
)


def seed(url: str) -> list[UUID]:
    """The organisations. Words are as rare as in a text (the n-th is there one n-th as often); vectors are random."""
    chance = np.random.default_rng(1)
    known = sorted({word.form for question in _QUESTIONS for word in words_of(question)})
    forms = [*known, *(f"слово{number}" for number in range(VOCABULARY - len(known)))]
    random.Random(1).shuffle(forms)
    meanings = packed(chance.standard_normal((VOCABULARY, 512)).astype(np.float32))
    often = 1 / np.arange(3, VOCABULARY + 3)
    organisations = [new_id() for _ in range(ORGANISATIONS)]
    with psycopg.connect(url) as connection:
        # Organisations of this size are read without it, and building it takes longer than all the rest.
        connection.execute("DROP INDEX chunk_vectors_near_512")
        connection.execute("DROP INDEX chunk_words_by_word")
        connection.execute("SET synchronous_commit = off")
        for number, organisation in enumerate([CATALOGUE, *organisations]):
            connection.execute(
                "INSERT INTO organisations (id, slug, name_ru, name_en) VALUES (%s, %s, 'x', 'x')",
                (organisation, f"o{number}"),
            )
        for organisation in organisations:
            _fill(connection, organisation, chance, forms, meanings, often / often.sum())
            connection.commit()
        connection.execute("SET maintenance_work_mem = '512MB'")
        connection.execute("CREATE INDEX chunk_words_by_word ON chunk_words USING gin (words) WITH (fastupdate = off)")
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("VACUUM ANALYZE")
    return organisations


def _fill(
    connection: psycopg.Connection,
    organisation: UUID,
    chance: np.random.Generator,
    forms: Sequence[str],
    meanings: Sequence[bytes],
    often: Any,
) -> None:
    run, asset, count = connection.execute, new_id(), CHUNKS // ORGANISATIONS
    run(
        "INSERT INTO assets (organisation_id, id, kind, name, digest, status, created_at, created_by, changed_at) "
        "VALUES (%s, %s, 'file', 'x', sha256('x'), 'pending', now(), 'x', now())",
        (organisation, asset),
    )
    stems = {stem_of(form): (form, meaning) for form, meaning in zip(forms, meanings, strict=True)}
    _copy(
        connection,
        "lexicon_words (organisation_id, stem, word, vector)",
        ("uuid", "text", "text", "bytea"),
        ((organisation, stem, form, meaning) for stem, (form, meaning) in stems.items()),
    )
    ids = np.array(
        [row[0] for row in run("SELECT id FROM lexicon_words WHERE organisation_id = %s ORDER BY id", (organisation,))]
    )
    chunks = [new_id() for _ in range(count)]
    _copy(
        connection,
        "chunks (organisation_id, id, asset_id, ordinal, digest, title, context, text, language, position)",
        ("uuid", "uuid", "uuid", "int4", "bytea", "text", "text", "text", "text", "jsonb"),
        ((organisation, chunk, asset, place, b"x" * 32, "Прайс", "Прайс", "текст " * 130, ("ru", "en")[place % 2], Jsonb({}))
         for place, chunk in enumerate(chunks)),
    )  # fmt: skip
    words = chance.choice(ids, size=(count, WORDS_OF_A_CHUNK), p=often[: len(ids)] / often[: len(ids)].sum())
    sentences = chance.integers(-127, 127, size=(count, SENTENCES_OF_A_CHUNK * 512), dtype=np.int8)
    _copy(
        connection,
        "chunk_words (organisation_id, chunk_id, words, sentences)",
        ("uuid", "uuid", "int4[]", "bytea"),
        (
            (organisation, chunk, row.tolist(), said.tobytes())
            for chunk, row, said in zip(chunks, words, sentences, strict=True)
        ),
    )
    # As halfvec_recv reads them: how many numbers, two empty bytes, halves of a float.
    head = struct.pack(">hh", LocalUse.dimension, 0)
    vectors = chance.standard_normal((count, LocalUse.dimension)).astype(">f2")
    _copy(
        connection,
        "chunk_vectors (organisation_id, chunk_id, model, dimension, embedding)",
        ("uuid", "uuid", "text", "int2", "bytea"),
        (
            (organisation, chunk, LocalUse.model, LocalUse.dimension, head + row.tobytes())
            for chunk, row in zip(chunks, vectors, strict=True)
        ),
    )


def _copy(connection: psycopg.Connection, into: str, types: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
    with connection.cursor() as cursor, cursor.copy(f"COPY {into} FROM STDIN (FORMAT BINARY)".encode()) as copy:
        copy.set_types(types)
        for row in rows:
            copy.write_row(row)


def _asked(number: int) -> list[str]:
    """Questions of three to eight words, most of them in the lexicon, every second one with a slip of the keyboard."""
    chance = random.Random(number)
    plain = sorted({word.form for question in _QUESTIONS for word in words_of(question)})
    made = []
    for place in range(number):
        words = [
            chance.choice(plain) if chance.random() < 0.6 else f"слово{int(VOCABULARY ** chance.random())}"
            for _ in range(chance.randint(3, 8))
        ]
        slip = chance.choice([word for word in plain if len(word) > 5])
        made.append(" ".join([*words, slip[:2] + slip[3:]] if place % 2 else words))
    return made


async def measure(url: str, organisations: Sequence[UUID]) -> dict[str, list[float]]:
    """Milliseconds of every question: its embedding, and the search with its words in memory; and of a first one without.

    What the search took of processors, here and in the database, does not depend on what else the machine does.
    """
    embedders = (LocalUse(),)
    first, rest = "search, the first of an organisation", "search"
    times: dict[str, list[float]] = {"embedding": [], first: [], rest: [], _HERE: [], _THERE: [], _BOTH: []}
    async with Database(url, application="bench") as database:
        desk = cast("Desk", _Searching(_Only(database, CallNotes(database, SystemClock())), embedders))
        for number, question in enumerate(_asked(ASKED + len(organisations))):
            organisation = organisations[number % len(organisations)]
            begun = time.perf_counter()
            vectors = await vectors_of(embedders, question)
            embedded = time.perf_counter()
            async with database.tenant(organisation) as connection:
                here, there = time.process_time(), _processor_of(connection.info.backend_pid)
                await judge(desk, connection, organisation, Question(question), vectors)
                took = (time.process_time() - here) * 1000, _processor_of(connection.info.backend_pid) - there
            ended = time.perf_counter()
            times["embedding"].append((embedded - begun) * 1000)
            times[rest if number >= len(organisations) else first].append((ended - embedded) * 1000)
            if number >= len(organisations):
                for name, value in zip((_HERE, _THERE, _BOTH), (*took, sum(took)), strict=True):
                    times[name].append(value)
    return times


def _processor_of(process: int) -> float:
    """Milliseconds a process had of a processor, as Linux tells them."""
    return int(Path(f"/proc/{process}/schedstat").read_text(encoding="ascii").split()[0]) / 1e6


def run(console: Console) -> None:
    """Print the table."""
    with scratch_database() as (_, address):
        organisations = seed(address.owner_url)
        times = asyncio.run(measure(address.app_url, organisations))
    table = Table("ms", "median", "95 of 100", title=f"{CHUNKS:,} chunks of {ORGANISATIONS} organisations")
    for name, taken in times.items():
        table.add_row(name, f"{statistics.median(taken):.1f}", f"{statistics.quantiles(taken, n=20)[-1]:.1f}")
    console.print(table)
