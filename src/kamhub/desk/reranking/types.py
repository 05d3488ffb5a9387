"""What reads passages beside a question."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

MOST_PASSAGES = 30  # read for one question
MOST_QUESTION = 500  # characters


class Reranker(Protocol):
    """A model that sees question and passage together, and so knows a near miss from an answer; vectors do not."""

    @property
    def model(self) -> str:
        """Its name, for the log."""
        ...

    @property
    def enough(self) -> float:
        """The relevance from which a passage counts as an answer, between 0 and 1: models differ in what they call relevant."""
        ...

    async def relevance(self, question: str, passages: Sequence[str]) -> list[float]:
        """How far each passage answers, 0 to 1, in their order; at most ``MOST_PASSAGES``. Raises ``RerankerUnavailable``."""
        ...


class RerankerUnavailable(Exception):
    """It did not say, or not in time; the text is fit for a log: it holds neither key nor passages."""
