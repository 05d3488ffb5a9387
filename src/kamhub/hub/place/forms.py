"""What comes in from outside about places."""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from typing import Annotated
from zoneinfo import available_timezones

from pydantic import AfterValidator, Field

from kamhub.hub.place.types import PlaceChange, PlaceFacts, PlaceQuery
from kamhub.kit.text import Names, mark
from kamhub.platform.web.schemas import (
    BlankIsNone,
    Flag,
    Form,
    Line,
    Page,
    PageParameters,
    PageSize,
    Slug,
    Text,
    Version,
)

HOME_ZONE = "Asia/Kamchatka"
_NO_ZONE = mark("This is not a time zone, such as Asia/Kamchatka.")

PlaceName = Annotated[str, Field(min_length=1, max_length=100), Line]
Meeting = Annotated[str, Field(min_length=1, max_length=300), Text]
Latitude = Annotated[float, Field(ge=-90, le=90, allow_inf_nan=False)]
Longitude = Annotated[float, Field(ge=-180, le=180, allow_inf_nan=False)]


@cache
def _zones() -> frozenset[str]:
    return frozenset(available_timezones())


def _zone(text: str) -> str:
    if text not in _zones():
        raise ValueError(_NO_ZONE)
    return text


TimeZone = Annotated[
    str,
    Field(min_length=1, max_length=50, json_schema_extra={"examples": [HOME_ZONE]}),
    Line,
    AfterValidator(_zone),
]


class NamesForm(Form):
    """A name in both languages."""

    ru: PlaceName
    en: PlaceName

    def names(self) -> Names:
        """The same."""
        return Names(self.ru, self.en)


class MeetingForm(Form):
    """Where exactly one meets; without English words the Russian ones are shown."""

    ru: Meeting
    en: Annotated[Meeting | None, BlankIsNone] = None

    def names(self) -> Names:
        """The same."""
        return Names(self.ru, self.en or self.ru)


class PlaceForm(Form):
    """A place to add."""

    slug: Slug
    name: NamesForm
    lat: Latitude
    lng: Longitude
    meeting_point: MeetingForm | None = None
    time_zone: TimeZone = HOME_ZONE

    def facts(self) -> PlaceFacts:
        """The same."""
        meeting = self.meeting_point.names() if self.meeting_point else None
        return PlaceFacts(self.slug, self.name.names(), self.lat, self.lng, meeting, self.time_zone)


class PlaceChangeForm(Form):
    """What is to change; a field that is left out stays as it is. ``archived: false`` brings a place back."""

    slug: Slug = Field(default_factory=str)
    name: NamesForm = Field(default_factory=lambda: NamesForm(ru="-", en="-"))
    lat: Latitude = Field(default_factory=float)
    lng: Longitude = Field(default_factory=float)
    meeting_point: MeetingForm | None = None
    time_zone: TimeZone = Field(default_factory=str)
    archived: Flag = Field(default_factory=bool)

    def change(self) -> PlaceChange:
        """The same, to be applied to the place as it is found."""
        values: dict[str, tuple[str, object]] = {
            "slug": ("slug", self.slug),
            "name": ("name", self.name.names()),
            "lat": ("latitude", self.lat),
            "lng": ("longitude", self.lng),
            "meeting_point": ("meeting_point", self.meeting_point.names() if self.meeting_point else None),
            "time_zone": ("time_zone", self.time_zone),
        }
        said = dict(values[name] for name in self.model_fields_set & values.keys())
        archived = self.archived if "archived" in self.model_fields_set else None
        return PlaceChange(lambda facts: replace(facts, **said), archived)  # type: ignore[arg-type]


class PlaceParameters(PageParameters):
    """``q`` is a name in either language. Travellers are told the ``limit`` likest places; staff get pages of all there are,
    archived ones and own ones alone if they ask."""

    q: Annotated[str, Field(max_length=100), Line] = ""
    limit: Annotated[int, Field(ge=1, le=50)] = 20
    page: Page = 1
    page_size: PageSize = 50
    archived: bool = False
    own: bool = False

    def query(self) -> PlaceQuery:
        """What staff ask for."""
        return PlaceQuery(self.q or None, self.archived, self.own)


class PlaceEditForm(PlaceForm):
    """The whole place as its page sends it, with the version the page was made from."""

    version: Version
