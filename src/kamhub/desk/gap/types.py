"""Questions asked in vain."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from http import HTTPStatus
from typing import Literal, TypeAlias
from uuid import UUID

from kamhub.desk.extraction.types import Language
from kamhub.kit.errors import Refusal
from kamhub.kit.text import mark
from kamhub.platform.job.types import Kind, Queue

AskedIn: TypeAlias = Literal["search", "chat"]
PRUNE = Kind("knowledge.prune_gaps", Queue.MAINTENANCE, "system")


@dataclass(frozen=True, slots=True)
class NewGap:
    """A question of an organisation as it is kept: personal data masked; ``digest`` is of what makes two the same question."""

    organisation_id: UUID
    digest: bytes
    question: str
    language: Language
    asked_in: AskedIn
    at: datetime


@dataclass(frozen=True, slots=True)
class Gap:
    """A question that was asked in vain, ``asked`` times."""

    id: UUID
    question: str
    language: Language
    asked: int
    asked_in: AskedIn
    first_asked_at: datetime
    last_asked_at: datetime


class GapNotFound(Refusal):
    """There is no such question, or somebody has dismissed it."""

    code = "gap_not_found"
    status = HTTPStatus.NOT_FOUND
    title = mark("There is no such question any more")
