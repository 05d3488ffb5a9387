"""Who may rate a trip and until when, and how they are called."""

from __future__ import annotations

from datetime import datetime, timedelta

from kamhub.hub.booking.types import Booking
from kamhub.hub.review.types import Review, ReviewClosed, ReviewNotYours, ReviewTooEarly

# Later nobody remembers the driver.
RATE_WITHIN = timedelta(days=60)
CHANGE_WITHIN = timedelta(days=7)


def require_may_write(booking: Booking, present: Review | None, now: datetime) -> None:
    """Raise ``ReviewTooEarly``, ``ReviewNotYours`` or ``ReviewClosed`` unless the traveller may write or change it."""
    if booking.status not in {"confirmed", "redeemed"} or booking.contact is None:
        raise ReviewNotYours
    if now < booking.stretch.arrives_at:
        raise ReviewTooEarly
    if present is not None:
        if now >= present.created_at + CHANGE_WITHIN:
            raise ReviewClosed
    elif now >= booking.stretch.arrives_at + RATE_WITHIN:
        raise ReviewNotYours


def author_of(name: str) -> str:
    """``Анна Ёлкина`` is shown as ``Анна Ё.``: enough to be believed, too little to be found."""
    first, *rest = name.split()
    return f"{first} {rest[-1][0].upper()}." if rest else first
