"""Waiting parties as JSON and as lines of a file."""

from __future__ import annotations

from kamhub.hub.departure.views import stretch_json
from kamhub.hub.waiting_list.types import ListedParty

CSV_COLUMNS = (
    "status", "departs_at", "from", "to", "passengers", "name", "phone", "email", "since", "offered_at", "booking",
)  # fmt: skip


def party_json(listed: ListedParty) -> dict[str, object]:
    """A party and where it wants to go."""
    party, contact = listed.party, listed.party.contact
    return {
        "id": party.id,
        "status": party.status,
        "departure": stretch_json(listed.stretch),
        "passengers": party.passengers,
        "contact": {"name": contact.name, "phone": contact.phone, "email": contact.email, "locale": contact.locale},
        "booking_id": party.booking_id,
        "booking_code": listed.booking_code,
        "created_at": party.created_at,
        "offered_at": party.offered_at,
    }


def csv_row(listed: ListedParty) -> tuple[object, ...]:
    """A line of the file; times of the place."""
    party, stretch, contact = listed.party, listed.stretch, listed.party.contact
    zone = stretch.departs_at.tzinfo
    return (
        party.status, f"{stretch.departs_at:%Y-%m-%d %H:%M}", stretch.origin.slug, stretch.destination.slug, party.passengers,
        contact.name, contact.phone, contact.email, f"{party.created_at.astimezone(zone):%Y-%m-%d %H:%M}",
        f"{party.offered_at.astimezone(zone):%Y-%m-%d %H:%M}" if party.offered_at else None, listed.booking_code,
    )  # fmt: skip
