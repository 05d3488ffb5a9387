"""Pure decisions about jobs: when to try again, what to keep of an error."""

from __future__ import annotations

import traceback
from datetime import timedelta

from kamhub.platform.job.types import GiveUp, Retry
from kamhub.platform.monitoring.masks import mask_text

ERROR_LENGTH = 2_000
TRACEBACK_LENGTH = 20_000
_CUT = 400

# A killed worker is not the job's fault, so even a job that is never retried runs again; but a job that
# keeps killing its workers must end somewhere.
RUNS_DESPITE_KILLS = 5


def delay_before_retry(retry: Retry, runs: int, chance: float) -> timedelta | None:
    """How long to wait after the run number ``runs`` (1 for the first) failed; None when it was the last one.

    ``chance`` is uniform in 0..1. Full jitter: https://aws.amazon.com/blogs/architecture/exponential-backoff-and-jitter/
    """
    if runs >= retry.attempts:
        return None
    # 2 ** 30 already exceeds any sensible cap; more would overflow a timedelta.
    doublings = min(runs - 1, 30)
    ceiling: timedelta = min(retry.longest, retry.first * 2**doublings)
    return ceiling * chance


def may_run_after_kill(retry: Retry, runs: int) -> bool:
    """Whether a job is taken up again after its worker vanished in the run number ``runs``."""
    return runs < max(retry.attempts, RUNS_DESPITE_KILLS)


def is_final(error: BaseException) -> bool:
    """Whether trying again is pointless."""
    return isinstance(error, GiveUp)


def error_text(error: BaseException) -> str:
    """Type and message, at most ``ERROR_LENGTH`` characters; what belongs to a person or opens a door is masked."""
    message = str(error)
    return _storable(f"{type(error).__name__}: {message}" if message else type(error).__name__, ERROR_LENGTH)


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
