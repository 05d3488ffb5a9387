"""What a ticket says."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from kamhub.hub.booking.types import Booking, BookingNotConfirmed
from kamhub.hub.departure.types import Stop
from kamhub.kit.phone import format_phone
from kamhub.kit.text import Locale
from kamhub.platform.i18n.catalogue import translator
from kamhub.platform.i18n.formats import Formats

QR_PREFIX = "KAMHUB:"


@dataclass(frozen=True, slots=True)
class StopText:
    """One end of the trip. ``time`` is ``08:05``, ``day`` has the zone, ``meeting_point`` may be empty."""

    time: str
    day: str
    place: str
    meeting_point: str


@dataclass(frozen=True, slots=True)
class TicketText:
    """Everything on a ticket, in one language. ``facts`` are pairs of label and value."""

    title: str
    operator: str
    code_label: str
    code: str
    origin: StopText
    destination: StopText
    facts: tuple[tuple[str, str], ...]
    people_label: str
    people: tuple[str, ...]
    rules_label: str
    rules: tuple[str, ...]
    contact_label: str
    contact: tuple[str, ...]


def require_ticket(booking: Booking) -> None:
    """Raise ``BookingNotConfirmed`` unless the booking has a ticket."""
    if booking.status not in ("confirmed", "redeemed"):
        raise BookingNotConfirmed


def qr_content(booking: Booking) -> str:
    """What the QR code holds: the code alone, so that a photograph of it opens no booking."""
    return f"{QR_PREFIX}{booking.code}"


def confirmed_at(booking: Booking) -> datetime:
    """When the booking was confirmed."""
    moments = (event.at for event in booking.history if event.to_status == "confirmed")
    return next(moments, booking.created_at)


def ticket_text(booking: Booking, locale: Locale, page_url: str | None) -> TicketText:
    """The words of the ticket. ``page_url`` is the booking's page, left out when None."""
    words, formats = translator(locale), Formats(locale)
    _ = words.gettext
    operator, stretch = booking.stretch.operator, booking.stretch
    facts = [
        (_("Passengers"), str(booking.passengers)),
        (_("Vehicle"), stretch.vehicle.model),
        (_("Price"), formats.money(booking.total)),
    ]
    if booking.paid is not None:
        facts.append((_("Paid"), formats.money(booking.paid)))
    rules = [
        _("Be at the meeting point 10 minutes before departure."),
        _("Show the code to the driver, printed or on your phone."),
        _("All times are local time of the place."),
    ]
    if page_url:
        rules.append(_("The terms of cancellation are on the page of your booking: %(url)s") % {"url": page_url})
    phone = format_phone(operator.phone) if operator.phone else None
    return TicketText(
        title=_("Ticket"),
        operator=operator.name.in_locale(locale),
        code_label=_("Booking code"),
        code=booking.code,
        origin=_stop_text(stretch.origin, formats),
        destination=_stop_text(stretch.destination, formats),
        facts=tuple(facts),
        people_label=_("Who travels"),
        people=_people(booking),
        rules_label=_("Good to know"),
        rules=tuple(rules),
        contact_label=_("Questions? The operator answers"),
        contact=tuple(part for part in (phone, operator.email) if part),
    )


def _people(booking: Booking) -> tuple[str, ...]:
    if booking.passenger_list:
        return tuple(person.name for person in booking.passenger_list)
    return (booking.contact.name,) if booking.contact else ()


def _stop_text(stop: Stop, formats: Formats) -> StopText:
    point = stop.meeting_point.in_locale(formats.locale) if stop.meeting_point else ""
    return StopText(
        time=formats.time(stop.at),
        day=f"{formats.day(stop.at)} ({formats.offset(stop.at)})",
        place=stop.name.in_locale(formats.locale),
        meeting_point=point,
    )
