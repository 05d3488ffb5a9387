"""What a traveller is told, and when."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal
from uuid import UUID

from kamhub.kit.text import Locale

MessageKind = Literal["held", "confirmed", "cancelled", "rejected", "money_returned"]


@dataclass(frozen=True, slots=True)
class Message:
    """One row of the outbox."""

    organisation_id: UUID
    id: UUID
    booking_id: UUID
    kind: MessageKind
    locale: Locale
    recipient: str
    created_at: datetime
    sent_at: datetime | None
