"""What is told of waiting parties, as the API documents it; made by ``views``."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from kamhub.hub.booking.replies import ContactReply
from kamhub.hub.departure.replies import StretchReply
from kamhub.hub.waiting_list.types import PartyStatus
from kamhub.platform.web.schemas import ListReply, Reply


class PartyReply(Reply):
    """A party that waits, or waited; ``booking_id`` is the hold it was offered."""

    id: UUID
    status: PartyStatus
    departure: StretchReply
    passengers: int
    contact: ContactReply
    booking_id: UUID | None
    booking_code: str | None
    created_at: datetime
    offered_at: datetime | None


class PartyListReply(ListReply[PartyReply]):
    """Parties by departure, whoever has waited longest first."""
