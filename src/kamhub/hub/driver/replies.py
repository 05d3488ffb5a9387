"""What is told of drivers, as the API documents it; made by ``views``."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from kamhub.hub.fleet_document.replies import DocumentReply
from kamhub.platform.web.schemas import ListReply, Reply


class DriverReply(Reply):
    """A driver of the organisation; ``phone`` is E.164, hours are ``08:00`` of the organisation's clock."""

    id: UUID
    name: str
    phone: str
    languages: list[str]
    works_from: str | None
    works_to: str | None
    person_id: UUID | None
    archived: bool
    version: int
    created_at: datetime


class DriverDetailReply(DriverReply):
    """The same with the papers, what ends first before the rest."""

    documents: list[DocumentReply]


class DriverListReply(ListReply[DriverReply]):
    """Drivers by name."""
