"""Pure decisions about jobs: when to try again, when to give up, which tick is due, what to keep of an error."""

from __future__ import annotations

import traceback
from collections.abc import Mapping
from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

from kamhub.platform.job.types import Daily, Entry, Every, Queue, Retry
from kamhub.platform.monitoring.masks import mask_text

ERROR_LENGTH = 2_000
TRACEBACK_LENGTH = 20_000
_CUT = 400

# A killed worker is not the job's fault, so even a job that is never retried runs again; but a job that keeps ending
# its workers must end somewhere.
KILLS_SURVIVED = 5

# Nor is an outage of the database; but what is always answered by one must end somewhere, too.
OUTAGES_SURVIVED = 50

# How many jobs of a queue a worker process runs at once, unless the settings say otherwise.
HANDS: Mapping[Queue, int] = {
    Queue.PAYMENTS: 4,
    Queue.NOTICES: 6,
    Queue.CHAT: 6,
    Queue.CRM: 4,
    Queue.KNOWLEDGE: 2,
    Queue.MAINTENANCE: 2,
}

# A worker that comes this late to a tick has missed it; what is a little late is only late.
LATE_AFTER = timedelta(seconds=30)


def delay_before_retry(retry: Retry, failures: int, chance: float) -> timedelta | None:
    """How long to wait after failure number ``failures`` (1 for the first); None when it was the last one.

    ``chance`` is uniform in 0..1. Full jitter: https://aws.amazon.com/blogs/architecture/exponential-backoff-and-jitter/
    """
    if failures >= retry.attempts:
        return None
    # 2 ** 30 already exceeds any sensible cap; more would overflow a timedelta.
    doublings = min(failures - 1, 30)
    ceiling: timedelta = min(retry.longest, retry.first * 2**doublings)
    return ceiling * chance


def may_run_after_kill(kills: int) -> bool:
    """Whether a job is taken up again after ``kills`` workers vanished while they ran it."""
    return kills < KILLS_SURVIVED


def last_tick(when: Every | Daily, now: datetime) -> datetime:
    """The latest tick that is not after ``now``, in UTC."""
    if isinstance(when, Every):
        seconds = when.period.total_seconds()
        return datetime.fromtimestamp(now.timestamp() // seconds * seconds, UTC)
    zone = ZoneInfo(when.zone)
    day = now.astimezone(zone).date()
    today = datetime.combine(day, time(when.hour, when.minute), zone)
    tick = today if today <= now else datetime.combine(day - timedelta(days=1), time(when.hour, when.minute), zone)
    return tick.astimezone(UTC)


def next_tick(when: Every | Daily, now: datetime) -> datetime:
    """The first tick after ``now``, in UTC."""
    if isinstance(when, Every):
        return last_tick(when, now) + when.period
    # A day later by the clock on the wall, which is not 24 hours where summer time begins or ends.
    zone = ZoneInfo(when.zone)
    day = last_tick(when, now).astimezone(zone).date() + timedelta(days=1)
    return datetime.combine(day, time(when.hour, when.minute), zone).astimezone(UTC)


def is_run(entry: Entry, tick: datetime, now: datetime) -> bool:
    """Whether a tick that nobody has taken yet is still run, and not left out."""
    return entry.missed == "run once" or now - tick <= LATE_AFTER


def error_text(error: BaseException) -> str:
    """Type and message, at most ``ERROR_LENGTH`` characters; what belongs to a person or opens a door is masked."""
    try:
        message = str(error)
    except Exception:  # noqa: BLE001 - an error that cannot be told is kept all the same
        message = "its text cannot be read"
    return _storable(f"{type(error).__name__}: {message}" if message else type(error).__name__, ERROR_LENGTH)


def plain_text(sentence: str) -> str:
    """A sentence of a job, masked and bounded likewise."""
    return _storable(sentence, ERROR_LENGTH)


def traceback_text(error: BaseException) -> str:
    """The traceback with its causes, masked likewise; of a long one the end, which says what happened."""
    whole = "".join(traceback.format_exception(error))
    kept = _storable(whole[-TRACEBACK_LENGTH:], TRACEBACK_LENGTH)
    # What a cut goes through is not recognised any more: it goes as well.
    return kept if len(whole) <= TRACEBACK_LENGTH else kept[_CUT:]


def _storable(text: str, length: int) -> str:
    """Masked, because a mail server or a database may repeat what it was told. PostgreSQL takes neither NUL nor lone
    surrogates."""
    clean = text.replace("\0", "\N{REPLACEMENT CHARACTER}").encode("utf-8", "replace").decode()
    return mask_text(clean)[:length]
