"""Decisions about money."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any, get_args
from uuid import UUID

import pytest

from kamhub.hub.booking.types import BookingStatus
from kamhub.hub.payment.rules import Invoice, Verdict, answer_check, is_news, judge_payment, mismatch, test_refused
from kamhub.hub.payment.types import CheckCode, Notification, PaymentAccount, PaymentStatus
from kamhub.kit.money import Money
from tests.conftest import NOW

refused_as_test = test_refused
del test_refused  # not a test of this module, whatever its name

BOOKING = UUID(int=7)
PRICE = Money(250_000, "RUB")
PAID = Notification("pay", 1001, PRICE, "ABCD2345", str(BOOKING), test=False)
OPEN = Invoice(BOOKING, "on_hold", NOW + timedelta(minutes=5), PRICE, None)
LAPSED = replace(OPEN, expires_at=NOW)


def judge(invoice: Invoice | None, notification: Notification = PAID, *, refused: bool = False) -> Verdict:
    return judge_payment(notification, invoice, test_refused=refused, now=NOW)


@pytest.mark.parametrize(
    ("changes", "case", "code"),
    [
        ({}, None, CheckCode.ACCEPT),
        ({"account": None}, None, CheckCode.ACCEPT),
        ({"account": "user@example.org"}, "wrong_account", CheckCode.WRONG_ACCOUNT),
        ({"amount": Money(250_000, "USD")}, "wrong_currency", CheckCode.WRONG_AMOUNT),
        ({"amount": Money(249_999, "RUB")}, "wrong_amount", CheckCode.WRONG_AMOUNT),
        ({"amount": Money(250_001, "RUB")}, "wrong_amount", CheckCode.WRONG_AMOUNT),
        ({"amount": Money(1, "USD"), "account": "x"}, "wrong_account", CheckCode.WRONG_ACCOUNT),
    ],
)
def test_every_difference_is_noticed(changes: dict[str, Any], case: str | None, code: CheckCode) -> None:
    notification = replace(PAID, **changes)
    assert mismatch(notification, OPEN) == case
    assert answer_check(notification, OPEN, test_refused=False, now=NOW) == code
    verdict = judge(OPEN, notification)
    assert verdict == (Verdict(accepted=False, case=case) if case else Verdict(accepted=True, confirm=True))


@pytest.mark.parametrize(
    ("status", "code"),
    [
        ("on_hold", 0), ("pending", 0), ("expired", 20), ("confirmed", 13), ("redeemed", 13), ("cancelled", 13), ("rejected", 13),
    ],
)  # fmt: skip
def test_check_answers_by_state(status: BookingStatus, code: int) -> None:
    assert answer_check(PAID, replace(OPEN, status=status), test_refused=False, now=NOW) == code


def test_check_of_lapsed_unknown_and_test_money() -> None:
    assert answer_check(PAID, LAPSED, test_refused=False, now=NOW) == 20
    assert answer_check(PAID, None, test_refused=False, now=NOW) == 10
    assert answer_check(PAID, OPEN, test_refused=True, now=NOW) == 13


@pytest.mark.parametrize("status", get_args(BookingStatus))
def test_money_for_every_state_is_accepted_or_goes_back(status: BookingStatus) -> None:
    verdict = judge(replace(OPEN, status=status))
    gone = status in ("cancelled", "rejected")
    assert verdict.accepted
    assert verdict.confirm is (status in ("on_hold", "pending", "expired"))
    assert verdict.retake is (status == "expired")
    assert verdict.give_back is gone
    assert verdict.case == ("paid_after_cancellation" if gone else None)


def test_money_that_does_not_count() -> None:
    assert judge(None) == Verdict(accepted=False, case="unknown_booking")
    assert judge(OPEN, refused=True) == Verdict(accepted=False, case="test_payment")
    assert judge(replace(OPEN, paid=PRICE)) == Verdict(accepted=False, give_back=True, case="paid_twice")
    assert judge(LAPSED).retake


@pytest.mark.parametrize(
    ("test", "demo", "production", "refused"),
    [
        (False, False, False, False), (False, True, True, False), (True, True, False, False), (True, False, False, True),
        (True, True, True, True), (True, False, True, True),
    ],
)  # fmt: skip
def test_where_test_money_counts(test: bool, demo: bool, production: bool, refused: bool) -> None:
    assert refused_as_test(replace(PAID, test=test), demo_account=demo, production=production) is refused


@pytest.mark.parametrize(
    ("known", "completes", "authorizes"),
    [("completed", False, False), ("authorized", True, False), ("declined", True, True), ("cancelled", True, True)],
)
def test_what_is_news_of_a_known_payment(known: PaymentStatus, completes: bool, authorizes: bool) -> None:
    assert is_news(known, PAID) is completes
    assert is_news(known, replace(PAID, authorized_only=True)) is authorizes


def test_an_account_does_not_show_its_secret() -> None:
    assert "hidden" not in repr(PaymentAccount(BOOKING, BOOKING, "pk", "hidden", "live"))
