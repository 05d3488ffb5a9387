"""Assets as JSON of the HTTP contract."""

from __future__ import annotations

from kamhub.desk.asset.types import Asset
from kamhub.desk.asset.words import why_failed
from kamhub.desk.extraction.types import Block
from kamhub.kit.text import Locale


def asset_json(asset: Asset, locale: Locale) -> dict[str, object]:
    """An asset; why it failed in that language."""
    return {
        "id": asset.id,
        "name": asset.name,
        "kind": asset.kind,
        "url": asset.url,
        "category_id": asset.category_id,
        "status": asset.status,
        "stage": asset.stage,
        "progress": asset.progress,
        "error": None if asset.error is None else why_failed(asset.error, asset.error_facts, locale),
        "error_code": asset.error,
        "chunks": asset.chunk_count,
        "pages": asset.pages,
        "language": asset.language,
        "media_type": asset.media_type,
        "size": asset.size,
        "reread_hours": asset.reread_hours,
        "reread_at": asset.reread_at,
        "read_at": asset.read_at,
        "created_at": asset.created_at,
        "created_by": asset.created_by,
        "changed_at": asset.changed_at,
    }


def block_json(number: int, block: Block) -> dict[str, object]:
    """A block and its number."""
    return {
        "block": number,
        "kind": block.kind,
        "text": block.text,
        "level": block.level,
        "page": block.page,
        "last_page": block.last_page,
        "sheet": block.sheet,
        "rows": block.rows,
    }
