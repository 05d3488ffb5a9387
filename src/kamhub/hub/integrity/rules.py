"""Pure decisions about checks."""

from __future__ import annotations

from datetime import datetime, timedelta

from kamhub.hub.integrity.types import IntegrityState

EVERY = timedelta(hours=4)
# One round that failed and one that was late are no news yet.
OVERDUE_AFTER = timedelta(hours=13)
# A round reads whole tables: people may ask for one, but not one after another.
ASKED_AGAIN_AFTER = timedelta(minutes=10)


def is_overdue(state: IntegrityState, since: datetime, now: datetime) -> bool:
    """Whether nobody has counted for too long; ``since`` is when there began to be something to count."""
    return now - (state.last_run or since) > OVERDUE_AFTER


def may_be_asked(state: IntegrityState, now: datetime) -> bool:
    """Whether a person may have it checked now."""
    return state.tried_at is None or now - state.tried_at >= ASKED_AGAIN_AFTER
