"""What is told of vehicles, as the API documents it; made by ``views``."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from kamhub.hub.departure.types import VehicleType
from kamhub.hub.fleet_document.replies import DocumentReply
from kamhub.platform.web.schemas import ListReply, Reply


class VehicleReply(Reply):
    """A vehicle of the organisation; ``features`` are machine words such as ``wifi``."""

    id: UUID
    type: VehicleType
    model: str
    capacity: int
    plate: str
    features: list[str]
    archived: bool
    version: int
    created_at: datetime


class VehicleDetailReply(VehicleReply):
    """The same with its papers, what ends first before the rest."""

    documents: list[DocumentReply]


class VehicleListReply(ListReply[VehicleReply]):
    """Vehicles by model and plate."""
