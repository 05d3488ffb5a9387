"""Pure decisions of the booking office."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kamhub.hub.booking.types import CancellationQuote, Passenger
from kamhub.hub.booking_office import rules, words
from kamhub.hub.booking_office.types import BookingFilter, TimelineItem
from kamhub.kit.money import Money
from kamhub.platform.web.problems import InputInvalid

KAMCHATKA = ZoneInfo("Asia/Kamchatka")
NOW = datetime(2026, 11, 24, tzinfo=UTC)


def matches(word: str, text: str) -> bool:
    """As the database reads that word: ``\\m`` is the beginning of a word."""
    return re.search(word.replace(r"\m", r"\b"), text) is not None


@pytest.mark.parametrize(
    ("typed", "code", "found"),
    [
        ("ABCD2345", "ABCD2345", "x abcd2345"),
        ("abcd-2345", "ABCD2345", "abcd-2345"),
        ("8 914 123", None, "+79141231212"),
        ("+7 (914) 123", None, "+79141231212"),
        ("45-67", None, "+79141234567"),
        ("12", None, "12th"),  # too few digits for a phone
        ("Ёлкина", None, "анна елкина"),
        ("o'neil", None, "john o'neil"),
        ("a.b+c@x", None, "a.b+c@x.org"),
        ("Ли", None, "мэй ли"),
    ],
)
def test_what_is_typed(typed: str, code: str | None, found: str) -> None:
    search = rules.read_text(typed)
    assert search.code == code
    assert all(matches(word, found) for word in search.words)
    assert search.words


def test_two_letters_begin_a_word_and_signs_say_nothing() -> None:
    (word,) = rules.read_text("ли").words
    assert not matches(word, "наталия")
    assert rules.read_text("... %").words == ()
    assert len(rules.read_text("один два три четыре пять шесть семь").words) == rules.MOST_WORDS


@settings(max_examples=80)
@given(st.text(max_size=100))
def test_no_text_is_a_pattern(text: str) -> None:
    for word in rules.read_text(text).words:
        re.compile(word.replace(r"\m", r"\b"))
        assert re.fullmatch(r"(\\m)?(\w|\\\W|\\_)+|\(\?:\d+\|\d+\)", word)


def test_days_are_whole_and_local() -> None:
    day = date(2026, 11, 25)
    start, end = rules.bounds(day, None, None, KAMCHATKA)
    assert (start, end) == (datetime(2026, 11, 24, 12, tzinfo=UTC), datetime(2026, 11, 25, 12, tzinfo=UTC))
    assert rules.bounds(None, day, None, KAMCHATKA) == (start, None)
    assert rules.bounds(None, None, day, KAMCHATKA) == (None, end)
    assert rules.bounds(None, None, None, KAMCHATKA) == (None, None)


def test_what_is_read_whole_and_in_which_order() -> None:
    week = BookingFilter(start=NOW, end=NOW + timedelta(days=7))
    assert rules.read_whole(week)
    assert not rules.read_whole(BookingFilter(start=NOW, end=NOW + timedelta(days=9)))
    assert not rules.read_whole(BookingFilter(start=NOW))
    assert not rules.read_whole(BookingFilter())
    assert rules.read_whole(BookingFilter(departure_id=UUID(int=1)))
    assert rules.by_travel(week)
    assert rules.by_travel(BookingFilter(routes=()))
    assert rules.by_travel(BookingFilter(end=NOW))
    assert not rules.by_travel(BookingFilter(departure_id=UUID(int=1)))


def test_a_party_costs_the_same_with_as_many_children() -> None:
    anna, child, infant = (
        Passenger("Анна", None, "adult"),
        Passenger("Ждан", None, "child"),
        Passenger("Ия", None, "infant"),
    )
    assert rules.same_party([anna], [])
    assert rules.same_party([child, anna], [anna, child])
    assert not rules.same_party([child], [infant])
    assert rules.kinds_of([anna, child]) == ("adult", "child")


@settings(max_examples=80)
@given(
    paid=st.one_of(st.none(), st.integers(1, 10**6)),
    returned=st.integers(0, 10**6),
    promised=st.integers(0, 10**6),
    amount=st.integers(0, 10**6),
)
def test_never_more_comes_back_than_is_left(paid: int | None, returned: int, promised: int, amount: int) -> None:
    returned = min(returned, paid or 0)
    left = (paid or 0) - returned
    money, back = (Money(paid, "RUB") if paid else None), (Money(returned, "RUB") if returned else None)
    quote = CancellationQuote(Money(min(promised, paid or 0), "RUB"), Money(0, "RUB"), None, (), NOW)
    assert rules.refund_amount("full", None, quote, money, back) == Money(left, "RUB")
    assert rules.refund_amount("none", None, quote, money, back) == Money(0, "RUB")
    assert 0 <= rules.refund_amount("policy", None, quote, money, back).amount <= left
    if amount <= left:
        assert rules.refund_amount("amount", amount, quote, money, back) == Money(amount, "RUB")
    else:
        with pytest.raises(InputInvalid):
            rules.refund_amount("amount", amount, quote, money, back)
    with pytest.raises(InputInvalid):
        rules.refund_amount("amount", None, quote, money, back)


def test_words_for_whatever_happens() -> None:
    def item(kind: str, by: str | None = None, **facts: object) -> TimelineItem:
        return TimelineItem(NOW, kind, by, facts)  # type: ignore[arg-type]

    assert words.told(item("move", reason="x"), "en") == "Moved to another departure"
    assert words.told(item("status", to="unheard"), "en") == "unheard"
    assert words.told(item("message", message="unheard"), "en") == "unheard"
    assert words.told(item("note", text="call"), "en") == "call"
    assert words.reason(item("status", reason="paid_late")) is None
    assert words.reason(item("status", reason="Заболел")) == "Заболел"
    assert words.reason(item("note", text="x")) is None
    assert words.actor(item("status", "traveller"), "page", "en") == "the traveller"
    assert words.actor(item("status", "traveller"), "staff", "en") is None
    assert words.actor(item("payment"), "page", "en") is None
    assert words.actor(item("status", "person:1"), "page", "en") == "somebody who has left"
    assert words.actor(item("status", "key:1"), "page", "en") == "a program"
    assert words.actor(item("status", "Olga"), "page", "en") == "Olga"
