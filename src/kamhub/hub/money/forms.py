"""What comes in from outside about money."""

from __future__ import annotations

from typing import Annotated, Literal, Self
from uuid import UUID
from zoneinfo import ZoneInfo

from pydantic import Field, model_validator

from kamhub.hub.ledger.forms import DayParameters, Id, Sum, money_of
from kamhub.hub.ledger.types import Till
from kamhub.hub.money.types import CaseAction, CaseStatus, MoneyQuery, RefundStatus
from kamhub.hub.payment.types import CaseKind, PaymentStatus
from kamhub.kit.text import mark
from kamhub.platform.web.schemas import BlankIsNone, Flag, Form, Line, Query, Text, blank_is_none

_ONE_OF_TWO = mark("Name a booking or a payment.")
__all__ = ["money_of"]

Reason = Annotated[str, Field(min_length=3, max_length=500), Text]
Words = Annotated[str | None, Field(max_length=100), BlankIsNone, Line]


class PaymentParameters(DayParameters):
    """Filters of the list of payments; ``text`` is a booking's code or the provider's number."""

    status: Annotated[PaymentStatus | None, blank_is_none(PaymentStatus | Literal[""] | None)] = None
    booking_id: Id = None
    text: Words = None

    def wanted(self, zone: ZoneInfo) -> MoneyQuery:
        """The filters alone."""
        since, until = self.span(zone)
        return MoneyQuery(status=self.status, since=since, until=until, booking_id=self.booking_id, text=self.text)


class RefundParameters(DayParameters):
    """Filters of the list of refunds."""

    status: Annotated[RefundStatus | None, blank_is_none(RefundStatus | Literal[""] | None)] = None
    booking_id: Id = None
    payment_id: Id = None
    text: Words = None

    def wanted(self, zone: ZoneInfo) -> MoneyQuery:
        """The filters alone."""
        since, until = self.span(zone)
        return MoneyQuery(
            status=self.status,
            since=since,
            until=until,
            booking_id=self.booking_id,
            payment_id=self.payment_id,
            text=self.text,
        )


class CaseParameters(DayParameters):
    """Filters of the list of cases."""

    status: Annotated[CaseStatus | None, blank_is_none(CaseStatus | Literal[""] | None)] = None
    kind: Annotated[CaseKind | None, blank_is_none(CaseKind | Literal[""] | None)] = None
    booking_id: Id = None
    text: Words = None

    def wanted(self, zone: ZoneInfo) -> MoneyQuery:
        """The filters alone."""
        since, until = self.span(zone)
        return MoneyQuery(
            status=self.status, kind=self.kind, since=since, until=until, booking_id=self.booking_id, text=self.text
        )


class RefundReference(Query):
    """What a refund is of, whatever is wrong with the rest."""

    booking_id: UUID | None = None
    payment_id: UUID | None = None


class RefundForm(Form):
    """Money to return: of a booking or of a payment; without ``amount`` all that is left."""

    booking_id: UUID | None = None
    payment_id: UUID | None = None
    amount: Sum | None = None
    reason: Reason

    @model_validator(mode="after")
    def _one_of_two(self) -> Self:
        if self.booking_id is None and self.payment_id is None:
            raise ValueError(_ONE_OF_TWO)
        return self


class ChargebackForm(Form):
    """What the payer's bank took back; without ``amount`` all that is left of the payment."""

    amount: Sum | None = None
    note: Annotated[str | None, Field(max_length=500), Text] = None


class CollectForm(Form):
    """Money taken outside the payment service: all that is due when no ``amount`` is given; ``back``: given back."""

    amount: Sum | None = None
    till: Till | None = None
    back: Flag = False


class CloseForm(Form):
    """How a case was settled, in words."""

    resolution: Reason


class ActForm(Form):
    """What to do about a case."""

    action: CaseAction
