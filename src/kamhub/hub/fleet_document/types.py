"""Papers of vehicles and drivers, and what to warn of."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Literal, get_args
from uuid import UUID

from kamhub.kit.errors import Refusal
from kamhub.kit.text import mark

DocumentKind = Literal["insurance", "registration", "inspection", "licence", "passport", "medical", "contract", "other"]
KINDS: tuple[DocumentKind, ...] = get_args(DocumentKind)
VEHICLE_KINDS: tuple[DocumentKind, ...] = ("insurance", "registration", "inspection", "licence", "contract", "other")
DRIVER_KINDS: tuple[DocumentKind, ...] = ("licence", "medical", "passport", "contract", "insurance", "other")
DocumentStatus = Literal["valid", "expiring", "expired"]
Subject = Literal["vehicle", "driver"]


@dataclass(frozen=True, slots=True)
class DocumentFacts:
    """What is known of a paper; it counts on ``expires_on`` too, and without one it has no end."""

    kind: DocumentKind
    number: str | None
    expires_on: date | None


@dataclass(frozen=True, slots=True)
class FleetDocument:
    """A paper of a vehicle or of a driver, whose model and plate or name is ``owner``."""

    id: UUID
    subject: Subject
    subject_id: UUID
    owner: str
    facts: DocumentFacts
    created_at: datetime


@dataclass(frozen=True, slots=True)
class DocumentWarning:
    """A paper that has run out on a day, or does within 30 days of it; ``status`` is never ``valid``."""

    subject: Subject
    subject_id: UUID
    owner: str
    document_id: UUID
    kind: DocumentKind
    number: str | None
    expires_on: date
    status: DocumentStatus


@dataclass(frozen=True, slots=True)
class Due:
    """How many papers of the fleet have run out, and how many do within 30 days."""

    expired: int
    expiring: int

    @property
    def total(self) -> int:
        return self.expired + self.expiring


class DocumentNotFound(Refusal):
    """A paper of another vehicle, driver or organisation, or none at all."""

    code = "document_not_found"
    status = 404
    title = mark("There is no such document")
