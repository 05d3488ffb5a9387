"""Pure decisions about personal data."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from kamhub.hub.booking.rules import effective_status
from kamhub.hub.privacy.types import BookingState

# Money of a hold that has lapsed arrives within minutes or not at all: the bank is told no afterwards.
_LATE_MONEY = timedelta(hours=1)
_LIVE = frozenset({"on_hold", "pending"})
_TRAVELS = frozenset({"confirmed", "redeemed"})


def keeps_its_traveller(booking: BookingState, now: datetime) -> bool:
    """Whether somebody is still to be carried, called or paid back for this booking."""
    status = effective_status(booking.status, booking.expires_at, now)
    if status in _LIVE or booking.money_moves:
        return True
    if status in _TRAVELS:
        return now < booking.departs_at
    lapsed_at = booking.expires_at
    return status == "expired" and booking.payable and lapsed_at is not None and now < lapsed_at + _LATE_MONEY


def in_the_way(bookings: Sequence[BookingState], now: datetime) -> list[str]:
    """Codes of the bookings that keep their traveller."""
    return [booking.code for booking in bookings if keeps_its_traveller(booking, now)]
