"""An operator that knows something, and stand-ins for the models that take long."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from uuid import UUID

from kamhub.desk.embedding.actions import embed_missing
from kamhub.desk.embedding.local import LocalUse
from kamhub.desk.embedding.types import Embedder, EmbedderUnavailable, Vector
from kamhub.desk.knowledge import actions as knowledge
from kamhub.desk.knowledge.types import Source
from kamhub.desk.services import Desk
from kamhub.hub.services import Hub
from kamhub.kit.ids import new_id
from kamhub.platform.file.folder import FolderFiles
from kamhub.platform.outbound.guarded import GuardedFetcher
from tests.builders import Operator, World
from tests.desk.asset.support import Reading, piece


@dataclass
class Stand:
    """An embedder that knows nothing: every text its own direction. ``away`` is how often it cannot be asked from now on."""

    model: str = "stand"
    dimension: int = 384
    away: int = 0
    asked: list[str] = field(default_factory=list)

    async def texts(self, texts: Sequence[str]) -> list[Vector]:
        return [self._vector(text) for text in texts]

    async def question(self, text: str) -> Vector:
        return self._vector(text)

    def _vector(self, text: str) -> Vector:
        if self.away > 0:
            self.away -= 1
            raise EmbedderUnavailable("away")
        self.asked.append(text)
        digest = hashlib.sha256(text.encode()).digest()
        numbers = [(digest[place % 32] - 127.5) * (1 if (place // 32) % 2 else -1) for place in range(self.dimension)]
        length = sum(number * number for number in numbers) ** 0.5
        return [number / length for number in numbers]


async def say_nothing(done: int, total: int) -> None:
    """Nobody looks."""


def desk_of(hub: Hub, folder: Path, *embedders: Embedder) -> Desk:
    """A desk with those embedders, and the one with both languages in one space."""
    reading = Reading()
    return Desk(
        hub=hub,
        files=FolderFiles(folder),
        fetcher=GuardedFetcher(),
        read=reading.read,
        cut=reading.cut,
        embed=reading.embed,
        link=reading.link,
        embedders=(*embedders, LocalUse()),
    )


async def know(
    desk: Desk,
    world: World,
    operator: Operator,
    title: str,
    *texts: str,
    category: UUID | None = None,
    embed: bool = True,
) -> Source:
    """A document of an operator, a piece a text, ready to be found."""
    source = Source("asset", new_id(), title, category)
    world.execute(
        "INSERT INTO assets (organisation_id, id, kind, name, digest, status, created_at, created_by, changed_at) "
        "VALUES (%s, %s, 'file', %s, sha256(%s::text::bytea), 'pending', now(), 'x', now())",
        operator.id, source.id, title, source.id,
    )  # fmt: skip
    async with desk.hub.database.tenant(operator.id) as connection:
        pieces = [piece(text, number) for number, text in enumerate(texts)]
        await knowledge.replace(connection, operator.id, source, pieces)
    if embed:
        await embed_missing(desk.hub.database, desk.embedders, operator.id, source, say_nothing)
    return source
