"""What is offered for a case, and what is taken by hand."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from uuid import UUID

import pytest

from kamhub.hub.ledger.page_forms import read_amount
from kamhub.hub.money import rules, words
from kamhub.hub.money.types import CASE_KINDS, CaseView, Dues, MoreThanDue, NothingDue
from kamhub.hub.payment.rules import judge_acceptance, returnable
from kamhub.kit.money import Money

DUES = Dues(UUID(int=0), "ABCD2345", "RUB", "on_board", "confirmed", 250_000, 0, 0, 0, 0)


@pytest.mark.parametrize("kind", CASE_KINDS)
def test_every_case_has_words_and_something_to_do(kind: str) -> None:
    actions = rules.offered(kind)  # type: ignore[arg-type]
    assert actions
    assert all(rules.is_offered(kind, action) for action in actions)  # type: ignore[arg-type]
    assert words.case_title(kind, "en")  # type: ignore[arg-type]
    assert words.case_text(kind, "en")  # type: ignore[arg-type]


def test_details_of_a_case_are_told_as_people_read_them() -> None:
    at, number = datetime(2026, 11, 24, tzinfo=UTC), UUID(int=1)
    details = {"amount": "150050", "asked": "a lot", "reason": "departure_cancelled", "odd": "7"}
    case = CaseView(number, number, "move_difference", None, None, None, None, details, None, at, None, None, None)
    assert words.case_details(case, "ru") == [
        ("Сумма", "1\u00a0500,50\u00a0₽"),
        ("Запрошенная сумма", "a lot"),
        ("Причина", "рейс отменён"),
        ("odd", "7"),
    ]
    paid = replace(case, details={"amount": "100"}, amount=Money(1, "USD"))
    assert words.case_details(paid, "en") == [("Amount", "1\u00a0$")]


def test_what_is_offered_depends_on_what_the_booking_has_become() -> None:
    assert rules.offered("wrong_amount")[0] == "accept"
    assert rules.offered("wrong_amount", "expired")[0] == "revive"
    assert "accept" not in rules.offered("wrong_amount", "cancelled")
    assert rules.is_offered("wrong_amount", "revive")
    assert not rules.is_offered("paid_twice", "revive")


def test_what_is_due_is_taken_whole_unless_a_part_is_said() -> None:
    assert rules.taken(DUES, None, back=False) == 250_000
    assert rules.taken(DUES, Money(100, "RUB"), back=False) == 100
    assert rules.taken(replace(DUES, collected=100), None, back=True) == -100


@pytest.mark.parametrize(
    ("changes", "amount", "back", "refusal"),
    [
        ({"paid": 250_000}, None, False, NothingDue),
        ({}, None, True, NothingDue),
        ({}, Money(250_001, "RUB"), False, MoreThanDue),
        ({}, Money(1, "USD"), False, MoreThanDue),
        ({"collected": 5}, Money(6, "RUB"), True, MoreThanDue),
    ],
)
def test_more_than_there_is_is_not_taken(
    changes: dict[str, int], amount: Money | None, back: bool, refusal: type[Exception]
) -> None:
    with pytest.raises(refusal):
        rules.taken(replace(DUES, **changes), amount, back=back)  # type: ignore[arg-type]


def test_where_money_goes() -> None:
    assert rules.till_of(DUES, None) == "cash"
    assert rules.till_of(replace(DUES, pay_by="invoice"), None) == "bank"
    assert rules.till_of(DUES, "bank") == "bank"


@pytest.mark.parametrize(
    ("change", "counts"),
    [
        ({}, True),
        ({"payment_status": "authorized"}, False),
        ({"accepted": True}, False),
        ({"untouched": False}, False),
        ({"same_currency": False}, False),
        ({"has_money": True}, False),
        ({"status": "cancelled"}, False),
        ({"status": "expired"}, True),
        ({"status": "confirmed"}, True),
    ],
)
def test_which_payment_may_count_after_all(change: dict[str, object], counts: bool) -> None:
    usual = {
        "payment_status": "completed",
        "accepted": False,
        "untouched": True,
        "same_currency": True,
        "has_money": False,
        "status": "on_hold",
    }
    assert (judge_acceptance(**{**usual, **change}) is not None) is counts  # type: ignore[arg-type]


def test_what_may_still_go_back() -> None:
    assert returnable("completed", 100, 30, 20) == 50
    assert returnable("completed", 100, 90, 20) == 0
    assert returnable("authorized", 100, 0, 0) == 0


@pytest.mark.parametrize(
    ("text", "amount"),
    [("1500", 150_000), ("1 500,50", 150_050), ("1500.5", 150_050), ("1\u202f500 ₽", 150_000)],
)
def test_amounts_as_people_write_them(text: str, amount: int) -> None:
    assert read_amount(text) == Money(amount, "RUB")


@pytest.mark.parametrize("text", ["", "0", "-5", "1,2,3", "1.234", "abc", "1e400"])
def test_what_is_no_amount(text: str) -> None:
    with pytest.raises(ValueError, match="Write an amount"):
        read_amount(text)
