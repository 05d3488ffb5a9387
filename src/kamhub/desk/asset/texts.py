"""The text of a document as it is kept: JSON of its blocks, packed."""

from __future__ import annotations

import gzip
from dataclasses import asdict
from typing import Any

import msgspec

from kamhub.desk.extraction.types import Block, Document

_LEVEL = 6


def packed(document: Document) -> bytes:
    """The same document gives the same bytes."""
    return gzip.compress(msgspec.json.encode(asdict(document)), _LEVEL, mtime=0)


def unpacked(content: bytes) -> Document:
    """What ``packed`` has packed."""
    told: dict[str, Any] = msgspec.json.decode(gzip.decompress(content))
    blocks = tuple(
        Block(
            kind=block["kind"],
            text=block["text"],
            level=block["level"],
            page=block["page"],
            sheet=block["sheet"],
            rows=tuple(tuple(row) for row in block["rows"]),
            turns=tuple(block.get("turns", ())),  # texts that were kept by an earlier version have none
        )
        for block in told.pop("blocks")
    )
    return Document(blocks=blocks, **told)
