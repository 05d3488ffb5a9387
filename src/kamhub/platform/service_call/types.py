"""A service of somebody else's, and how it answers."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal, Protocol, TypeAlias
from uuid import UUID

Service: TypeAlias = Literal["cloudpayments", "email", "telegram", "sms", "reranking"]


@dataclass(frozen=True, slots=True)
class ServiceState:
    """``failing_since`` is None when the last call was answered; ``error`` is of the last failure, masked."""

    service: Service
    answered_at: datetime | None
    failed_at: datetime | None
    failing_since: datetime | None
    error: str | None


class Noting(Protocol):
    """Whoever remembers how calls go: ``CallNotes``."""

    async def answered(self, organisation_id: UUID, service: Service) -> None:
        """The service answered, whatever it answered."""

    async def failed(self, organisation_id: UUID, service: Service, error: str) -> None:
        """It did not answer, or knows us no more."""
