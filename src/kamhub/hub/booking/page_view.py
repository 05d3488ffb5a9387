"""Which of its faces the one page of a booking shows."""

from __future__ import annotations

from typing import Literal

from kamhub.hub.booking.types import Booking

View = Literal["passengers", "pay", "waiting", "pending", "ticket", "expired", "cancelled", "rejected"]

PAYMENT_DONE = "done"


def booking_view(booking: Booking, payment: str | None) -> View:
    """``payment`` is what the payer came back with; after ``done`` we wait until the bank has told us."""
    waiting = payment == PAYMENT_DONE and booking.paid is None
    match booking.status:
        case "confirmed" | "redeemed":
            return "ticket"
        case "on_hold" if booking.contact is None:
            return "passengers"
        case "on_hold":
            return "waiting" if waiting else "pay"
        case "expired" if waiting:
            return "waiting"
        case ended:
            return ended
