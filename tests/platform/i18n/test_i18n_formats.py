"""Dates, times and money in both languages."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from zoneinfo import ZoneInfo

import pytest

from kamhub.kit.money import Money
from kamhub.platform.i18n.formats import Formats

RU, EN = Formats("ru"), Formats("en")
NBSP = "\u00a0"
DAWN = datetime(2026, 11, 27, 8, 5, tzinfo=ZoneInfo("Asia/Kamchatka"))


def test_money_shows_kopecks_only_when_there_are_some() -> None:
    assert RU.money(Money(150_000, "RUB")) == f"1{NBSP}500{NBSP}₽"
    assert EN.money(Money(150_000, "RUB")) == f"1,500{NBSP}₽"
    assert RU.money(Money(150_050, "RUB")) == f"1{NBSP}500,50{NBSP}₽"
    assert RU.money(Money(0, "RUB")) == f"0{NBSP}₽"


def test_dates_and_times_are_those_of_the_place() -> None:
    assert (RU.day(DAWN), EN.day(DAWN)) == ("пятница, 27 ноября", "Friday, 27 November")
    assert (RU.time(DAWN), EN.time(DAWN)) == ("08:05", "08:05")
    assert (RU.moment(DAWN), EN.moment(DAWN)) == ("27 нояб., 08:05", "27 Nov, 08:05")
    assert (RU.weekday_short(DAWN), EN.weekday_short(DAWN)) == ("пт", "Fri")
    assert (RU.day_with_year(DAWN), EN.day_with_year(DAWN)) == ("27 ноября 2026", "27 November 2026")


@pytest.mark.parametrize(
    ("length", "russian", "english"),
    [
        (timedelta(minutes=45), "45 мин", "45 min"),
        (timedelta(hours=2), "2 ч", "2 h"),
        (timedelta(hours=1, minutes=5), "1 ч 5 мин", "1 h 5 min"),
        (timedelta(0), "0 мин", "0 min"),
    ],
)
def test_durations(length: timedelta, russian: str, english: str) -> None:
    assert RU.duration(length) == russian.replace(" ", NBSP)
    assert EN.duration(length) == english.replace(" ", NBSP)


def test_zone_is_named_by_its_offset() -> None:
    assert RU.offset(DAWN) == "UTC+12"
    assert RU.offset(datetime(2026, 1, 1, tzinfo=UTC)) == "UTC+0"
    assert RU.offset(datetime(2026, 1, 1, tzinfo=timezone(timedelta(hours=-3, minutes=-30)))) == "UTC−3:30"


def test_numbers_have_the_sign_of_the_language() -> None:
    assert (RU.number(4.8), EN.number(4.8), RU.number(5.0)) == ("4,8", "4.8", "5")
