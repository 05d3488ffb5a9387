"""Personal data as JSON."""

from __future__ import annotations

from datetime import datetime

from kamhub.hub.privacy.types import Document, Erased, PersonalData, Traveller


def found_json(data: PersonalData) -> Document:
    """How much there is, and in which bookings."""
    brief = ("id", "code", "status", "departs_at")
    return {
        "counts": data.counts(),
        "bookings": [{name: booking[name] for name in brief} for booking in data.bookings],
        "waiting": len(data.waiting),
    }


def export_json(data: PersonalData, traveller: Traveller, at: datetime) -> Document:
    """Everything, as it is handed out."""
    return {
        "exported_at": at.isoformat(),
        "email": traveller.email,
        "phone": traveller.phone,
        "counts": data.counts(),
        "bookings": data.bookings,
        "messages": data.messages,
        "waiting": data.waiting,
    }


def erased_json(erased: Erased) -> Document:
    """What was removed."""
    return {"counts": erased.counts(), "bookings": [str(booking) for booking in erased.bookings]}
