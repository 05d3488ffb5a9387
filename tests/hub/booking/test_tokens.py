"""The traveller's right to one booking: what is accepted, what is not."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kamhub.hub.booking.tokens import BookingAccess, BookingTokens
from kamhub.hub.booking.types import BookingNotFound, BookingTokenInvalid
from kamhub.kit.ids import new_id
from kamhub.platform.crypto.keys import KeyRing
from tests.hub.booking.support import tampered

SECRET = "a secret of the tests, long enough to be one"
TOKENS = BookingTokens(KeyRing(SECRET))
OURS, THEIRS, ONE, TWO = (new_id() for _ in range(4))


def test_a_token_opens_its_booking_and_is_always_the_same() -> None:
    token = TOKENS.issue(OURS, ONE)
    assert TOKENS.read(token) == TOKENS.open(token, ONE) == BookingAccess(OURS, ONE, "traveller")
    assert TOKENS.issue(OURS, ONE) == token
    assert TOKENS.issue(THEIRS, ONE) != token


def test_a_token_of_another_booking_finds_nothing() -> None:
    with pytest.raises(BookingNotFound):
        TOKENS.open(TOKENS.issue(OURS, ONE), TWO)


@pytest.mark.parametrize("position", range(74))
def test_a_token_changed_in_any_place_is_worth_nothing(position: int) -> None:
    with pytest.raises(BookingTokenInvalid):
        TOKENS.read(tampered(TOKENS.issue(OURS, ONE), position))


def test_the_organisation_cannot_be_swapped() -> None:
    ours, theirs = TOKENS.issue(OURS, ONE), TOKENS.issue(THEIRS, ONE)
    for forged in (theirs[:20] + ours[20:], theirs[:43] + ours[43:]):
        with pytest.raises(BookingTokenInvalid):
            TOKENS.read(forged)


@pytest.mark.parametrize("cut", [0, 1, 21, 43, 58, 73])
def test_a_shortened_token_is_worth_nothing(cut: int) -> None:
    with pytest.raises(BookingTokenInvalid):
        TOKENS.read(TOKENS.issue(OURS, ONE)[:cut])


@given(st.one_of(st.none(), st.text(max_size=120)))
def test_anything_else_is_refused_and_never_an_error(text: str | None) -> None:
    with pytest.raises(BookingTokenInvalid):
        TOKENS.read(text)


def test_a_replaced_secret_still_reads_what_it_made() -> None:
    token = TOKENS.issue(OURS, ONE)
    assert BookingTokens(KeyRing("another secret that is long enough", (SECRET,))).read(token).booking_id == ONE
    with pytest.raises(BookingTokenInvalid):
        BookingTokens(KeyRing("another secret that is long enough")).read(token)
