"""Bookings as JSON and as lines of a file for the office."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from zoneinfo import ZoneInfo

from kamhub.hub.booking.types import Booking
from kamhub.hub.booking.views import booking_json, money_json
from kamhub.hub.booking_office.types import ListedBooking, Note, TimelineItem
from kamhub.hub.departure.views import stretch_json
from kamhub.kit.money import Money

CSV_COLUMNS = (
    "code", "status", "created_at", "departs_at", "route", "from", "to", "passengers", "names", "name", "phone", "email",
    "total", "paid", "refunded", "collected", "due", "currency", "pay_by", "channel", "special_requests", "id",
)  # fmt: skip


def office_facts(booking: ListedBooking) -> dict[str, object]:
    """What only the office knows."""
    return {
        "route": {"id": booking.route_id, "name": booking.route_name},
        "channel": booking.channel,
        "pay_by": booking.pay_by,
        "collected": booking.collected.as_json(),
        "due": booking.due.as_json(),
        "no_show_at": booking.no_show_at,
        "notes": booking.notes,
        "version": booking.version,
    }


def listed_json(booking: ListedBooking, public_url: str) -> dict[str, object]:
    """A booking in the list."""
    contact = booking.contact
    return {
        "id": booking.id,
        "code": booking.code,
        "status": booking.status,
        "expires_at": booking.expires_at.isoformat() if booking.expires_at else None,
        "created_at": booking.created_at.isoformat(),
        "departure": stretch_json(booking.stretch),
        "passengers": booking.passengers,
        "price_per_seat": booking.price_per_seat.as_json(),
        "total": booking.total.as_json(),
        "paid": money_json(booking.paid),
        "refunded": money_json(booking.refunded),
        "contact": None
        if contact is None
        else {"name": contact.name, "phone": contact.phone, "email": contact.email, "locale": contact.locale},
        "passenger_list": [
            {"name": person.name, "document": person.document, "kind": person.kind} for person in booking.passenger_list
        ],
        "special_requests": booking.special_requests,
        "page_url": f"{public_url}/booking/{booking.id}",
        **office_facts(booking),
    }


def office_json(booking: Booking, listed: ListedBooking, public_url: str) -> dict[str, object]:
    """One booking, whole."""
    return {**booking_json(booking, public_url), **office_facts(listed)}


def note_json(note: Note) -> dict[str, object]:
    """A remark."""
    return {"id": note.id, "at": note.at, "author_id": note.author_id, "author": note.author, "text": note.text}


def timeline_json(item: TimelineItem) -> dict[str, object]:
    """One thing that happened."""
    return {"at": item.at, "kind": item.kind, "by": item.by, "facts": item.facts}


def csv_rows(bookings: Iterable[ListedBooking], zone: ZoneInfo) -> Iterator[tuple[object, ...]]:
    """Lines of the file: sums in major units, times as on a clock of that zone."""
    for one in bookings:
        contact, stretch = one.contact, one.stretch
        yield (
            one.code, one.status, f"{one.created_at.astimezone(zone):%Y-%m-%d %H:%M}", f"{stretch.departs_at:%Y-%m-%d %H:%M}",
            one.route_name, stretch.origin.slug, stretch.destination.slug, one.passengers,
            "; ".join(person.name for person in one.passenger_list),
            contact.name if contact else None, contact.phone if contact else None, contact.email if contact else None,
            one.total.major(), _major(one.paid), _major(one.refunded), one.collected.major(), one.due.major(),
            one.total.currency, one.pay_by, one.channel, one.special_requests, one.id,
        )  # fmt: skip


def _major(money: Money | None) -> object:
    return None if money is None else money.major()
