"""What makes vectors of texts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol, TypeAlias

Vector: TypeAlias = Sequence[float]


class Embedder(Protocol):
    """Makes vectors of unit length. Questions and texts of one ``model`` are comparable, those of two never are."""

    @property
    def model(self) -> str:
        """Name that is kept with every vector."""
        ...

    @property
    def dimension(self) -> int:
        """Numbers in a vector."""
        ...

    async def texts(self, texts: Sequence[str]) -> list[Vector]:
        """Vectors of pieces, in their order. Raises ``EmbedderUnavailable``."""
        ...

    async def question(self, text: str) -> Vector:
        """Vector of a question. Raises ``EmbedderUnavailable``."""
        ...


@dataclass(frozen=True, slots=True)
class Price:
    """What an API takes for a million tokens, in minor units of a currency."""

    per_million: int
    currency: str


class EmbedderUnavailable(Exception):
    """The embedder cannot be asked now; it may be tried again."""
