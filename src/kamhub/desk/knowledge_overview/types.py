"""How much is known, and by whom it may be asked."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from uuid import UUID


@dataclass(frozen=True, slots=True)
class Amounts:
    """How much is known. ``documents`` counts assets by their status; ``pieces`` are the chunks of all."""

    documents: Mapping[str, int]
    published: int
    drafts: int
    pieces: int

    @property
    def all_documents(self) -> int:
        """In whatever status."""
        return sum(self.documents.values())

    @property
    def empty(self) -> bool:
        """Whether nobody has begun yet."""
        return not (self.all_documents or self.published or self.drafts)


@dataclass(frozen=True, slots=True)
class AgentName:
    """An agent, as a filter offers it."""

    id: UUID
    name: str
