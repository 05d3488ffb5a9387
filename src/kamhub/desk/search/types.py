"""Questions, what is found for them, and what is refused."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any, Literal, TypeAlias
from uuid import UUID

from kamhub.desk.extraction.types import Language
from kamhub.kit.errors import Refusal
from kamhub.kit.text import mark

# How a piece was found: by its words, by its meaning as a model of vectors has it, or by reading it beside the question.
Arm: TypeAlias = Literal["words", "meaning", "aligned", "reading"]
ARMS: tuple[Arm, ...] = ("words", "meaning", "aligned", "reading")


@dataclass(frozen=True, slots=True)
class Question:
    """What is asked, and in which part of what the organisation knows. ``text`` has 1 to 500 characters."""

    text: str
    agent_id: UUID | None = None
    category_id: UUID | None = None
    language: Language | None = None
    limit: int = 5


@dataclass(frozen=True, slots=True)
class Hit:
    """A piece that may answer. ``score`` is from 0 to 1; ``found_by`` names the arms that had it among their best, and
    ``reading`` where it was read as an answer."""

    chunk_id: UUID
    asset_id: UUID | None
    article_id: UUID | None
    title: str
    context: str
    text: str
    language: Language
    position: Mapping[str, Any]
    score: float
    found_by: tuple[Arm, ...]


@dataclass(frozen=True, slots=True)
class Found:
    """The best pieces, the best first. Unless ``good_enough`` they are no answer, only what comes nearest.

    ``confidence`` is how likely the answer is among them, from 0 to 1.
    """

    hits: tuple[Hit, ...]
    good_enough: bool
    confidence: float


class AgentNotFound(Refusal):
    """There is no such agent in this organisation."""

    code = "agent_not_found"
    status = HTTPStatus.NOT_FOUND
    title = mark("There is no such agent")
