"""How long sessions live."""

from __future__ import annotations

from datetime import datetime, timedelta

# A browser is signed out after a month, or a week without use; a program that refreshes in time stays.
BROWSER_LIFETIME = timedelta(days=30)
BROWSER_IDLE = timedelta(days=7)
REFRESH_LIFETIME = timedelta(days=30)
# Being seen is written down at most so often.
SEEN_EVERY = timedelta(minutes=5)


# What user agents say of themselves → what people call it; the first that fits, because most claim to be several.
_BROWSERS = (
    ("YaBrowser/", "Yandex Browser"),
    ("Edg/", "Edge"),
    ("OPR/", "Opera"),
    ("SamsungBrowser/", "Samsung Internet"),
    ("Firefox/", "Firefox"),
    ("Chrome/", "Chrome"),
    ("Version/", "Safari"),
)
_SYSTEMS = (
    ("Windows", "Windows"),
    ("Android", "Android"),
    ("iPhone", "iPhone"),
    ("iPad", "iPad"),
    ("Mac OS X", "macOS"),
    ("Linux", "Linux"),
)


def agent_name(user_agent: str) -> str:
    """``Firefox, Windows`` for a browser that says what it is; anything else as it came."""
    browser = next((name for mark, name in _BROWSERS if mark in user_agent), None)
    system = next((name for mark, name in _SYSTEMS if mark in user_agent), None)
    return f"{browser}, {system}" if browser and system else user_agent


def browser_expiry(created_at: datetime, seen_at: datetime) -> datetime:
    """When the session of a browser ends that was last used then."""
    return min(created_at + BROWSER_LIFETIME, seen_at + BROWSER_IDLE)


def should_note(last_seen_at: datetime, now: datetime) -> bool:
    """Whether a use is worth a write."""
    return now - last_seen_at >= SEEN_EVERY
