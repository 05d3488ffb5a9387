"""A change as it is told."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from kamhub.kit.errors import Refusal
from kamhub.kit.text import mark


@dataclass(frozen=True, slots=True)
class Change:
    """Something of the organisation's that is not as it was; ``id`` None: any of that topic."""

    topic: str
    id: UUID | None = None


# What was told in the meantime is not known: look at everything again.
RESYNC = Change("resync")


class TooManyStreams(Refusal):
    """An organisation, or this process, serves as many watchers as it may."""

    code = "too_many_streams"
    status = 429
    title = mark("Too many pages are watching at this moment")

    def __init__(self) -> None:
        super().__init__(headers={"Retry-After": "30"})
