"""Pure decisions: reading the shop's answer, the waits between attempts, days of a time zone."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta, timezone

from .types import Reason, Refusal, Reply

HTTP_OK = 200
MAX_ATTEMPTS = 100
_WAIT_MINUTES = (1, 2, 5, 10, 30)
_CHECK_REASONS = {
    10: Reason.WRONG_ORDER,
    11: Reason.WRONG_ACCOUNT,
    12: Reason.WRONG_AMOUNT,
    13: Reason.NOT_ACCEPTED,
    20: Reason.EXPIRED,
}
# Offsets in hours of the zone names payments/list knows, those without summer time.
_ZONES = {
    "UTC": 0,
    "GMT": 0,
    "MSK": 3,
    "SAMT": 4,
    "YEKT": 5,
    "NOVT": 7,
    "KRAT": 7,
    "IRKT": 8,
    "YAKT": 9,
    "VLAT": 10,
    "MAGT": 11,
    "PETT": 12,
}


def answer_code(reply: Reply) -> int | None:
    """Read ``{"code": N}``; None when the answer is anything else."""
    if reply.status != HTTP_OK:
        return None
    try:
        answer = json.loads(reply.text)
    except (ValueError, RecursionError):
        return None
    code = answer.get("code") if isinstance(answer, dict) else None
    return code if isinstance(code, int) and not isinstance(code, bool) else None


def check_reason(reply: Reply) -> Reason | None:
    """Say why the shop's answer to Check declines the payment; None when it may be charged."""
    if reply.status is None:
        return Reason.UNAVAILABLE
    if reply.status != HTTP_OK:
        return Reason.HTTP_ERROR
    code = answer_code(reply)
    if code == 0:
        return None
    return _CHECK_REASONS.get(code, Reason.ODD_ANSWER) if code is not None else Reason.ODD_ANSWER


def retry_wait(attempts: int, scale: float) -> float | None:
    """Seconds to wait after this many failed attempts; None when no more are made.

    Documented are 1, 2, 5, 10 and 30 minutes and 100 attempts; after the fifth, 30 minutes are assumed.
    """
    if attempts >= MAX_ATTEMPTS:
        return None
    return _WAIT_MINUTES[min(attempts, len(_WAIT_MINUTES)) - 1] * 60 * scale


def day_bounds(day: str, zone: str) -> tuple[float, float]:
    """Give the first instant of a ``YYYY-MM-DD`` day and of the next one, as seconds since the epoch."""
    if zone not in _ZONES:
        raise Refusal("TimeZone is not known")
    try:
        midnight = datetime.strptime(day, "%Y-%m-%d").replace(tzinfo=timezone(timedelta(hours=_ZONES[zone])))
        return midnight.timestamp(), (midnight + timedelta(days=1)).timestamp()
    except (ValueError, OverflowError):
        raise Refusal("Date must be a day such as 2026-11-24") from None


def instant(text: str) -> float:
    """Read an ISO moment with its zone, as seconds since the epoch."""
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise Refusal("A date must be a moment such as 2026-11-24T00:00:00Z") from None
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()


def utc(seconds: float) -> datetime:
    """Turn seconds since the epoch into a UTC datetime."""
    return datetime.fromtimestamp(seconds, UTC)
