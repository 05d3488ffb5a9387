"""What is told of papers, as the API documents it; made by ``views``."""

from __future__ import annotations

from datetime import date, datetime
from uuid import UUID

from kamhub.hub.fleet_document.types import DocumentKind, DocumentStatus
from kamhub.platform.web.schemas import ListReply, Reply


class DocumentReply(Reply):
    """A paper; one of ``vehicle_id`` and ``driver_id`` is null, ``owner`` is the model and plate or the name."""

    id: UUID
    vehicle_id: UUID | None
    driver_id: UUID | None
    owner: str
    kind: DocumentKind
    number: str | None
    expires_on: date | None
    status: DocumentStatus
    created_at: datetime


class DocumentListReply(ListReply[DocumentReply]):
    """Papers, what ends first before the rest."""


class DocumentMadeReply(Reply):
    """A paper that was added."""

    id: UUID
