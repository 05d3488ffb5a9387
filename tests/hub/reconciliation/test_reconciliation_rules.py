"""What differs between two lists."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest

from kamhub.hub.payment.models import read_operation
from kamhub.hub.payment.types import Operation
from kamhub.hub.reconciliation import rules
from kamhub.hub.reconciliation.types import Difference, Ours
from kamhub.kit.money import Money

DAY = datetime(2026, 11, 23, 12, tzinfo=UTC)
SPAN = {"since": DAY, "until": DAY + timedelta(days=1), "now": DAY + timedelta(days=2)}
SUM = Money(250_000, "RUB")
NOBODY = UUID(int=0)
THEIRS = Operation(1, "payment", SUM, "completed", None, "CODE", "payer", False, DAY + timedelta(hours=1))
OURS = Ours("payment", NOBODY, 1, SUM, "completed", DAY + timedelta(hours=1), NOBODY, None)
REFUND = replace(THEIRS, transaction_id=9, kind="refund", parent=1)


@pytest.mark.parametrize(
    ("theirs", "ours", "finding", "kind"),
    [
        ([THEIRS], [OURS], None, None),
        ([THEIRS], [], "lost_payment", "pay"),
        ([replace(THEIRS, status="authorized")], [], "lost_payment", "pay"),
        ([replace(THEIRS, status="declined")], [], None, None),
        ([replace(THEIRS, status="waiting")], [], None, None),
        ([THEIRS], [replace(OURS, status="declined")], "lost_payment", "pay"),
        ([THEIRS], [replace(OURS, status="authorized")], "lost_capture", "confirm"),
        ([replace(THEIRS, status="cancelled")], [replace(OURS, status="authorized")], "lost_release", "cancel"),
        ([replace(THEIRS, status="waiting")], [replace(OURS, status="authorized")], None, None),
        ([replace(THEIRS, status="cancelled")], [replace(OURS, status="cancelled")], None, None),
        ([replace(THEIRS, amount=Money(1, "RUB"))], [OURS], "amount_differs", None),
        ([THEIRS, REFUND], [OURS], "lost_refund", "refund"),
        ([THEIRS, replace(REFUND, parent=None)], [OURS], "lost_refund", None),
        ([THEIRS, replace(REFUND, status="declined")], [OURS], None, None),
        ([], [OURS], "missing", None),
        ([], [replace(OURS, at=DAY - timedelta(seconds=1))], None, None),
        ([], [replace(OURS, status="declined")], None, None),
        ([replace(THEIRS, at=SPAN["now"])], [], None, None),
        ([replace(THEIRS, at=None)], [], "lost_payment", "pay"),
    ],
)
def test_what_differs(theirs: list[Operation], ours: list[Ours], finding: str | None, kind: str | None) -> None:
    found = rules.compare(theirs, ours, **SPAN)
    assert [one.finding for one in found] == ([finding] if finding else [])
    for one in found:
        told = next((each for each in theirs if each.transaction_id == one.transaction_id), None)
        news = rules.as_news(one.finding, told) if told else None
        assert (news.kind if news else None) == kind


def test_how_it_ends() -> None:
    lost = Difference("lost_payment", 1, SUM, None, repaired=True)
    missing = Difference("missing", 1, None, SUM)
    assert rules.status_of([]) == "clean"
    assert rules.status_of([lost]) == "repaired"
    assert rules.status_of([lost, missing]) == "differs"
    assert [rules.case_of(one) for one in (lost, missing, replace(lost, repaired=False))] == [
        "lost_notification",
        "missing_at_provider",
        "amount_differs",
    ]


@pytest.mark.parametrize(
    "model",
    [
        {}, {"TransactionId": 1}, {"TransactionId": 1, "Amount": True}, {"TransactionId": -1, "Amount": 1},
        {"TransactionId": 1, "Amount": 1, "Status": "Odd"}, {"TransactionId": 1, "Amount": "1e99"}, {"TransactionId": 1, "Amount": 0},
    ],
)  # fmt: skip
def test_what_makes_no_sense_is_left_out(model: dict[str, object]) -> None:
    assert read_operation(model) is None


def test_a_line_of_the_list() -> None:
    read = read_operation(
        {
            "TransactionId": 7, "Amount": 0.1, "Currency": "RUB", "Status": "Completed", "OperationType": "Payment",
            "TotalFee": 19.5, "CreatedDateIso": "2026-11-24T01:02:03", "CardLastFour": "4242", "CardType": "Visa",
        }
    )  # fmt: skip
    assert read is not None
    assert (read.amount.amount, read.fee, read.at) == (10, 1950, datetime(2026, 11, 24, 1, 2, 3, tzinfo=UTC))
