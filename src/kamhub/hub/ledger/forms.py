"""What comes in from outside about the books."""

from __future__ import annotations

import datetime as dt
from typing import Annotated, Literal, Self
from uuid import UUID
from zoneinfo import ZoneInfo

from pydantic import Field, model_validator

from kamhub.hub.ledger import rules
from kamhub.hub.ledger.types import Account, EntryKind, EntryQuery, Period
from kamhub.kit.money import Money
from kamhub.kit.text import mark
from kamhub.platform.web.schemas import (
    MAX_AMOUNT,
    BlankIsNone,
    Date,
    Form,
    Line,
    MoneyForm,
    PageParameters,
    Query,
    blank_is_none,
)

ORDER = mark("The first day comes before the last one.")
# Minor units, or money with its currency.
Sum = Annotated[int, Field(strict=True, ge=1, le=MAX_AMOUNT)] | MoneyForm
Day = Annotated[Date | None, blank_is_none(Date | Literal[""] | None)]
Id = Annotated[UUID | None, blank_is_none(UUID | Literal[""] | None)]
Label = Annotated[str | None, Field(max_length=100), BlankIsNone, Line]


def money_of(amount: int | MoneyForm | None) -> Money | None:
    """The sum as money; roubles when only a number was given."""
    if amount is None:
        return None
    return Money(amount, "RUB") if isinstance(amount, int) else Money(amount.amount, amount.currency)


class DayParameters(PageParameters):
    """Days of the organisation's own zone, both inclusive: one ``date``, or ``from`` and ``to``."""

    date: Day = None
    first: Annotated[Day, Field(alias="from")] = None
    last: Annotated[Day, Field(alias="to")] = None

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if self.first and self.last and self.first > self.last:
            raise ValueError(ORDER)
        return self

    def span(self, zone: ZoneInfo) -> tuple[dt.datetime | None, dt.datetime | None]:
        """The instants between which those days lie."""
        first, last = self.date or self.first, self.date or self.last
        since = rules.period(first, first, zone).since if first else None
        return since, rules.period(last, last, zone).until if last else None


class LedgerParameters(DayParameters):
    """Filters of the list of entries."""

    kind: Annotated[EntryKind | None, blank_is_none(EntryKind | Literal[""] | None)] = None
    account: Annotated[Account | None, blank_is_none(Account | Literal[""] | None)] = None
    booking_id: Id = None
    payment_id: Id = None

    def wanted(self, zone: ZoneInfo) -> EntryQuery:
        """The filters alone."""
        since, until = self.span(zone)
        return EntryQuery(
            since=since,
            until=until,
            kind=self.kind,
            account=self.account,
            booking_id=self.booking_id,
            payment_id=self.payment_id,
        )


class BalanceParameters(Query):
    """Balances at the end of that ``date``; without it, now."""

    date: Day = None

    def until(self, zone: ZoneInfo) -> dt.datetime | None:
        """The instant after which nothing counts."""
        return rules.period(self.date, self.date, zone).until if self.date else None


class StatementParameters(Query):
    """The days of a statement, both inclusive, in the organisation's own zone; the present month when left out."""

    first: Annotated[Day, Field(alias="from")] = None
    last: Annotated[Day, Field(alias="to")] = None

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if self.first and self.last and self.first > self.last:
            raise ValueError(ORDER)
        return self

    def period(self, today: dt.date, zone: ZoneInfo) -> Period:
        """Those days; a bound that is missing is that of the month of the other one."""
        first, last = rules.month_of(self.first or self.last or today)
        return rules.period(self.first or first, self.last or last, zone)


class PayoutForm(Form):
    """A transfer of the payment service to the operator's bank: for which days, how much, when it came."""

    from_date: Date
    to_date: Date
    amount: Sum
    reference: Label = None
    paid_on: Day = None

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if self.from_date > self.to_date:
            raise ValueError(ORDER)
        return self
