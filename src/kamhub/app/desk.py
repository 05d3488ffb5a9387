"""Makes the desk's services from the settings.

What reads and cuts documents is loaded by the process that first needs it: a web process never does.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from pathlib import Path
from uuid import UUID

from kamhub.app.files import make_files
from kamhub.desk.asset.types import MOST_BYTES
from kamhub.desk.embedding.actions import embed_missing
from kamhub.desk.embedding.choice import embedder_of, embedders_of, price_of
from kamhub.desk.embedding.types import Embedder
from kamhub.desk.extraction.types import Document
from kamhub.desk.knowledge.types import Piece, Source
from kamhub.desk.reranking.choice import reranker_of
from kamhub.desk.services import Desk, Embed, SayProgress
from kamhub.hub.services import Hub
from kamhub.platform.database.pool import Database
from kamhub.platform.outbound.addresses import AddressPolicy
from kamhub.platform.outbound.guarded import GuardedFetcher
from kamhub.platform.settings import Settings


def make_desk(settings: Settings, hub: Hub, data_dir: Path) -> Desk:
    """The desk's services, on top of the hub's."""
    embedders = embedders_of(settings)
    policy = AddressPolicy(settings.readable_networks)
    return Desk(
        hub=hub,
        files=make_files(settings, data_dir),
        fetcher=GuardedFetcher(policy=policy, most=MOST_BYTES),
        read=_read,
        cut=_cut,
        embed=_embed(embedders),
        embedders=embedders,
        embedder_of=partial(embedder_of, settings),
        price=price_of(settings),
        reranker=reranker_of(settings),
        link=partial(_link, settings, hub),
    )


async def _read(content: Path, name: str, declared: str | None) -> Document:
    from kamhub.desk.extraction.actions import read

    return await read(content, name, declared)


def _cut(document: Document, title: str) -> Sequence[Piece]:
    from kamhub.desk.knowledge.rules import pieces_of

    return pieces_of(document, title)


def _embed(embedders: Sequence[Embedder]) -> Embed:
    async def embed(database: Database, organisation_id: UUID, source: Source, say: SayProgress) -> None:
        await embed_missing(database, embedders, organisation_id, source, say)

    return embed


async def _link(settings: Settings, hub: Hub, organisation_id: UUID, source: Source) -> object:
    from kamhub.desk.graph.actions import link
    from kamhub.desk.graph.services import graphing

    return await link(graphing(hub, settings), organisation_id, source)
