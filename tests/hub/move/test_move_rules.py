"""What a move does to time and money."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kamhub.hub.booking.types import BookingNotOpen, BookingStatus, HoldExpired
from kamhub.hub.move.rules import expiry_after, require_boardable, require_movable, takes_new_price, to_return
from kamhub.hub.move.types import DIFFERENCES, DepartureCancelled, DepartureLeft
from kamhub.hub.seats.types import DepartureSeats, SalesClosed

NOW = datetime(2026, 11, 24, tzinfo=UTC)
H = timedelta(hours=1)
NOBODY = UUID(int=1)


def departure(hours: float, status: str = "open") -> DepartureSeats:
    at = NOW + hours * H
    return DepartureSeats(NOBODY, NOBODY, NOBODY, NOBODY, status, 4, (0, 0), at, at - H / 2, 15)


@pytest.mark.parametrize("status", ["redeemed", "expired", "cancelled", "rejected"])
def test_what_is_over_stays(status: BookingStatus) -> None:
    with pytest.raises((BookingNotOpen, HoldExpired)):
        require_movable(status, None, NOW)


def test_what_lives_may_move() -> None:
    require_movable("confirmed", None, NOW)
    require_movable("pending", NOW + H, NOW)
    with pytest.raises(HoldExpired):
        require_movable("on_hold", NOW, NOW)


def test_nobody_is_put_on_what_does_not_run_has_left_or_can_no_longer_be_paid() -> None:
    require_boardable(departure(0.25), "confirmed", NOW + H / 4, NOW)
    require_boardable(departure(1, "closed"), "confirmed", NOW + H, NOW)
    with pytest.raises(DepartureCancelled):
        require_boardable(departure(5, "cancelled"), "confirmed", NOW + 5 * H, NOW)
    with pytest.raises(DepartureLeft):
        require_boardable(departure(-1), "confirmed", NOW, NOW)
    with pytest.raises(SalesClosed):
        require_boardable(departure(0.25), "on_hold", NOW + H / 4, NOW)


def test_a_hold_has_its_ordinary_time_and_what_waits_for_the_operator_until_sales_close() -> None:
    before, after = departure(5), departure(9)
    quarter = NOW + timedelta(minutes=15)
    assert expiry_after("confirmed", None, before, after, NOW) is None
    assert expiry_after("on_hold", NOW + timedelta(minutes=3), before, after, NOW) == quarter
    assert expiry_after("on_hold", NOW + H, before, after, NOW) == NOW + H
    assert expiry_after("on_hold", NOW + H, before, departure(1), NOW) == NOW + H / 2
    assert expiry_after("pending", before.sales_close_at, before, after, NOW) == after.sales_close_at
    assert expiry_after("on_hold", before.sales_close_at, before, after, NOW) == after.sales_close_at
    assert expiry_after("on_hold", before.sales_close_at, before, after, NOW, anew=True) == quarter
    assert expiry_after("pending", before.sales_close_at, before, after, NOW, anew=True) == after.sales_close_at
    soon = replace(after, sales_close_at=NOW + timedelta(minutes=5))
    assert expiry_after("on_hold", NOW + H, before, soon, NOW, anew=True) == soon.sales_close_at


@settings(max_examples=50)
@given(st.sampled_from(DIFFERENCES), st.integers(1, 10**6), st.integers(1, 10**6))
def test_a_price_changes_only_in_the_direction_that_was_chosen(difference: str, total: int, new: int) -> None:
    takes = takes_new_price(difference, total, new)  # type: ignore[arg-type]
    assert takes == ((difference == "refund" and new < total) or (difference == "collect" and new > total))


@settings(max_examples=50)
@given(st.integers(1, 10**6) | st.none(), st.integers(0, 10**6), st.integers(1, 10**6))
def test_never_more_goes_back_than_is_there(paid: int | None, gone: int, new: int) -> None:
    refunded = min(gone, paid or 0) or None
    back = to_return(paid, refunded, new)
    left = (paid or 0) - (refunded or 0)
    assert 0 <= back <= left
    assert back == 0 or left - back == new
