"""Who may board when, what is taken at the door, and how a manifest reads."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from kamhub.hub.departure.types import DepartureCancelled, StaffStop
from kamhub.hub.manifest import rules
from kamhub.hub.manifest.types import (
    AlreadyBoarded,
    BoardingTooEarly,
    BookingHasNoSeats,
    ManifestParty,
    NotMissedYet,
    Party,
    PassengerNamed,
)
from kamhub.kit.ids import new_id
from kamhub.kit.money import Money
from kamhub.kit.text import Names

KAMCHATKA = ZoneInfo("Asia/Kamchatka")
LEAVES = datetime(2026, 11, 25, 8, tzinfo=KAMCHATKA)


def party(**other: Any) -> Party:
    values: dict[str, Any] = {
        "id": new_id(),
        "code": "ABCDEFGH",
        "departure_id": new_id(),
        "departure_status": "open",
        "status": "confirmed",
        "passengers": 2,
        "boards_at": LEAVES,
        "boarded_at": None,
        "missed_at": None,
    }
    return Party(**values | other)


def test_boarding_begins_with_the_day_before_where_one_gets_on() -> None:
    midnight = datetime(2026, 11, 24, 0, 0, tzinfo=KAMCHATKA)
    rules.require_boarding(party(), midnight.astimezone(UTC))
    with pytest.raises(BoardingTooEarly) as early:
        rules.require_boarding(party(), midnight - timedelta(seconds=1))
    assert early.value.extra == {"opens_on": "2026-11-24"}
    rules.require_boarding(party(), LEAVES + timedelta(days=2))  # noted later, by somebody who was without connection


@pytest.mark.parametrize("status", ["on_hold", "pending", "expired", "cancelled", "rejected"])
def test_only_who_is_confirmed_boards_or_is_missed(status: Any) -> None:
    with pytest.raises(BookingHasNoSeats):
        rules.require_boarding(party(status=status), LEAVES)
    with pytest.raises(BookingHasNoSeats):
        rules.require_missing(party(status=status), LEAVES)


def test_nobody_boards_what_does_not_run_or_is_missed_before_it_left() -> None:
    with pytest.raises(DepartureCancelled):
        rules.require_boarding(party(departure_status="cancelled"), LEAVES)
    with pytest.raises(NotMissedYet):
        rules.require_missing(party(), LEAVES - timedelta(seconds=1))
    rules.require_missing(party(), LEAVES)
    with pytest.raises(AlreadyBoarded):
        rules.require_missing(party(status="redeemed"), LEAVES)


@pytest.mark.parametrize(
    ("total", "paid", "collected", "pay_by", "due"),
    [
        (5000, 5000, 0, "online", 0),
        (5000, None, 0, "on_board", 5000),
        (5000, None, 2000, "on_board", 3000),
        (7000, 5000, 0, "online", 2000),  # moved to a dearer departure
        (3000, 5000, 0, "online", 0),
        (5000, None, 0, "invoice", 0),
    ],
)
def test_what_is_still_to_be_paid_is_taken_at_the_door(
    total: int, paid: int | None, collected: int, pay_by: str, due: int
) -> None:
    assert rules.amount_due(total, paid, collected, pay_by) == due


def _riding(name: str, passengers: int, start: int, *named: str) -> ManifestParty:
    people = tuple(PassengerNamed(one, "child") for one in named)
    due = Money(1000, "RUB")
    return ManifestParty(
        new_id(), name[:1], "confirmed", name, None, passengers, people, start, start + 1, None, None, None, due
    )


def test_a_manifest_has_a_row_a_seat_in_the_order_of_getting_on() -> None:
    stops = [
        StaffStop(new_id(), slug, Names(slug, slug), LEAVES + timedelta(hours=at)) for at, slug in enumerate("abc")
    ]
    rows = rules.rows_of(
        [_riding("Яна", 1, 0), _riding("Борис", 3, 1, "Мария"), _riding("анна", 2, 0, "Анна", "Пётр")], stops
    )
    assert [row.name for row in rows] == ["Анна", "Пётр", "Яна", "Мария", "Борис 2", "Борис 3"]
    assert [row.kind for row in rows] == ["child", "child", "adult", "child", "adult", "adult"]
    assert [row.origin.slug for row in rows] == [*"aaa", *"bbb"]
    assert [bool(row.due) for row in rows] == [True, False, True, True, False, False], "told once a booking"


def test_what_was_scanned_is_a_code() -> None:
    assert rules.code_of(" KAMHUB:ABCDEFGH ") == "ABCDEFGH"
    assert rules.code_of("kamhub:abcdefgh") == "abcdefgh"
    assert rules.code_of("abcd-efgh") == "abcd-efgh"
