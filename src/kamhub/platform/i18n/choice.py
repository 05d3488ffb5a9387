"""Which language a reader gets."""

from __future__ import annotations

from kamhub.kit.text import LOCALES, Locale

LOCALE_COOKIE = "locale"
DEFAULT_LOCALE: Locale = "ru"


def choose_locale(cookie: str | None, accept_language: str | None) -> Locale:
    """The reader's own choice, else the first language the browser asks for that we speak, else Russian."""
    chosen = as_locale(cookie)
    if chosen is not None:
        return chosen
    for tag in _by_preference(accept_language or ""):
        spoken = as_locale(tag.split("-")[0])
        if spoken is not None:
            return spoken
    return DEFAULT_LOCALE


def as_locale(text: str | None) -> Locale | None:
    """The locale with that name, None when we do not speak it."""
    return next((locale for locale in LOCALES if locale == text), None)


def _by_preference(header: str) -> list[str]:
    """Tags of an Accept-Language header (RFC 9110, 12.5.4), most wanted first."""
    weighted: list[tuple[float, str]] = []
    for part in header.split(","):
        tag, _, parameters = part.strip().lower().partition(";")
        weight = _weight(parameters)
        if tag and weight > 0:
            weighted.append((weight, tag.strip()))
    return [tag for _, tag in sorted(weighted, key=lambda pair: -pair[0])]


def _weight(parameters: str) -> float:
    name, _, value = parameters.strip().partition("=")
    if not name:
        return 1.0
    try:
        return float(value) if name.strip() == "q" else 1.0
    except ValueError:
        return 0.0
