"""The documents of the evaluation set in a database of their own, by the same code that takes in an operator's."""

from __future__ import annotations

import asyncio
import hashlib
import json
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import cast
from uuid import UUID

import psycopg

from kamhub.desk.embedding.actions import embed_missing
from kamhub.desk.embedding.types import Embedder
from kamhub.desk.extraction.actions import read
from kamhub.desk.knowledge import actions as knowledge
from kamhub.desk.knowledge.rules import pieces_of
from kamhub.desk.knowledge.types import Source
from kamhub.desk.lexicon.actions import Lexicons
from kamhub.desk.reranking.types import Reranker
from kamhub.desk.services import Desk
from kamhub.hub.place.types import CATALOGUE
from kamhub.kit.clock import SystemClock
from kamhub.kit.ids import new_id
from kamhub.platform.database.pool import Database
from kamhub.platform.service_call.notes import CallNotes

HERE = Path(__file__).parent


@dataclass(frozen=True, slots=True)
class Asked:
    """A question of the set; see ``README.md``."""

    id: str
    question: str
    language: str
    kind: str
    evidence: tuple[str, ...]
    documents: tuple[str, ...]
    half: str
    misspelt: bool

    @property
    def answerable(self) -> bool:
        """Whether some document answers it."""
        return bool(self.documents)


def questions() -> list[Asked]:
    """The whole set, in its order."""
    lines = (HERE / "questions.jsonl").read_text(encoding="utf-8").splitlines()
    rows = [json.loads(line) for line in lines if line.strip()]
    return [Asked(**(row | {"evidence": tuple(row["evidence"]), "documents": tuple(row["documents"])})) for row in rows]


def elsewhere() -> list[Asked]:
    """Questions about other things altogether; every second one is for tuning."""
    lines = (HERE / "elsewhere.txt").read_text(encoding="utf-8").splitlines()
    return [
        Asked(
            f"elsewhere-{n:03}",
            line,
            "en" if line.isascii() else "ru",
            "elsewhere",
            (),
            (),
            ("tune", "report")[n % 2],
            False,
        )
        for n, line in enumerate(lines)
    ]


def documents() -> list[Path]:
    """The files of the set."""
    return sorted((HERE / "documents").iterdir())


@dataclass(frozen=True, slots=True)
class _Only:
    """The services of the hub that a search uses."""

    database: Database
    calls: CallNotes


@dataclass(frozen=True, slots=True)
class _Searching:
    """The services of the desk that a search uses."""

    hub: _Only
    embedders: tuple[Embedder, ...]
    reranker: Reranker | None = None
    lexicons: Lexicons = field(default_factory=Lexicons)


@asynccontextmanager
async def corpus(
    owner_url: str,
    app_url: str,
    embedders: Sequence[Embedder],
    files: Sequence[Path],
    reranker: Reranker | None = None,
) -> AsyncIterator[tuple[Desk, UUID]]:
    """A desk whose only organisation knows those files; ``reranker`` reads what it finds."""
    organisation = new_id()
    with psycopg.connect(owner_url) as connection:
        for id_, slug in ((CATALOGUE, "catalogue"), (organisation, "operator")):
            connection.execute(
                "INSERT INTO organisations (id, slug, name_ru, name_en) VALUES (%s, %s, %s, %s)",
                (id_, slug, slug, slug),
            )
    async with Database(app_url, application="eval") as database:
        for file in files:
            await _take_in(database, organisation, file)
        await embed_missing(database, embedders, organisation, None, _say_nothing)
        hub = _Only(database, CallNotes(database, SystemClock()))
        yield cast("Desk", _Searching(hub, tuple(embedders), reranker)), organisation


async def _say_nothing(done: int, total: int) -> None:
    """Nobody looks."""


async def _take_in(database: Database, organisation: UUID, file: Path) -> None:
    document = await read(file, file.name, None)
    source = Source("asset", new_id(), file.name)
    digest = hashlib.sha256(await asyncio.to_thread(file.read_bytes)).digest()
    async with database.tenant(organisation) as connection:
        await connection.execute(
            "INSERT INTO assets (organisation_id, id, kind, name, status, progress, digest, created_at, created_by, changed_at) "
            "VALUES (%s, %s, 'file', %s, 'completed', 100, %s, now(), 'eval', now())",
            (organisation, source.id, file.name, digest),
        )
        await knowledge.replace(connection, organisation, source, pieces_of(document, document.title or file.name))
