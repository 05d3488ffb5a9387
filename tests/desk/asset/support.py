"""Stand-ins for what reads, cuts and embeds: quick, the same every time, and slow or broken where a test wants it."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from uuid import UUID

from kamhub.desk.asset.jobs import JOBS
from kamhub.desk.extraction.types import Block, Document, Unreadable
from kamhub.desk.knowledge.types import Piece, Position, Source
from kamhub.desk.services import Desk, SayProgress
from kamhub.platform.database.pool import Database
from kamhub.platform.job.types import Outcome
from tests.work import work_off

MODEL = "tests"
_DIMENSION = 3
_BATCH = 2

# Called with the name of a stage before it does anything.
Disturb = Callable[[str], Awaitable[None]]


async def nothing(stage: str) -> None:
    """Nothing disturbs."""


@dataclass
class Reading:
    """What reads, cuts, embeds and links. ``read_count``, ``embedded`` and ``linked`` tell what was done."""

    disturb: Disturb = nothing
    read_count: int = 0
    embedded: list[UUID] = field(default_factory=list)
    linked: list[UUID] = field(default_factory=list)

    async def read(self, content: Path, name: str, declared: str | None) -> Document:
        """A paragraph a line; a file that begins with BROKEN cannot be read."""
        await self.disturb("read")
        self.read_count += 1
        text = content.read_bytes().decode()  # noqa: ASYNC240 - a few bytes
        if text.startswith("BROKEN"):
            raise Unreadable("damaged")
        title = re.search("<title>(.*?)</title>", text)
        blocks = tuple(Block("paragraph", line) for line in text.splitlines() if line.strip())
        return Document(blocks, declared or "text/plain", "ru", title[1] if title else None)

    def cut(self, document: Document, title: str) -> Sequence[Piece]:
        """A piece a paragraph."""
        return [piece(block.text, number) for number, block in enumerate(document.blocks)]

    async def link(self, organisation_id: UUID, source: Source) -> None:
        """Nothing is read into a graph."""
        await self.disturb("link")
        self.linked.append(source.id)

    async def embed(self, database: Database, organisation_id: UUID, source: Source, say: SayProgress) -> None:
        """A vector made of the digest; every batch in a transaction of its own."""
        while True:
            await self.disturb("embed")
            async with database.tenant(organisation_id) as connection:
                rows = await connection.execute(
                    "SELECT id, digest, (SELECT count(*) FROM chunks a WHERE a.asset_id = c.asset_id), "
                    "(SELECT count(*) FROM chunks a JOIN chunk_vectors v ON v.chunk_id = a.id WHERE a.asset_id = c.asset_id) "
                    "FROM chunks c WHERE asset_id = %s AND NOT EXISTS (SELECT FROM chunk_vectors v WHERE v.chunk_id = c.id "
                    "AND v.model = %s) ORDER BY ordinal LIMIT %s",
                    (source.id, MODEL, _BATCH),
                )
                found = await rows.fetchall()
                for chunk, digest, _, _ in found:
                    vector = str([byte / 255 for byte in digest[:_DIMENSION]])
                    await connection.execute(
                        "INSERT INTO chunk_vectors (organisation_id, chunk_id, model, dimension, embedding) "
                        "VALUES (%s, %s, %s, %s, %s::vector)",
                        (organisation_id, chunk, MODEL, _DIMENSION, vector),
                    )
                    self.embedded.append(chunk)
            if not found:
                return
            await say(int(found[0][3]) + len(found), int(found[0][2]))


def piece(text: str, block: int, context: str = "") -> Piece:
    """A piece of one block."""
    digest = hashlib.sha256(f"{context}\n{text}".encode()).digest()
    return Piece(context, text, "ru", Position((), block, block), digest)


@dataclass(frozen=True)
class Context:
    """What the jobs are handed."""

    desk: Desk


async def work(desk: Desk, **more: Any) -> list[Outcome]:
    """Do what waits, once."""
    return await work_off(desk.hub.database, JOBS, Context(desk), **more)
