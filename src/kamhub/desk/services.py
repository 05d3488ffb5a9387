"""What the actions of the desk work with; made once a process and handed to every handler and job."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol, TypeAlias
from uuid import UUID

from kamhub.desk.extraction.types import Document
from kamhub.desk.knowledge.types import Piece, Source
from kamhub.hub.services import Hub
from kamhub.platform.database.pool import Database
from kamhub.platform.file.port import FileStore
from kamhub.platform.outbound.guarded import GuardedFetcher

# How many are done of how many there are.
SayProgress: TypeAlias = Callable[[int, int], Awaitable[None]]


class Read(Protocol):
    """From a file to its text. Raises ``Unreadable``."""

    async def __call__(self, content: Path, name: str, declared: str | None) -> Document:
        """``name`` is what its owner calls it, ``declared`` the media type it came with; the content decides."""
        ...


class Cut(Protocol):
    """From a text to its pieces; pure."""

    def __call__(self, document: Document, title: str) -> Sequence[Piece]:
        """In reading order."""
        ...


class Embed(Protocol):
    """Makes the vectors that the chunks of a source lack, each batch in a transaction of its own."""

    async def __call__(self, database: Database, organisation_id: UUID, source: Source, say: SayProgress) -> None:
        """Safe to run again: what is there stays. Raises ``EmbedderUnavailable``."""
        ...


class Link(Protocol):
    """Reads the chunks of a source into the knowledge graph."""

    async def __call__(self, organisation_id: UUID, source: Source) -> object:
        """Safe to run again: the same chunks give the same graph."""
        ...


@dataclass(frozen=True, slots=True)
class Desk:
    """The desk's services, on top of the hub's."""

    hub: Hub
    files: FileStore
    fetcher: GuardedFetcher
    read: Read
    cut: Cut
    embed: Embed
    link: Link
