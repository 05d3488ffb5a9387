"""What passes between whoever asks for a document and the process that reads it."""

from __future__ import annotations

from pathlib import Path

import msgspec

from kamhub.desk.extraction.types import Document, Limits, Reason


class Request(msgspec.Struct, frozen=True):
    """A file to read. ``declared`` is the media type that came with it; it and the name decide between kinds of text alone."""

    path: str
    name: str
    declared: str | None
    limits: Limits

    @property
    def content(self) -> Path:
        """The file."""
        return Path(self.path)


class Refused(msgspec.Struct, frozen=True):
    """Why it cannot be read."""

    reason: Reason
    facts: dict[str, str | int] = {}


class Answer(msgspec.Struct, frozen=True):
    """One of the two."""

    document: Document | None = None
    refused: Refused | None = None
