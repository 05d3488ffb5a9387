"""What comes in from outside about assets."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from pydantic import AfterValidator, Field

from kamhub.desk.asset.types import AssetChange, AssetQuery, AssetStatus, NewFile, NewUrl
from kamhub.desk.asset.words import why_not_allowed
from kamhub.platform.outbound.addresses import target_of
from kamhub.platform.web.schemas import BlankIsNone, Form, Line, PageForm, PageParameters, Version


def _url(text: str) -> str:
    url = text.partition("#")[0]
    target = target_of(url)
    if isinstance(target, str):
        raise ValueError(why_not_allowed(target))
    return url


Url = Annotated[
    str,
    Field(
        min_length=1, max_length=2000, json_schema_extra={"format": "uri", "examples": ["https://example.com/prices"]}
    ),
    Line,
    AfterValidator(_url),
]
Name = Annotated[str, Field(min_length=1, max_length=300), Line]
RereadHours = Annotated[int, Field(strict=True, ge=1, le=8760)]


class UrlForm(Form):
    """An address to be read, once or every so many hours."""

    url: Url
    name: Name | None = None
    category_id: UUID | None = None
    reread_hours: RereadHours | None = None

    def new(self) -> NewUrl:
        """The same."""
        return NewUrl(self.url, self.name, self.category_id, self.reread_hours)


class FileForm(Form):
    """What comes with a file, in the same form."""

    name: Annotated[Name | None, BlankIsNone] = None
    category_id: Annotated[UUID | None, BlankIsNone] = None

    def new(self, called: str, media_type: str | None) -> NewFile:
        """A file that its owner calls that, unless the form says otherwise."""
        return NewFile(self.name or called, media_type, self.category_id)


class AssetChangeForm(Form):
    """What is to change; a field that is left out stays as it is. ``reread_hours: null``: it is read no more by itself."""

    name: Name = Field(default_factory=str)
    category_id: UUID | None = None
    reread_hours: RereadHours | None = None

    def change(self) -> AssetChange:
        """The same."""
        return AssetChange({name: getattr(self, name) for name in sorted(self.model_fields_set)})


class AssetParameters(PageParameters):
    """``q`` is a part of the name or address."""

    status: AssetStatus | None = None
    q: Annotated[str, Field(max_length=100), Line] = ""
    category_id: UUID | None = None

    def query(self) -> AssetQuery:
        """The same."""
        return AssetQuery(self.status, self.q or None, self.category_id)


_PageHours = Annotated[Annotated[int, Field(ge=1, le=8760)] | None, BlankIsNone]
_PageCategory = Annotated[UUID | None, BlankIsNone]


class FilesPageForm(PageForm):
    """What comes with the files of a page."""

    category_id: _PageCategory = None


class UrlPageForm(PageForm):
    """An address, as a page sends it."""

    url: Url
    category_id: _PageCategory = None
    reread_hours: _PageHours = None

    def new(self) -> NewUrl:
        """The same."""
        return NewUrl(self.url, None, self.category_id, self.reread_hours)


class AssetPageForm(PageForm):
    """What may be changed of an asset, as its page sends it; a page of a file says nothing of reading again."""

    name: Name
    category_id: _PageCategory = None
    reread_hours: _PageHours = None

    def change(self) -> AssetChange:
        """The same."""
        return AssetChange({"name": self.name, "category_id": self.category_id, "reread_hours": self.reread_hours})


class AssetEditForm(AssetPageForm):
    """The same, with the version the page was made from."""

    version: Version


class AssetPageParameters(PageParameters):
    """Filters of the page; a field of its form that was left empty does not narrow."""

    status: Annotated[AssetStatus | None, BlankIsNone] = None
    q: Annotated[str, Field(max_length=100), Line] = ""
    category_id: _PageCategory = None

    def query(self) -> AssetQuery:
        """The same."""
        return AssetQuery(self.status, self.q or None, self.category_id)
