"""What the states of waiting parties are called."""

from __future__ import annotations

from collections.abc import Mapping

from kamhub.kit.text import Locale, mark
from kamhub.platform.i18n.catalogue import translator

_STATUSES: Mapping[str, str] = {
    "waiting": mark("waits"),
    "offered": mark("has an offer"),
    "booked": mark("travels"),
    "lapsed": mark("came to nothing"),
    "left": mark("taken off"),
}
TONES: Mapping[str, str] = {"waiting": "sea", "offered": "warm", "booked": "good"}


def status_names(locale: Locale) -> dict[str, str]:
    """Every state, by name."""
    catalogue = translator(locale)
    return {name: catalogue.gettext(text) for name, text in _STATUSES.items()}
