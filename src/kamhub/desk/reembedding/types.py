"""What changing the model takes."""

from __future__ import annotations

from dataclasses import dataclass

from kamhub.platform.job.types import Kind, Queue

REEMBED = Kind("knowledge.reembed", Queue.KNOWLEDGE, "tenant", frozenset())


@dataclass(frozen=True, slots=True)
class Estimate:
    """How far the vectors of an organisation are those of the models that are set.

    ``model`` is the one that is set and ``used`` the one that searches use now. ``chunks`` are all there are, ``missing`` those
    that still need a vector. ``tokens`` is about how many they are; ``price`` in minor units of ``currency``, None where nothing is
    paid; ``seconds`` about how long it takes on a machine with nothing else to do, None for an API.
    """

    model: str
    dimension: int
    used: str
    chunks: int
    missing: int
    tokens: int
    price: int | None
    currency: str | None
    seconds: int | None
    running: bool
