"""How a call to another system can end."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


class NotReached(Exception):
    """Nothing was sent: nobody answered at that address. It may be tried again."""


class AnswerLost(Exception):
    """It was sent, and no usable answer came back: whether it was carried out is not known."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What was answered. ``body`` is the JSON object of the reply, empty when there was none; names of ``headers`` are in
    small letters."""

    status: int
    body: Mapping[str, Any] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict, compare=False)
