"""Pure decisions about a move."""

from __future__ import annotations

from datetime import datetime, timedelta

from kamhub.hub.booking.rules import CANCELLABLE, LAPSING, effective_status
from kamhub.hub.booking.types import BookingNotOpen, BookingStatus, HoldExpired
from kamhub.hub.move.types import DepartureCancelled, DepartureLeft, Difference
from kamhub.hub.seats.types import DepartureSeats, SalesClosed


def require_movable(status: BookingStatus, expires_at: datetime | None, now: datetime) -> None:
    """Raise ``HoldExpired`` or ``BookingNotOpen`` unless the booking is on hold, waits or is confirmed."""
    current = effective_status(status, expires_at, now)
    if current == "expired":
        raise HoldExpired
    if current not in CANCELLABLE:
        raise BookingNotOpen(f"The booking is {current}")


def require_boardable(departure: DepartureSeats, status: BookingStatus, leaves_at: datetime, now: datetime) -> None:
    """Raise ``DepartureCancelled``, ``DepartureLeft`` or ``SalesClosed`` when a booking in that state cannot go there.

    A closed departure takes whom the operator puts on it; what is not confirmed lapses with the close of sales, so it needs
    them open.
    """
    if departure.status == "cancelled":
        raise DepartureCancelled
    if now >= leaves_at:
        raise DepartureLeft
    if status in LAPSING and now >= departure.sales_close_at:
        raise SalesClosed


def expiry_after(
    status: BookingStatus,
    expires_at: datetime | None,
    before: DepartureSeats,
    after: DepartureSeats,
    now: datetime,
    *,
    anew: bool = False,
) -> datetime | None:
    """When the booking lapses on its new departure; for one that is not confirmed, never past the close of sales there.

    A hold gets its ordinary time at least: it was not the traveller who lost it. What had until the close of sales has so
    again. ``anew``: a hold that only waited for an answer has its ordinary time and no more.
    """
    if status not in LAPSING or expires_at is None:
        return expires_at
    fresh = now + timedelta(minutes=after.hold_minutes)
    if anew and status == "on_hold":
        return min(fresh, after.sales_close_at)
    if expires_at >= before.sales_close_at:
        return after.sales_close_at
    return min(max(expires_at, fresh), after.sales_close_at)


def takes_new_price(difference: Difference, total: int, new_total: int) -> bool:
    """Whether the price on the new departure counts, by what the operator chose to do about the difference."""
    return (difference == "refund" and new_total < total) or (difference == "collect" and new_total > total)


def to_return(paid: int | None, refunded: int | None, new_total: int) -> int:
    """What of the money that was paid is more than the new price, minor units."""
    return max(0, (paid or 0) - (refunded or 0) - new_total)
