"""Places as JSON of the HTTP contract."""

from __future__ import annotations

from uuid import UUID

from kamhub.hub.place.types import KeptPlace, Photo

COLUMNS = ("id", "slug", "name_ru", "name_en", "lat", "lng", "time_zone", "meeting_point_ru", "meeting_point_en", "own")


def kept_place_json(place: KeptPlace) -> dict[str, object]:
    """A place as staff see it."""
    return {
        "id": place.id,
        **place.facts.as_json(),
        "own": place.own,
        "archived": place.archived_at is not None,
        "version": place.version,
        "photo": f"/places/{place.id}/photo.jpg" if place.photo else None,
    }


def place_cells(place: KeptPlace) -> list[object]:
    """The same in the order of ``COLUMNS``."""
    facts, meeting = place.facts, place.facts.meeting_point
    return [
        place.id,
        facts.slug,
        facts.name.ru,
        facts.name.en,
        facts.latitude,
        facts.longitude,
        facts.time_zone,
        meeting.ru if meeting else None,
        meeting.en if meeting else None,
        place.own,
    ]


def photo_json(place_id: UUID, photo: Photo) -> dict[str, object]:
    """A photo that is kept."""
    return {
        "place_id": place_id,
        "url": f"/places/{place_id}/photo.jpg",
        "width": photo.width,
        "height": photo.height,
    }
