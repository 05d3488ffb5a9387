"""Pure decisions of the books: which lines an event has."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from kamhub.hub.ledger.types import Account, Period, Standing, Till

_WHOLE = 10_000  # basis points
Lines = Mapping[Account, int]


def charge(amount: int, *, accepted: bool) -> Lines:
    """Money came in through the payment service."""
    return {"provider": amount, "travellers" if accepted else "unmatched": -amount}


def refund(amount: int, *, accepted: bool) -> Lines:
    """Money went back through the payment service."""
    return {"provider": -amount, "travellers" if accepted else "unmatched": amount}


def fee(amount: int) -> Lines:
    """What the payment service kept for itself."""
    return {"provider_fees": amount, "provider": -amount}


def chargeback(amount: int) -> Lines:
    """The payer's bank took money back: lost, until a person gets it some other way."""
    return {"losses": amount, "provider": -amount}


def payout(amount: int) -> Lines:
    """The payment service transferred money to the operator's bank."""
    return {"bank": amount, "provider": -amount}


def correction(amount: int) -> Lines:
    """Money that was nobody's counts for a booking after all."""
    return {"unmatched": amount, "travellers": -amount}


def collected(amount: int, till: Till, receivable: int) -> Lines:
    """Money taken outside the payment service, first of all for what was invoiced; negative: given back the same way."""
    settled = max(0, min(amount, receivable))
    lines: dict[Account, int] = {till: amount, "receivable": -settled, "travellers": -(amount - settled)}
    return {account: value for account, value in lines.items() if value}


def invoiced(standing: Standing) -> int:
    """How much of an invoice is open once the trip has run: entered as owed by whoever ordered it."""
    if standing.pay_by != "invoice" or not standing.travels:
        return 0
    had = standing.paid + standing.collected - standing.returned + standing.receivable
    return max(0, standing.total - had)


def earned(standing: Standing) -> int:
    """How much more (less, when negative) the booking has earned than the books say, once it has run."""
    net = standing.paid + standing.collected + standing.receivable - standing.returned
    return net - standing.earned


def commission(standing: Standing, earned_now: int) -> int:
    """How much more the platform gets of it, rounded half up; none of what was returned or charged back."""
    base = max(0, standing.earned + earned_now - standing.charged_back)
    return (base * standing.commission_basis_points + _WHOLE // 2) // _WHOLE - standing.commission


def period(first: date, last: date, zone: ZoneInfo) -> Period:
    """Those days, both inclusive, of that zone."""
    since = datetime.combine(first, time.min, zone)
    return Period(first, last, since, datetime.combine(last + timedelta(days=1), time.min, zone))


def closings_due(first: datetime, last: datetime | None, now: datetime, zone: ZoneInfo) -> list[datetime]:
    """The beginnings of months the books are to be closed at: those after the first entry and the last closing that are a
    day past, when nothing that began before can still be entered."""
    day = (last or first).astimezone(zone).date()
    found: list[datetime] = []
    while True:
        day = month_of(day)[1] + timedelta(days=1)
        at = datetime.combine(day, time.min, zone)
        if at + timedelta(days=1) > now:
            return found
        if last is None or at > last:
            found.append(at)


def month_of(day: date) -> tuple[date, date]:
    """First and last day of its month."""
    first = day.replace(day=1)
    following = (first + timedelta(days=32)).replace(day=1)
    return first, following - timedelta(days=1)
