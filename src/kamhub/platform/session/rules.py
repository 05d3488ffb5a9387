"""How long sessions live."""

from __future__ import annotations

from datetime import datetime, timedelta

# A browser is signed out after a month, or a week without use; a program that refreshes in time stays.
BROWSER_LIFETIME = timedelta(days=30)
BROWSER_IDLE = timedelta(days=7)
REFRESH_LIFETIME = timedelta(days=30)
# Being seen is written down at most so often.
SEEN_EVERY = timedelta(minutes=5)


def browser_expiry(created_at: datetime, seen_at: datetime) -> datetime:
    """When the session of a browser ends that was last used then."""
    return min(created_at + BROWSER_LIFETIME, seen_at + BROWSER_IDLE)


def should_note(last_seen_at: datetime, now: datetime) -> bool:
    """Whether a use is worth a write."""
    return now - last_seen_at >= SEEN_EVERY
