"""Manifests and boarding as JSON and as lines of a file."""

from __future__ import annotations

from kamhub.hub.booking.views import money_json
from kamhub.hub.departure.views import departure_json, place_json
from kamhub.hub.manifest.types import Manifest, ManifestRow, Party


def manifest_json(manifest: Manifest) -> dict[str, object]:
    """The departure and a row a seat."""
    return {
        "departure": departure_json(manifest.departure),
        "passengers": [row_json(row) for row in manifest.rows],
        "boarded": manifest.boarded,
    }


def row_json(row: ManifestRow) -> dict[str, object]:
    """One seat."""
    party = row.party
    return {
        "name": row.name,
        "kind": row.kind,
        "booking_id": str(party.id),
        "booking_code": party.code,
        "phone": party.phone,
        "from": place_json(row.origin),
        "to": place_json(row.destination),
        "boarded": row.boarded,
        "boarded_at": party.boarded_at.isoformat() if party.boarded_at else None,
        "no_show": party.missed_at is not None,
        "special_requests": party.special_requests,
        "to_collect": money_json(row.due),
    }


def party_json(party: Party) -> dict[str, object]:
    """A booking at the door."""
    return {
        "booking_id": str(party.id),
        "booking_code": party.code,
        "departure_id": str(party.departure_id),
        "status": party.status,
        "passengers": party.passengers,
        "boarded": party.boarded_at is not None,
        "boarded_at": party.boarded_at.isoformat() if party.boarded_at else None,
        "no_show": party.missed_at is not None,
    }


CSV_COLUMNS = (
    "name",
    "kind",
    "booking_code",
    "phone",
    "from",
    "boards_at",
    "to",
    "boarded",
    "no_show",
    "special_requests",
    "to_collect",
)


def csv_row(row: ManifestRow) -> tuple[object, ...]:
    """One seat as a line of ``CSV_COLUMNS``; places by their Russian names, money in its major unit."""
    return (
        row.name,
        row.kind,
        row.party.code,
        row.party.phone,
        row.origin.name.ru,
        row.origin.at.isoformat(),
        row.destination.name.ru,
        "yes" if row.boarded else "no",
        "yes" if row.party.missed_at else "no",
        row.party.special_requests,
        row.due.major() if row.due else None,
    )
