"""Deciding what a search asks for: days in a place's zone, words people mistype."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

_LATIN = "qwertyuiop[]asdfghjkl;'zxcvbnm,.`"
_CYRILLIC = "йцукенгшщзхъфывапролджэячсмитьбюё"
_TO_CYRILLIC = str.maketrans(_LATIN, _CYRILLIC)
_TO_LATIN = str.maketrans(_CYRILLIC, _LATIN)


def day_bounds(day: date, zone: str) -> tuple[datetime, datetime]:
    """First moment of the day and of the next one, in UTC, as clocks show it in that zone."""
    tz = ZoneInfo(zone)
    start = datetime.combine(day, time(), tz)
    end = datetime.combine(day + timedelta(days=1), time(), tz)
    return start.astimezone(UTC), end.astimezone(UTC)


def spellings(text: str) -> list[str]:
    """What a person may have meant: the words themselves, and the same keys in the other keyboard layout."""
    plain = " ".join(text.lower().split()).replace("ё", "е")
    variants = [plain, plain.translate(_TO_CYRILLIC).replace("ё", "е"), plain.translate(_TO_LATIN)]
    return list(dict.fromkeys(variants))
