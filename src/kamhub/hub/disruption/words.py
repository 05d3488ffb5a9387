"""What offers and outcomes are called."""

from __future__ import annotations

from collections.abc import Mapping

from kamhub.hub.disruption.types import Outcome, Rebook
from kamhub.kit.text import Locale, mark
from kamhub.platform.i18n.catalogue import translator

_REBOOKS: Mapping[Rebook, tuple[str, str]] = {
    "nearest": (
        mark("Move to the next departure"),
        mark(
            "Everybody goes to the next departure with room for the whole party. Where there is none, all the money goes back."
        ),
    ),
    "refund": (
        mark("Return the money"),
        mark("Everything that was paid goes back, whatever the terms of the booking."),
    ),
    "ask": (
        mark("Let them choose"),
        mark(
            "Everybody gets a message and chooses with one tap. Who does not answer in time is moved, or paid back where there is no room."
        ),
    ),
}
_OUTCOMES: Mapping[Outcome, str] = {
    "waiting": mark("being settled"),
    "asked": mark("asked"),
    "moved": mark("moved"),
    "refunded": mark("paid back"),
    "cancelled": mark("cancelled, nothing was paid"),
    "already_over": mark("was over already"),
}


def rebook_names(locale: Locale) -> dict[Rebook, tuple[str, str]]:
    """Each offer: what it is called, and what it means."""
    words = translator(locale)
    return {rebook: (words.gettext(name), words.gettext(hint)) for rebook, (name, hint) in _REBOOKS.items()}


def outcome_names(locale: Locale) -> dict[Outcome, str]:
    """What became of a booking."""
    words = translator(locale)
    return {outcome: words.gettext(name) for outcome, name in _OUTCOMES.items()}
