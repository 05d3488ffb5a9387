"""What is told of assets, as the API documents it; made by ``views``."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from kamhub.desk.asset.types import AssetKind, AssetStatus, Stage
from kamhub.desk.extraction.types import BlockKind
from kamhub.platform.web.schemas import ListReply, Reply


class AssetReply(Reply):
    """A file or an address. ``progress`` is in percent, ``error`` a sentence, ``size`` in bytes, ``chunks`` how many pieces can
    be found."""

    id: UUID
    name: str
    kind: AssetKind
    url: str | None
    category_id: UUID | None
    status: AssetStatus
    stage: Stage | None
    progress: int
    error: str | None
    error_code: str | None
    chunks: int
    pages: int | None
    language: str | None
    media_type: str | None
    size: int | None
    reread_hours: int | None
    reread_at: datetime | None
    read_at: datetime | None
    created_at: datetime
    created_by: str
    changed_at: datetime


class AssetListReply(ListReply[AssetReply]):
    """A page of the assets, the newest first."""


class BlockReply(Reply):
    """A part of a document: its number counted from 0, as positions of pieces name it. ``rows`` are the cells of a table."""

    block: int
    kind: BlockKind
    text: str
    level: int
    page: int | None
    last_page: int | None
    sheet: str | None
    rows: list[list[str]]


class BlockListReply(ListReply[BlockReply]):
    """A page of a document's blocks, in reading order."""
