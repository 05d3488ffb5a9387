"""What is told of places, as the API documents it; made by ``views``."""

from __future__ import annotations

from uuid import UUID

from kamhub.hub.search.replies import PlaceReply
from kamhub.platform.web.schemas import ListReply, Reply


class KeptPlaceReply(PlaceReply):
    """A place as staff see it: ``own`` ones they may change, the others are the shared catalogue's."""

    own: bool
    archived: bool
    version: int
    photo: str | None


class PlaceInListReply(PlaceReply):
    """A place; what follows the zone is told to staff alone."""

    own: bool | None = None
    archived: bool | None = None
    version: int | None = None
    photo: str | None = None


class PlaceListReply(ListReply[PlaceInListReply]):
    """To travellers: places, the nearest to what was typed first. To staff: a page of those there are to use."""


class PhotoReply(Reply):
    """A photo that is kept: where it is shown, and its size in pixels."""

    place_id: UUID
    url: str
    width: int
    height: int
