"""What is told of the model, as the API documents it."""

from __future__ import annotations

from uuid import UUID

from kamhub.platform.web.schemas import MoneyReply, Reply


class EmbeddingReply(Reply):
    """The model that is set and what is left to do for it.

    ``used_model`` is the one that searches use until the vectors are complete. ``price`` is None where nothing is paid, ``seconds``
    None where an API does the work.
    """

    model: str
    dimension: int
    used_model: str
    chunks: int
    missing: int
    tokens: int
    price: MoneyReply | None
    seconds: int | None
    running: bool


class StartedReply(Reply):
    """The job that does it."""

    job_id: UUID
