"""Pure decisions about papers."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date, timedelta
from uuid import UUID

from kamhub.hub.fleet_document.types import DocumentKind, DocumentStatus, DocumentWarning, FleetDocument, Subject

EXPIRING = timedelta(days=30)


def status_of(expires_on: date | None, on: date) -> DocumentStatus:
    """What a paper is worth on that day; its last day counts in."""
    if expires_on is None or expires_on > on + EXPIRING:
        return "valid"
    return "expired" if expires_on < on else "expiring"


def in_force(documents: Iterable[FleetDocument]) -> list[FleetDocument]:
    """Of each owner and kind the paper that lasts longest; of kind ``other`` every one, for they are different things."""
    latest: dict[tuple[Subject, UUID, DocumentKind], FleetDocument] = {}
    others: list[FleetDocument] = []
    for document in documents:
        if document.facts.kind == "other":
            others.append(document)
            continue
        key = (document.subject, document.subject_id, document.facts.kind)
        if key not in latest or _lasts(document) > _lasts(latest[key]):
            latest[key] = document
    return [*latest.values(), *others]


def warnings_of(documents: Sequence[FleetDocument], on: date) -> list[DocumentWarning]:
    """What is to be said of these papers on that day, the worst first."""
    found = [warning for document in in_force(documents) if (warning := _warning(document, on)) is not None]
    return sorted(found, key=lambda warning: (warning.expires_on, warning.subject, warning.owner, warning.kind))


def _lasts(document: FleetDocument) -> date:
    return document.facts.expires_on or date.max


def _warning(document: FleetDocument, on: date) -> DocumentWarning | None:
    facts = document.facts
    status = status_of(facts.expires_on, on)
    if facts.expires_on is None or status == "valid":
        return None
    return DocumentWarning(
        subject=document.subject,
        subject_id=document.subject_id,
        owner=document.owner,
        document_id=document.id,
        kind=facts.kind,
        number=facts.number,
        expires_on=facts.expires_on,
        status=status,
    )
