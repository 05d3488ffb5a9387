"""What is told of places and offers, as the API documents it; made by ``api``."""

from __future__ import annotations

from datetime import date
from uuid import UUID

from kamhub.hub.departure.replies import OfferReply
from kamhub.platform.web.schemas import ListReply, NamesReply, Reply


class PlaceReply(Reply):
    """A place of the catalogue."""

    id: UUID
    slug: str
    name: NamesReply
    meeting_point: NamesReply | None
    lat: float
    lng: float
    time_zone: str


class SearchReply(ListReply[OfferReply]):
    """The departures of a day; ``near_dates`` when there are none."""

    near_dates: list[date]
