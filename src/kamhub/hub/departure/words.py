"""What states and changes of departures are called."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from kamhub.hub.departure.types import Conflict, DepartureEvent, DepartureStatus, StaffDeparture
from kamhub.kit.text import Locale, mark
from kamhub.platform.i18n.catalogue import translator
from kamhub.platform.i18n.formats import Formats

_STATES: Mapping[str, str] = {
    "open": mark("On sale"),
    "closed": mark("Sales closed"),
    "cancelled": mark("Cancelled"),
    "left": mark("Has left"),
}
_TONES: Mapping[str, str] = {"open": "good", "closed": "", "cancelled": "warm", "left": ""}
_EVENTS: Mapping[str, str] = {
    "created": mark("The departure was made"),
    "closed": mark("Sales were closed"),
    "reopened": mark("Sales were opened again"),
    "cancelled": mark("The departure was cancelled"),
    "vehicle": mark("Another vehicle"),
    "driver": mark("Another driver"),
    "moved": mark("Moved to another time"),
    "capacity": mark("Another number of seats"),
}
_BOOKINGS: Mapping[str, str] = {
    "on_hold": mark("on hold"),
    "pending": mark("waits for you"),
    "confirmed": mark("confirmed"),
    "redeemed": mark("on board"),
}


def state_of(departure: StaffDeparture, now: datetime) -> str:
    """``open``, ``closed``, ``cancelled``, or ``left`` for one that ran."""
    gone = departure.departs_at <= now and departure.status != "cancelled"
    return "left" if gone else departure.status


def state_name(state: str, locale: Locale) -> str:
    """What a state is called."""
    return translator(locale).gettext(_STATES[state])


def state_names(locale: Locale) -> dict[DepartureStatus, str]:
    """The states that a departure can be given."""
    names: tuple[DepartureStatus, ...] = ("open", "closed", "cancelled")
    return {name: state_name(name, locale) for name in names}


def state_tone(state: str) -> str:
    """The colour of its tag."""
    return _TONES[state]


def row_words(locale: Locale, now: datetime) -> dict[str, Any]:
    """What the templates of a departure call: its state, what that is called, and its colour."""
    return {
        "state_of": lambda departure: state_of(departure, now),
        "state_name": lambda state: state_name(state, locale),
        "state_tone": state_tone,
    }


def booking_state(status: str, locale: Locale) -> str:
    """What the state of a booking is called beside its seats."""
    return translator(locale).gettext(_BOOKINGS[status])


def event_text(event: DepartureEvent, names: Mapping[str, str], locale: Locale) -> str:
    """A change as a sentence; ``names`` are those of vehicles and drivers by their ids."""
    text = translator(locale).gettext(_EVENTS.get(event.what, event.what))
    if event.what not in {"vehicle", "driver", "capacity"}:
        return text
    after = names.get(event.after or "", event.after) if event.after else "—"
    return f"{text}: {after}"


def conflict_text(conflict: Conflict, locale: Locale, zone: ZoneInfo) -> str:
    """Why it cannot be, with when the other departure leaves."""
    _ = translator(locale).gettext
    text = _(conflict.detail)
    if conflict.departs_at is None:
        return f"{text}."
    at = Formats(locale).moment(conflict.departs_at.astimezone(zone))
    return _("%(why)s: the one of %(at)s.") % {"why": text, "at": at}
