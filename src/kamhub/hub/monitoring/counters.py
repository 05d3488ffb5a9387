"""What happened to bookings and money in this process, counted once it is committed. The fleet's number is the sum.

All labels are there from the beginning, at nought, so that the first of a kind is seen as one more.
"""

from __future__ import annotations

from functools import partial
from typing import Literal, get_args

from prometheus_client import CollectorRegistry, Counter

from kamhub.hub.payment.types import CaseKind
from kamhub.platform.database.committed import once_committed
from kamhub.platform.database.pool import Connection

BookingStep = Literal["named", "confirmed", "redeemed", "expired", "cancelled", "rejected"]
PaymentStep = Literal["begun", "unanswered", "refused", "authorized", "completed", "declined", "cancelled"]
RefundStep = Literal["requested", "completed", "refused"]

REGISTRY = CollectorRegistry()
_BOOKINGS = Counter(
    "kamhub_booking_steps",
    "Bookings that took this step; those that began are in kamhub_seat_holds_total.",
    ("step",),
    registry=REGISTRY,
)
_PAYMENTS = Counter("kamhub_payment_steps", "Payments that took this step.", ("step",), registry=REGISTRY)
_REFUNDS = Counter("kamhub_refund_steps", "Refunds that took this step.", ("step",), registry=REGISTRY)
_CASES = Counter("kamhub_cases_opened", "Cases put before people of an operator.", ("kind",), registry=REGISTRY)

_BOOKING = {step: _BOOKINGS.labels(step) for step in get_args(BookingStep)}
_PAYMENT = {step: _PAYMENTS.labels(step) for step in get_args(PaymentStep)}
_REFUND = {step: _REFUNDS.labels(step) for step in get_args(RefundStep)}
_CASE = {kind: _CASES.labels(kind) for kind in get_args(CaseKind)}


def count_booking(connection: Connection, step: BookingStep, number: int = 1) -> None:
    """So many bookings take this step with the transaction."""
    once_committed(connection, partial(_BOOKING[step].inc, number))


def count_payment(connection: Connection, step: PaymentStep) -> None:
    """A payment takes this step with the transaction."""
    once_committed(connection, _PAYMENT[step].inc)


def count_unanswered() -> None:
    """The provider was asked for a link to pay by, and did not answer."""
    _PAYMENT["unanswered"].inc()


def count_refund(connection: Connection, step: RefundStep) -> None:
    """A refund takes this step with the transaction."""
    once_committed(connection, _REFUND[step].inc)


def count_case(connection: Connection, kind: CaseKind) -> None:
    """A case is opened with the transaction."""
    once_committed(connection, _CASE[kind].inc)
