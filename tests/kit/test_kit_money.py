"""Money: whole minor units, one currency, no float anywhere."""

from __future__ import annotations

import operator
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kamhub.kit.money import Money, parse_major

AMOUNTS = st.integers(-(10**15), 10**15)


def roubles(amount: int) -> Money:
    return Money(amount, "RUB")


def test_arithmetic_stays_in_one_currency() -> None:
    assert roubles(150) * 3 == roubles(450)
    assert roubles(150) + roubles(50) == roubles(200)
    assert roubles(150) - roubles(200) == roubles(-50)
    assert roubles(1) < roubles(2)
    for mix in (operator.add, operator.sub):
        with pytest.raises(ValueError, match="cannot mix RUB and USD"):
            mix(roubles(1), Money(1, "USD"))


@pytest.mark.parametrize("currency", ["", "rub", "RU", "RUBL", "R1B", "РУБ"])
def test_a_currency_is_three_capitals(currency: str) -> None:
    with pytest.raises(ValueError, match="not an ISO 4217"):
        Money(1, currency)


@pytest.mark.parametrize(
    ("amount", "percent", "share"),
    [(150_000, 100, 150_000), (150_000, 0, 0), (150_000, 75, 112_500), (1, 50, 1), (3, 50, 2), (99, 1, 1), (49, 1, 0)],
)
def test_a_share_is_rounded_half_up_to_a_kopeck(amount: int, percent: int, share: int) -> None:
    assert roubles(amount).percent(percent) == roubles(share)


@given(st.integers(0, 10**15), st.integers(0, 100))
def test_a_share_and_its_rest_are_the_whole(amount: int, percent: int) -> None:
    whole = roubles(amount)
    share = whole.percent(percent)
    assert 0 <= share.amount <= amount
    assert share + (whole - share) == whole
    assert abs(share.amount * 100 - amount * percent) <= 50


@pytest.mark.parametrize(
    ("money", "text"),
    [
        (roubles(150_000), "1\u202f500\u00a0₽"),
        (roubles(150_050), "1\u202f500,50\u00a0₽"),
        (roubles(5), "0,05\u00a0₽"),
        (roubles(-250_000), "−2\u202f500\u00a0₽"),
        (Money(123_456_789, "USD"), "1\u202f234\u202f567,89\u00a0$"),
        (Money(100, "JPY"), "1\u00a0JPY"),
    ],
)
def test_the_eye_gets_groups_and_a_sign(money: Money, text: str) -> None:
    assert str(money) == text


def test_the_shape_of_the_contract() -> None:
    assert roubles(150_000).as_json() == {"amount": 150_000, "currency": "RUB"}


@given(AMOUNTS)
def test_major_units_come_back_whole(amount: int) -> None:
    major = roubles(amount).major()
    assert isinstance(major, Decimal)
    if abs(amount) < 10**15:
        assert parse_major(str(major), "RUB") == roubles(amount)


@pytest.mark.parametrize(
    ("text", "amount"),
    [
        ("1500", 150_000),
        ("1500.00", 150_000),
        ("1500.5", 150_050),
        ("0.01", 1),
        ("-3", -300),
        ("1500.000", 150_000),
        ("1e3", 100_000),
        ("1.5E+2", 15_000),
        (" 1500 ", 150_000),
        ("+7.00", 700),
        ("999999999999999.99", 99_999_999_999_999_999),
        ("-999999999999999.990000000000000000000", -99_999_999_999_999_999),
    ],
)
def test_amounts_are_read(text: str, amount: int) -> None:
    assert parse_major(text, "RUB") == roubles(amount)


@pytest.mark.parametrize(
    "text",
    [
        *("", "abc", "1,5", "NaN", "sNaN", "Infinity", "-Infinity", "1e15", "1e999999", "0.001", "1 500"),
        *(
            "1_000",
            "1_000.00",
            "1__0",
            "١٥٠٠",
            "１５００",
            "0x10",
            "--1",
            "1.2.3",
            "1.",
            ".5",
            "1e",
            "1e-99",
            "9" * 5000,
        ),
        # Further digits than a decimal calculates with.
        *("123456789012345.00000000000000000000000001", "0.01000000000000000000000000000000000001"),
    ],
)
def test_what_is_no_amount_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"not an amount|finer than"):
        parse_major(text, "RUB")
