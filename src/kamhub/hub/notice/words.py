"""What kinds, ways and states of messages are called."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TypeVar

from kamhub.hub.notice.types import AttemptOutcome, MessageChannel, MessageKind, MessageStatus
from kamhub.kit.text import Locale, mark
from kamhub.platform.i18n.catalogue import translator

_Name = TypeVar("_Name", bound=str)
_KINDS: Mapping[MessageKind, str] = {
    "held": mark("Seats held"),
    "paid": mark("Payment received"),
    "confirmed": mark("Confirmed, with the ticket"),
    "reminder_day": mark("Reminder a day before"),
    "reminder_soon": mark("Reminder two hours before"),
    "changed": mark("The trip has changed"),
    "cancelled": mark("Cancelled"),
    "rejected": mark("Rejected"),
    "money_returned": mark("Money returned"),
    "disrupted": mark("Departure cancelled, to choose"),
    "moved": mark("Moved to another departure"),
    "seats_offered": mark("Seats from the waiting list"),
    "payment_link": mark("Link to pay by"),
    "review_request": mark("How was the trip?"),
}
_CHANNELS: Mapping[MessageChannel, str] = {
    "email": mark("E-mail"),
    "telegram": mark("Telegram"),
    "sms": mark("SMS"),
}
_STATUSES: Mapping[MessageStatus, str] = {
    "waiting": mark("Waiting"),
    "sent": mark("Sent"),
    "failed": mark("Not delivered"),
}
_OUTCOMES: Mapping[AttemptOutcome, str] = {
    "started": mark("under way"),
    "sent": mark("sent"),
    "postponed": mark("put off, they asked us to wait"),
    "failed": mark("did not go out, tried again by itself"),
    "refused": mark("refused for good"),
    "unknown": mark("nobody knows whether it arrived"),
}


def kind_names(locale: Locale) -> dict[str, str]:
    """Every kind, in the order of a trip."""
    return _told(_KINDS, locale)


def channel_names(locale: Locale) -> dict[str, str]:
    """Every way."""
    return _told(_CHANNELS, locale)


def status_names(locale: Locale) -> dict[str, str]:
    """Every state."""
    return _told(_STATUSES, locale)


def outcome_names(locale: Locale) -> dict[str, str]:
    """What may become of a try."""
    return _told(_OUTCOMES, locale)


def _told(words: Mapping[_Name, str], locale: Locale) -> dict[str, str]:
    catalogue = translator(locale)
    return {name: catalogue.gettext(text) for name, text in words.items()}
