"""Places as the organisation keeps them, their photos, and what can be refused."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from kamhub.kit.errors import Refusal
from kamhub.kit.text import Names, mark

# Owns the places that everybody may use.
CATALOGUE = UUID(int=0)


@dataclass(frozen=True, slots=True)
class PlaceFacts:
    """What people write down of a place. Degrees of WGS 84; the times of its departures are shown in ``time_zone``."""

    slug: str
    name: Names
    latitude: float
    longitude: float
    meeting_point: Names | None
    time_zone: str

    def as_json(self) -> dict[str, object]:
        """The same, ready for JSON."""
        return {
            "slug": self.slug,
            "name": self.name.as_json(),
            "meeting_point": self.meeting_point.as_json() if self.meeting_point else None,
            "lat": self.latitude,
            "lng": self.longitude,
            "time_zone": self.time_zone,
        }


@dataclass(frozen=True, slots=True)
class KeptPlace:
    """A place as staff see it; ``photo`` says whether there is one, ``version`` counts the changes."""

    id: UUID
    organisation_id: UUID
    facts: PlaceFacts
    version: int
    created_at: datetime
    archived_at: datetime | None = None
    photo: bool = False

    @property
    def own(self) -> bool:
        """Whether the organisation may change it."""
        return self.organisation_id != CATALOGUE


@dataclass(frozen=True, slots=True)
class PlaceChange:
    """What becomes of a place: of its facts, and whether it is archived (None: as it is)."""

    facts: Callable[[PlaceFacts], PlaceFacts]
    archived: bool | None = None


@dataclass(frozen=True, slots=True)
class PlaceQuery:
    """Which places: by a name in either language, forgiving typing; with the archived ones or without; own ones alone."""

    text: str | None = None
    archived: bool = False
    own: bool = False


@dataclass(frozen=True, slots=True)
class Photo:
    """A JPEG without metadata; ``digest`` is its SHA-256."""

    content: bytes = field(repr=False)
    digest: bytes
    width: int
    height: int


class PlaceUnknown(Refusal):
    """A place of another organisation, or none at all."""

    code = "place_not_found"
    status = 404
    title = mark("There is no such place")


class CatalogueReadOnly(Refusal):
    """A place of the shared catalogue, which belongs to everybody."""

    code = "catalogue_read_only"
    status = 403
    title = mark("This place belongs to the shared catalogue, which nobody can change; add one of your own")


class SlugTaken(Refusal):
    """The organisation or the catalogue has a place with this slug."""

    code = "slug_taken"
    status = 409
    title = mark("There is a place with this slug already")


class PhotoNotFound(Refusal):
    """A place without a photo, or none at all."""

    code = "photo_not_found"
    status = 404
    title = mark("There is no photo of this place")
