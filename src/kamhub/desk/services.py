"""What the actions of the desk work with; made once a process and handed to every handler and job."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol, TypeAlias
from uuid import UUID

from kamhub.desk.embedding.types import Embedder, Price
from kamhub.desk.extraction.types import Document
from kamhub.desk.gap.notebook import Notebook
from kamhub.desk.knowledge.types import Piece, Source
from kamhub.desk.lexicon.actions import Lexicons
from kamhub.desk.reranking.types import Reranker
from kamhub.hub.services import Hub
from kamhub.kit.cache import FreshCache
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
    """The desk's services, on top of the hub's.

    ``embedders`` are those that are set, the one with both languages in one space last (offline there is no other); ``embedder_of`` finds the one that made the
    vectors of a model, None when it cannot be asked any more. ``models`` are the vectors an organisation has, by model. ``reranker`` reads
    what was found, where one is set.
    """

    hub: Hub
    files: FileStore
    fetcher: GuardedFetcher
    read: Read
    cut: Cut
    embed: Embed
    link: Link
    embedders: tuple[Embedder, ...] = ()
    embedder_of: Callable[[str], Embedder | None] = lambda _model: None
    price: Price | None = None
    reranker: Reranker | None = None
    lexicons: Lexicons = field(default_factory=Lexicons)
    models: FreshCache[UUID, Mapping[str, int]] = field(default_factory=lambda: FreshCache(seconds=5.0, size=5_000))
    gaps: Notebook = field(default_factory=Notebook)
