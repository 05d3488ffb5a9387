"""A day of the provider's list held against ours."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Literal
from uuid import UUID

from kamhub.hub.payment.types import PaymentStatus
from kamhub.kit.errors import Refusal
from kamhub.kit.money import Money
from kamhub.kit.text import mark

ReconciliationStatus = Literal["running", "clean", "repaired", "differs", "failed"]
# lost_*: they have it, and nobody told us. missing: we have it, and they do not list it.
Finding = Literal["lost_payment", "lost_capture", "lost_release", "lost_refund", "amount_differs", "missing"]


class ReconciliationNotFound(Refusal):
    """There is no such reconciliation in this organisation."""

    code = "reconciliation_not_found"
    status = 404
    title = mark("There is no such comparison")


class NoPaymentAccount(Refusal):
    """The organisation takes no payments online: there is nothing to hold against."""

    code = "no_payment_account"
    status = 409
    title = mark("There is no payment account to compare with")


class DayToCome(Refusal):
    """The day has not begun."""

    code = "day_to_come"
    status = 409
    title = mark("This day has not begun yet")


@dataclass(frozen=True, slots=True)
class Ours:
    """A payment or a refund as we have it. ``id`` is the payment's or the refund's."""

    kind: Literal["payment", "refund"]
    id: UUID
    transaction_id: int
    amount: Money
    status: PaymentStatus
    at: datetime
    payment_id: UUID
    booking_id: UUID | None


@dataclass(frozen=True, slots=True)
class Difference:
    """What one side has and the other has not."""

    finding: Finding
    transaction_id: int
    theirs: Money | None
    ours: Money | None
    repaired: bool = False

    def as_json(self) -> dict[str, object]:
        """As it is kept and told."""
        return {
            "finding": self.finding,
            "transaction_id": self.transaction_id,
            "theirs": self.theirs.as_json() if self.theirs else None,
            "ours": self.ours.as_json() if self.ours else None,
            "repaired": self.repaired,
        }


@dataclass(frozen=True, slots=True)
class Reconciliation:
    """What a comparison found; ``differences`` are those of ``Difference.as_json``."""

    organisation_id: UUID
    id: UUID
    account_id: UUID
    day: date
    status: ReconciliationStatus
    theirs: int
    ours: int
    repaired: int
    differences: list[Mapping[str, object]]
    started_at: datetime
    finished_at: datetime | None
