"""Decisions of a booking's life: which state follows which, what may be cancelled, what comes back."""

from __future__ import annotations

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kamhub.hub.booking import rules
from kamhub.hub.booking.types import (
    BookingNotOpen,
    BookingStatus,
    CancellationTier,
    HoldExpired,
    TooLateToCancel,
)
from kamhub.kit.money import Money

ZONE = ZoneInfo("Asia/Kamchatka")
DEPARTS = datetime(2026, 11, 27, 8, 0, tzinfo=ZONE)
SECOND = timedelta(seconds=1)
TICK = timedelta(microseconds=1)
TIERS = (CancellationTier(120, 50), CancellationTier(1440, 100), CancellationTier(720, 75))
PAID = Money(450_000, "RUB")

ALL: tuple[BookingStatus, ...] = (
    "on_hold",
    "pending",
    "confirmed",
    "redeemed",
    "expired",
    "cancelled",
    "rejected",
)
# The life cycle as the glossary tells it: state, and what may follow.
LIFE: dict[BookingStatus, set[BookingStatus]] = {
    "on_hold": {"pending", "confirmed", "expired", "cancelled", "rejected"},
    "pending": {"confirmed", "rejected", "expired", "cancelled"},
    "confirmed": {"redeemed", "cancelled"},
    "expired": {"confirmed"},  # late money, when the seats are still free
    "redeemed": set(),
    "cancelled": set(),
    "rejected": set(),
}


@pytest.mark.parametrize("current", ALL)
@pytest.mark.parametrize("following", ALL)
def test_life_cycle(current: BookingStatus, following: BookingStatus) -> None:
    assert rules.may_become(current, following) == (following in LIFE[current])


@pytest.mark.parametrize("status", ALL)
def test_a_hold_is_over_at_its_moment_and_not_before(status: BookingStatus) -> None:
    lapses = status in ("on_hold", "pending")
    assert rules.effective_status(status, DEPARTS, DEPARTS - TICK) == status
    assert rules.effective_status(status, DEPARTS, DEPARTS) == ("expired" if lapses else status)
    assert rules.effective_status(status, None, DEPARTS) == status


@pytest.mark.parametrize("status", ["on_hold", "pending"])
def test_open_while_its_time_runs(status: BookingStatus) -> None:
    rules.require_open(status, DEPARTS, DEPARTS - TICK)
    with pytest.raises(HoldExpired):
        rules.require_open(status, DEPARTS, DEPARTS)


def test_what_was_decided_is_not_open() -> None:
    with pytest.raises(HoldExpired):
        rules.require_open("expired", None, DEPARTS)
    for status in ("confirmed", "redeemed", "cancelled", "rejected"):
        with pytest.raises(BookingNotOpen, match=status):
            rules.require_open(status, None, DEPARTS)


@pytest.mark.parametrize("status", ["on_hold", "pending", "confirmed"])
def test_can_be_cancelled_until_it_leaves(status: BookingStatus) -> None:
    later = DEPARTS + timedelta(hours=1)
    rules.require_cancellable(status, later, DEPARTS, DEPARTS - TICK)
    with pytest.raises(TooLateToCancel):
        rules.require_cancellable(status, later, DEPARTS, DEPARTS)


def test_what_is_over_cannot_be_cancelled() -> None:
    early = DEPARTS - timedelta(days=1)
    with pytest.raises(HoldExpired):
        rules.require_cancellable("on_hold", early, DEPARTS, early)
    with pytest.raises(HoldExpired):
        rules.require_cancellable("expired", None, DEPARTS, early)
    for status in ("redeemed", "cancelled", "rejected"):
        with pytest.raises(BookingNotOpen):
            rules.require_cancellable(status, None, DEPARTS, early)


def test_a_payment_under_way_prolongs_the_hold_by_ten_minutes_at_most_to_departure() -> None:
    now = DEPARTS - timedelta(hours=2)
    assert rules.prolonged(now + SECOND, DEPARTS, now) == now + timedelta(minutes=10)
    assert rules.prolonged(now + timedelta(minutes=12), DEPARTS, now) == now + timedelta(minutes=12)
    close = DEPARTS - timedelta(minutes=4)
    assert rules.prolonged(close + SECOND, DEPARTS, close) == DEPARTS


@pytest.mark.parametrize(
    ("left", "percent"),
    [
        (timedelta(days=30), 100),
        (timedelta(hours=24) + SECOND, 100),
        (timedelta(hours=24), 100),
        (timedelta(hours=24) - SECOND, 75),
        (timedelta(hours=12) + SECOND, 75),
        (timedelta(hours=12), 75),
        (timedelta(hours=12) - SECOND, 50),
        (timedelta(hours=2) + SECOND, 50),
        (timedelta(hours=2), 50),
        (timedelta(hours=2) - SECOND, 0),
        (SECOND, 0),
    ],
)
def test_what_comes_back_at_the_edges_of_the_tiers(left: timedelta, percent: int) -> None:
    for now in (DEPARTS - left, (DEPARTS - left).astimezone(ZoneInfo("Europe/Moscow"))):
        quote = rules.quote_cancellation(TIERS, PAID, "RUB", DEPARTS, now)
        assert quote.refund == Money(4500 * percent, "RUB")
        assert quote.refund + quote.fee == PAID
        assert (quote.tier.refund_percent if quote.tier else 0) == percent


def test_eight_in_the_morning_the_day_before_is_the_last_moment_for_all_the_money() -> None:
    """The edge as a person in Kamchatka reads it off a clock, where UTC is still on the day before that."""
    on_time = datetime(2026, 11, 26, 8, 0, tzinfo=ZONE)
    assert rules.quote_cancellation(TIERS, PAID, "RUB", DEPARTS, on_time).refund == PAID
    late = on_time + SECOND
    assert rules.quote_cancellation(TIERS, PAID, "RUB", DEPARTS, late).refund == Money(337_500, "RUB")


def test_tiers_are_shown_from_the_earliest_on() -> None:
    quote = rules.quote_cancellation(TIERS, PAID, "RUB", DEPARTS, DEPARTS - timedelta(hours=13))
    assert [tier.minutes_before for tier in quote.tiers] == [1440, 720, 120]
    assert quote.tier == CancellationTier(720, 75)
    assert quote.departs_at == DEPARTS


def test_nothing_paid_is_nothing_back_and_nothing_kept() -> None:
    quote = rules.quote_cancellation(TIERS, None, "RUB", DEPARTS, DEPARTS - timedelta(days=3))
    assert (quote.refund, quote.fee, quote.tier) == (Money(0, "RUB"), Money(0, "RUB"), None)


def test_without_tiers_nothing_comes_back() -> None:
    assert rules.tier_for((), DEPARTS, DEPARTS - timedelta(days=3)) is None


@given(
    st.lists(st.builds(CancellationTier, st.integers(0, 5000), st.integers(0, 100)), max_size=6),
    st.integers(1, 10**9),
    st.integers(0, 400_000),
)
def test_refund_and_fee_always_make_up_the_price(tiers: list[CancellationTier], amount: int, seconds_left: int) -> None:
    paid = Money(amount, "RUB")
    now = DEPARTS - timedelta(seconds=seconds_left)
    quote = rules.quote_cancellation(tiers, paid, "RUB", DEPARTS, now)
    assert quote.refund + quote.fee == paid
    assert 0 <= quote.refund.amount <= amount
