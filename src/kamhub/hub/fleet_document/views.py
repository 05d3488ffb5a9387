"""Papers as JSON of the HTTP contract."""

from __future__ import annotations

from datetime import date

from kamhub.hub.fleet_document.rules import status_of
from kamhub.hub.fleet_document.types import FleetDocument

COLUMNS = ("id", "owner", "vehicle_id", "driver_id", "kind", "number", "expires_on", "status")


def document_json(document: FleetDocument, on: date) -> dict[str, object]:
    """A paper as it stands on that day."""
    facts = document.facts
    return {
        "id": document.id,
        "vehicle_id": document.subject_id if document.subject == "vehicle" else None,
        "driver_id": document.subject_id if document.subject == "driver" else None,
        "owner": document.owner,
        "kind": facts.kind,
        "number": facts.number,
        "expires_on": facts.expires_on,
        "status": status_of(facts.expires_on, on),
        "created_at": document.created_at,
    }


def document_cells(document: FleetDocument, on: date) -> list[object]:
    """The same in the order of ``COLUMNS``."""
    told = document_json(document, on)
    return [told[name] for name in COLUMNS]
