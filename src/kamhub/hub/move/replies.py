"""What is told of moves, as the API documents it; made by ``views``."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from kamhub.platform.web.schemas import ListReply, MoneyReply, Reply


class MoveOptionReply(Reply):
    """A departure the booking could be moved to. ``difference`` is what the party would pay more there, negative: less."""

    departure_id: UUID
    departs_at: datetime
    arrives_at: datetime
    seats_available: int
    fits: bool
    price_per_seat: MoneyReply
    total: MoneyReply
    difference: MoneyReply


class MoveOptionListReply(ListReply[MoveOptionReply]):
    """Those departures, the next first."""
