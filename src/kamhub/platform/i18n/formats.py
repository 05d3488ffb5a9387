"""Dates, times, money and numbers as a language writes them. Datetimes are shown in their own zone."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal

from babel.dates import format_date, format_time
from babel.numbers import format_decimal, get_currency_symbol

from kamhub.kit.money import Money
from kamhub.kit.text import Locale
from kamhub.platform.i18n.catalogue import translator

_NO_BREAK_SPACE = "\u00a0"
_MINUTE = 60


@dataclass(frozen=True, slots=True)
class Formats:
    """How one language writes things; every method gives text for a person."""

    locale: Locale

    def money(self, value: Money) -> str:
        """``1 500 ₽`` and ``1,500 ₽``, the sign behind in both; kopecks only when there are some."""
        digits = "#,##0" if value.amount % 100 == 0 else "#,##0.00"
        number = format_decimal(value.major(), format=digits, locale=self.locale)
        return f"{number}{_NO_BREAK_SPACE}{get_currency_symbol(value.currency, locale='ru')}"

    def number(self, value: float) -> str:
        """With the decimal sign of the language, one decimal at most."""
        return format_decimal(Decimal(str(value)), format="#,##0.#", locale=self.locale)

    def time(self, at: datetime) -> str:
        """``08:05``, on a clock of 24 hours."""
        return format_time(at, "HH:mm", locale=self.locale)

    def day(self, day: date) -> str:
        """``пятница, 27 ноября``, ``Friday, 27 November``."""
        return format_date(day, "EEEE, d MMMM", locale=self.locale)

    def day_short(self, day: date) -> str:
        """``27 нояб.``, ``27 Nov``."""
        return format_date(day, "d MMM", locale=self.locale)

    def day_with_year(self, day: date) -> str:
        """``27 ноября 2026``; Russian without the ``г.`` that a page has no need of."""
        return format_date(day, "d MMMM y", locale=self.locale)

    def month_name(self, day: date) -> str:
        """``ноябрь 2026``, ``November 2026``."""
        return format_date(day, "LLLL y", locale=self.locale)

    def weekday(self, day: date) -> str:
        """``пятница``, ``Friday``."""
        return format_date(day, "EEEE", locale=self.locale)

    def weekday_short(self, day: date) -> str:
        """``пт``, ``Fri``."""
        return format_date(day, "EEE", locale=self.locale)

    def moment(self, at: datetime) -> str:
        """``27 нояб., 08:05``: day and time of something that happened."""
        return f"{self.day_short(at)}, {self.time(at)}"

    def duration(self, length: timedelta) -> str:
        """``1 ч 45 мин``, ``1 h 45 min``."""
        hours, minutes = divmod(round(length.total_seconds()) // _MINUTE, 60)
        gettext = translator(self.locale).gettext
        parts = [gettext("%(n)s h") % {"n": hours}] if hours else []
        if minutes or not hours:
            parts.append(gettext("%(n)s min") % {"n": minutes})
        return _NO_BREAK_SPACE.join(part.replace(" ", _NO_BREAK_SPACE) for part in parts)

    def offset(self, at: datetime) -> str:
        """The zone of a time as a traveller can use it: ``UTC+12``."""
        seconds = int((at.utcoffset() or timedelta()).total_seconds())
        hours, rest = divmod(abs(seconds), 3600)
        minutes = f":{rest // _MINUTE:02d}" if rest else ""
        return f"UTC{'−' if seconds < 0 else '+'}{hours}{minutes}"
