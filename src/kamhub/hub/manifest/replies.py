"""What is told of manifests and boarding, as the API documents it; made by ``views``."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from pydantic import Field

from kamhub.hub.booking.types import BookingStatus, PassengerKind
from kamhub.hub.departure.replies import DepartureReply, PlaceReply
from kamhub.platform.web.schemas import MoneyReply, Reply


class SeatReply(Reply):
    """One seat. ``to_collect`` is what is to be taken from the whole party, told at its first seat alone."""

    name: str
    kind: PassengerKind
    booking_id: UUID
    booking_code: str
    phone: str | None
    origin: PlaceReply = Field(alias="from")
    destination: PlaceReply = Field(alias="to")
    boarded: bool
    boarded_at: datetime | None
    no_show: bool
    special_requests: str | None
    to_collect: MoneyReply | None


class ManifestReply(Reply):
    """Who rides, in the order in which they get on; ``boarded`` is how many have."""

    departure: DepartureReply
    passengers: list[SeatReply]
    boarded: int


class BoardingReply(Reply):
    """A booking at the door."""

    booking_id: UUID
    booking_code: str
    departure_id: UUID
    status: BookingStatus
    passengers: int
    boarded: bool
    boarded_at: datetime | None
    no_show: bool
