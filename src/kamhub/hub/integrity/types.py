"""A promise, what a count of its breaches came to, and what is known of all of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import LiteralString

from kamhub.kit.errors import Refusal
from kamhub.kit.text import mark


@dataclass(frozen=True, slots=True)
class Invariant:
    """A promise, in a sentence marked for translation, and the query that counts its breaches."""

    name: str
    promise: str
    query: LiteralString


@dataclass(frozen=True, slots=True)
class Count:
    """How one try to count went. ``breaches`` is None when it did not come to an end, and ``error`` says why."""

    name: str
    at: datetime
    seconds: float
    breaches: int | None
    error: str | None = None


@dataclass(frozen=True, slots=True)
class CheckState:
    """What is known of one promise. ``counted_at`` and ``breaches`` are None when it was never counted, ``broken_since`` when
    it holds, ``error`` when the last try came to an end."""

    name: str
    tried_at: datetime
    seconds: float
    counted_at: datetime | None
    breaches: int | None
    broken_since: datetime | None
    error: str | None


@dataclass(frozen=True, slots=True)
class IntegrityState:
    """The promises as they were last counted, by name; empty before the first time."""

    checks: Sequence[CheckState] = ()

    @property
    def last_run(self) -> datetime | None:
        """Since when nothing has gone unchecked: the oldest of the last counts. None while a promise was never counted."""
        moments = [check.counted_at for check in self.checks]
        return None if None in moments else min((at for at in moments if at is not None), default=None)

    @property
    def tried_at(self) -> datetime | None:
        """When somebody last tried to count anything."""
        return max((check.tried_at for check in self.checks), default=None)

    @property
    def broken(self) -> list[CheckState]:
        """Those that did not hold when they were last counted."""
        return [check for check in self.checks if check.breaches]

    @property
    def uncounted(self) -> list[CheckState]:
        """Those whose last try did not come to an end."""
        return [check for check in self.checks if check.error is not None]


class CheckedJustNow(Refusal):
    """It is being checked, or was a moment ago; checking again would tell nothing new."""

    code = "checked_just_now"
    status = 409
    title = mark("It is being checked already, or was checked a moment ago")
