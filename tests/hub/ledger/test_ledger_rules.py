"""Which lines an event has."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kamhub.hub.ledger import rules
from kamhub.hub.ledger.types import Entry, Standing

NOBODY = UUID(int=0)
STANDING = Standing(NOBODY, NOBODY, "RUB", "online", True, 250_000, 250_000, 0, 0, 0, 0, 0, 0, 0, 1000)
AMOUNTS = st.integers(1, 10**9)


@given(amount=AMOUNTS, receivable=st.integers(0, 10**9), back=st.booleans())
@settings(max_examples=40)
def test_every_event_sums_to_zero(amount: int, receivable: int, back: bool) -> None:
    taken = -amount if back else amount
    for lines in (
        rules.charge(amount, accepted=True),
        rules.charge(amount, accepted=False),
        rules.refund(amount, accepted=True),
        rules.refund(amount, accepted=False),
        rules.fee(amount),
        rules.chargeback(amount),
        rules.payout(amount),
        rules.correction(amount),
        rules.collected(taken, "cash", receivable),
    ):
        assert sum(lines.values()) == 0
        assert 0 not in lines.values()


@given(amount=AMOUNTS, receivable=st.integers(0, 10**9))
@settings(max_examples=40)
def test_an_invoice_is_paid_before_anything_else(amount: int, receivable: int) -> None:
    lines = rules.collected(amount, "bank", receivable)
    assert lines.get("receivable", 0) == -min(amount, receivable)
    assert lines["bank"] == amount


@given(
    paid=st.integers(0, 10**8),
    share=st.integers(0, 100),
    said=st.integers(0, 10**8),
    points=st.integers(0, 5000),
    charged_back=st.integers(0, 10**8),
)
@settings(max_examples=60)
def test_what_is_said_again_adds_nothing(paid: int, share: int, said: int, points: int, charged_back: int) -> None:
    standing = replace(
        STANDING,
        paid=paid,
        returned=paid * share // 100,
        earned=said,
        charged_back=charged_back,
        commission_basis_points=points,
    )
    more = rules.earned(standing)
    commission = rules.commission(standing, more)
    after = replace(standing, earned=standing.earned + more, commission=standing.commission + commission)
    assert rules.earned(after) == 0
    assert rules.commission(after, 0) == 0
    assert 0 <= after.commission <= max(0, after.earned - charged_back) / 2 + 1


@pytest.mark.parametrize(
    ("changes", "open_invoice"),
    [
        ({}, 0),
        ({"pay_by": "invoice", "paid": 0}, 250_000),
        ({"pay_by": "invoice", "paid": 0, "travels": False}, 0),
        ({"pay_by": "invoice", "paid": 0, "collected": 100_000}, 150_000),
        ({"pay_by": "invoice", "paid": 0, "receivable": 250_000}, 0),
        ({"pay_by": "on_board", "paid": 0}, 0),
    ],
)
def test_an_invoice_is_open_once_the_trip_has_run(changes: dict[str, object], open_invoice: int) -> None:
    assert rules.invoiced(replace(STANDING, **changes)) == open_invoice  # type: ignore[arg-type]


@pytest.mark.parametrize("lines", [{}, {"cash": 1}, {"cash": 0, "bank": 0}])
def test_an_entry_that_is_none_is_refused(lines: dict[str, int]) -> None:
    with pytest.raises(ValueError, match="no entry"):
        Entry(NOBODY, datetime(2026, 11, 24, tzinfo=UTC), "charge", "x", "RUB", lines)  # type: ignore[arg-type]


MARCH_1, APRIL_1 = datetime(2026, 2, 28, 12, tzinfo=UTC), datetime(2026, 3, 31, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)


@pytest.mark.parametrize(
    ("first", "last", "now", "due"),
    [
        (MARCH_1 - HOUR, None, APRIL_1 + timedelta(days=1), [MARCH_1, APRIL_1]),
        (MARCH_1 - HOUR, None, APRIL_1 + timedelta(days=1) - HOUR, [MARCH_1]),
        (MARCH_1, None, APRIL_1, []),
        (MARCH_1 - HOUR, MARCH_1, APRIL_1 + timedelta(days=9), [APRIL_1]),
        (MARCH_1 - HOUR, APRIL_1, APRIL_1 + timedelta(days=9), []),
        # Closed by another zone's months, as before the organisation's zone was changed.
        (MARCH_1 - HOUR, APRIL_1 + HOUR, APRIL_1 + timedelta(days=29), []),
    ],
)
def test_when_books_are_closed(first: datetime, last: datetime | None, now: datetime, due: list[datetime]) -> None:
    assert rules.closings_due(first, last, now, ZoneInfo("Asia/Kamchatka")) == due


def test_the_days_of_a_statement_are_of_the_zone() -> None:
    period = rules.period(date(2026, 11, 1), date(2026, 11, 30), ZoneInfo("Asia/Kamchatka"))
    assert period.since == datetime(2026, 10, 31, 12, tzinfo=UTC)
    assert period.until == datetime(2026, 11, 30, 12, tzinfo=UTC)
    assert rules.month_of(date(2026, 12, 31)) == (date(2026, 12, 1), date(2026, 12, 31))
    assert rules.month_of(date(2026, 2, 1)) == (date(2026, 2, 1), date(2026, 2, 28))
