"""Making tickets. Every function raises ``BookingNotConfirmed`` for a booking that has none.

The libraries are loaded at the first ticket: a process that makes none stays small.
"""

from __future__ import annotations

from datetime import UTC, timedelta

from kamhub.hub.booking.types import Booking
from kamhub.hub.ticket.rules import confirmed_at, qr_content, require_ticket, ticket_text
from kamhub.kit.text import Locale
from kamhub.platform.i18n.catalogue import translator

_REMIND_BEFORE = timedelta(hours=3)


def ticket_pdf(booking: Booking, locale: Locale, page_url: str | None = None) -> bytes:
    """The ticket as one page of A4. ``page_url``, the booking's page, is printed when given.

    Takes some hundredths of a second of CPU: call it in a thread.
    """
    require_ticket(booking)
    from kamhub.hub.ticket.pdf import draw_ticket

    return draw_ticket(ticket_text(booking, locale, page_url), locale, qr_content(booking), confirmed_at(booking))


def ticket_ics(booking: Booking, locale: Locale, page_url: str | None = None) -> bytes:
    """The trip as an iCalendar file (RFC 5545), times in UTC, a reminder three hours before."""
    require_ticket(booking)
    from icalendar import Alarm, Calendar, Event, vGeo, vUri

    text, stretch = ticket_text(booking, locale, page_url), booking.stretch
    _ = translator(locale).gettext
    title = f"{text.origin.place} → {text.destination.place}"

    event = Event()
    event.add("uid", str(booking.id))
    event.add("dtstamp", confirmed_at(booking).astimezone(UTC))
    event.add("dtstart", stretch.departs_at.astimezone(UTC))
    event.add("dtend", stretch.arrives_at.astimezone(UTC))
    event.add("summary", title)
    event.add("location", ", ".join(part for part in (text.origin.place, text.origin.meeting_point) if part))
    event.add("geo", vGeo((stretch.origin.latitude, stretch.origin.longitude)))
    event.add("status", "CONFIRMED")
    event.add("transp", "OPAQUE")
    about = [f"{text.code_label}: {text.code}", *(f"{label}: {value}" for label, value in text.facts)]
    about += [text.operator, *text.contact]
    if page_url:
        event.add("url", vUri(page_url))
        about.append(page_url)
    event.add("description", "\n".join(about))

    alarm = Alarm()
    alarm.add("action", "DISPLAY")
    alarm.add("trigger", -_REMIND_BEFORE)
    alarm.add("description", title)
    event.add_component(alarm)

    calendar = Calendar()
    calendar.add("prodid", "-//Kamchatour Hub//EN")
    calendar.add("version", "2.0")
    calendar.add("method", "PUBLISH")
    calendar.add_component(event)
    return bytes(calendar.to_ical())


def ticket_qr_svg(booking: Booking) -> str:
    """The QR code as an SVG element without a size of its own; class ``ticket-qr``."""
    require_ticket(booking)
    import segno

    drawing: str = segno.make(qr_content(booking), error="m", micro=False).svg_inline(
        omitsize=True,
        border=4,
        svgclass="ticket-qr",
        lineclass="ticket-qr-modules",
        title=f"QR {booking.code}",
    )
    return drawing.replace("<svg ", '<svg role="img" ', 1)
