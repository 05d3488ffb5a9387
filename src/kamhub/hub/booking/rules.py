"""Pure decisions of a booking's life."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from datetime import datetime, timedelta
from math import ceil
from uuid import UUID

from kamhub.hub.booking.types import (
    BookingNotOpen,
    BookingStatus,
    CancellationQuote,
    CancellationTier,
    HoldExpired,
    TooLateToCancel,
    TooManyHolds,
    UnpaidBooking,
)
from kamhub.kit.money import Money

# How long seats wait for a bank that is being asked: from the moment it asks us whether it may charge.
PAYMENT_GRACE = timedelta(minutes=10)

# What one phone or one e-mail may keep unpaid with an operator: enough for a family that plans a holiday, too little to
# empty a departure of its seats.
MAX_UNPAID_BOOKINGS = 5
MAX_UNPAID_SEATS = 60

# What the operator calls off is returned whole, whatever the terms.
EVERYTHING = CancellationTier(minutes_before=0, refund_percent=100)

LAPSING: frozenset[BookingStatus] = frozenset({"on_hold", "pending"})
CANCELLABLE: frozenset[BookingStatus] = frozenset({"on_hold", "pending", "confirmed"})
_NEXT: dict[BookingStatus, frozenset[BookingStatus]] = {
    "on_hold": frozenset({"pending", "confirmed", "expired", "cancelled", "rejected"}),
    "pending": frozenset({"confirmed", "rejected", "expired", "cancelled"}),
    "confirmed": frozenset({"redeemed", "cancelled"}),
    "expired": frozenset({"confirmed"}),
    "redeemed": frozenset(),
    "cancelled": frozenset(),
    "rejected": frozenset(),
}


def may_become(current: BookingStatus, following: BookingStatus) -> bool:
    """Whether the life cycle has that step."""
    return following in _NEXT[current]


def effective_status(status: BookingStatus, expires_at: datetime | None, now: datetime) -> BookingStatus:
    """The state people are told: a hold whose time is over has expired, swept or not."""
    if status in LAPSING and expires_at is not None and expires_at <= now:
        return "expired"
    return status


def require_open(status: BookingStatus, expires_at: datetime | None, now: datetime) -> None:
    """Raise ``HoldExpired`` or ``BookingNotOpen`` unless the booking still waits for its passengers or money."""
    current = effective_status(status, expires_at, now)
    if current == "expired":
        raise HoldExpired
    if current not in LAPSING:
        raise BookingNotOpen(f"The booking is {current}")


def require_cancellable(
    status: BookingStatus, expires_at: datetime | None, departs_at: datetime, now: datetime
) -> None:
    """Raise ``HoldExpired``, ``BookingNotOpen`` or ``TooLateToCancel`` when the booking cannot be cancelled."""
    current = effective_status(status, expires_at, now)
    if current == "expired":
        raise HoldExpired
    if current not in CANCELLABLE:
        raise BookingNotOpen(f"The booking is {current}")
    if now >= departs_at:
        raise TooLateToCancel


def require_under_cap(others: Sequence[UnpaidBooking], passengers: int, now: datetime) -> None:
    """Raise ``TooManyHolds`` when the phone or the e-mail keeps too much already for ``passengers`` more.

    Its ``Retry-After`` is when the first of those bookings lapses.
    """
    for kept in ([one for one in others if one.same_phone], [one for one in others if one.same_email]):
        seats = sum(one.passengers for one in kept) + passengers
        if kept and (len(kept) >= MAX_UNPAID_BOOKINGS or seats > MAX_UNPAID_SEATS):
            first = min(one.expires_at for one in kept)
            raise TooManyHolds(max(1, ceil((first - now).total_seconds())))


def contact_locks(organisation_id: UUID, phone: str | None, email: str | None) -> list[int]:
    """Numbers of the advisory locks on a contact of an organisation, in the order in which everyone takes them."""
    named = [("phone", phone), ("email", email.lower() if email else None)]
    texts = [f"{organisation_id}|{kind}|{value}" for kind, value in named if value]
    return sorted(int.from_bytes(hashlib.sha256(text.encode()).digest()[:8], signed=True) for text in texts)


def prolonged(expires_at: datetime, departs_at: datetime, now: datetime) -> datetime:
    """When the hold of a paying customer lapses: never sooner than before, never past departure."""
    return max(expires_at, min(now + PAYMENT_GRACE, departs_at))


def tier_for(tiers: Sequence[CancellationTier], departs_at: datetime, now: datetime) -> CancellationTier | None:
    """The tier that applies: of those whose time has not passed, the nearest to departure that still holds.

    Exactly ``minutes_before`` departure still counts as that tier.
    """
    left = departs_at - now
    reached = [tier for tier in tiers if left >= timedelta(minutes=tier.minutes_before)]
    return max(reached, key=lambda tier: tier.minutes_before, default=None)


def quote_cancellation(
    tiers: Sequence[CancellationTier], paid: Money | None, currency: str, departs_at: datetime, now: datetime
) -> CancellationQuote:
    """What cancelling at ``now`` gives back of what was paid."""
    ordered = tuple(sorted(tiers, key=lambda tier: -tier.minutes_before))
    if paid is None:
        nothing = Money(0, currency)
        return CancellationQuote(nothing, nothing, None, ordered, departs_at)
    tier = tier_for(tiers, departs_at, now)
    refund = paid.percent(tier.refund_percent) if tier else Money(0, currency)
    return CancellationQuote(refund, paid - refund, tier, ordered, departs_at)
