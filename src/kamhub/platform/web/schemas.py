"""The common shapes of what comes in and what goes out: types of input with their bounds, bases of forms and replies.

Every text is bounded and tidied here once, so that no form does it its own way.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Annotated, Any, ClassVar, Generic, Literal, TypeVar

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, model_validator
from pydantic_core import PydanticCustomError

from kamhub.kit.email import parse_email
from kamhub.kit.phone import parse_phone
from kamhub.kit.text import clean_line, clean_text
from kamhub.platform.web.csrf import FIELD

MAX_PAGE = 10_000
MAX_PAGE_SIZE = 200
MAX_AMOUNT = 10**12
FIRST_DAY, LAST_DAY = dt.date(2000, 1, 1), dt.date(2100, 1, 1)
_ADDRESS = re.compile(r"://|\bwww\.", re.IGNORECASE)
_SLUG = re.compile(r"[a-z0-9]+(?:-[a-z0-9]+)*")

Item = TypeVar("Item", bound=BaseModel)


def _line(value: object) -> object:
    return clean_line(value) if isinstance(value, str) else value


def _text(value: object) -> object:
    return clean_text(value) if isinstance(value, str) else value


def _none_when_blank(value: object) -> object:
    return None if isinstance(value, str) and not value.strip() else value


def _email(text: str) -> str:
    try:
        return parse_email(text)
    except ValueError as error:
        raise PydanticCustomError("email", "This does not look like an e-mail address") from error


def _phone(text: str) -> str:
    try:
        return parse_phone(text)
    except ValueError as error:
        raise PydanticCustomError("phone", "This does not look like a phone number") from error


def _name(text: str) -> str:
    # Names go into mails to people who have not asked for them: nobody is to advertise there.
    if _ADDRESS.search(text):
        raise PydanticCustomError("name_address", "A name holds no web address")
    return text


def is_slug(text: str) -> bool:
    """Whether the text has the shape of a slug."""
    return _SLUG.fullmatch(text) is not None


def _slug(text: str) -> str:
    if not is_slug(text):
        raise PydanticCustomError("slug", "This is not a slug")
    return text


# Tidied before it is measured; the bounds stand in the type itself, so that the OpenAPI document shows them.
Line = BeforeValidator(_line)
Text = BeforeValidator(_text)
# A field of an HTML form that was left empty says nothing.
BlankIsNone = BeforeValidator(_none_when_blank)


def blank_is_none(documented: Any) -> BeforeValidator:
    """The same where a program may send it too; the OpenAPI document shows the type ``documented``, or nothing at all."""
    return BeforeValidator(_none_when_blank, json_schema_input_type=documented | Literal[""])


PersonName = Annotated[str, Field(min_length=2, max_length=100), Line, AfterValidator(_name)]
Email = Annotated[
    str,
    Field(min_length=1, max_length=254, json_schema_extra={"format": "email", "examples": ["anna@example.org"]}),
    Line,
    AfterValidator(_email),
]
# Any way people type it; kept as E.164.
Phone = Annotated[
    str,
    Field(min_length=1, max_length=40, json_schema_extra={"examples": ["+7 914 123-45-67"]}),
    Line,
    AfterValidator(_phone),
]
Remark = Annotated[str, Field(max_length=500), Text]
Slug = Annotated[
    str,
    Field(min_length=1, max_length=100, json_schema_extra={"pattern": f"^{_SLUG.pattern}$"}),
    Line,
    AfterValidator(_slug),
]
# An id or a slug, as a reader of ours has it from a list or an address.
Reference = Annotated[str, Field(min_length=1, max_length=100), Line]
Date = Annotated[dt.date, Field(ge=FIRST_DAY, le=LAST_DAY)]
# Of a clock on the wall, ``08:00``; the zone is the place's own.
TimeOfDay = Annotated[
    str,
    Field(
        min_length=5, max_length=5, pattern="^([01][0-9]|2[0-3]):[0-5][0-9]$", json_schema_extra={"examples": ["08:00"]}
    ),
]
# Minor units.
Amount = Annotated[int, Field(strict=True, ge=0, le=MAX_AMOUNT)]
# True or false and nothing that looks like it, as JSON has it.
Flag = Annotated[bool, Field(strict=True)]
Page = Annotated[int, Field(ge=1, le=MAX_PAGE)]
# Of a row that people edit, as its page sends it back.
Version = Annotated[int, Field(ge=1, le=2_147_483_647)]
PageSize = Annotated[int, Field(ge=1, le=MAX_PAGE_SIZE)]


class Form(BaseModel):
    """A body that changes something: no field is let through that was not asked for."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)


class VersionForm(Form):
    """The version of what a page shows and is asked to put away."""

    version: Version


class PageForm(Form):
    """The same from a page, whose forms carry the CSRF token as well; the wall before has read it."""

    @model_validator(mode="before")
    @classmethod
    def _without_token(cls, sent: object) -> object:
        if isinstance(sent, Mapping):
            return {name: value for name, value in sent.items() if name != FIELD}
        return sent


class Query(BaseModel):
    """The parameters of an address; those we do not know are nobody's business."""

    model_config = ConfigDict(frozen=True, extra="ignore", populate_by_name=True, hide_input_in_errors=True)


class PageParameters(Query):
    """Which page of a list, and how long a page is."""

    page: Page = 1
    page_size: PageSize = 50

    @property
    def offset(self) -> int:
        """How many entries come before this page."""
        return (self.page - 1) * self.page_size


class MoneyForm(Form):
    """Money as it comes in, in minor units."""

    amount: Amount
    currency: Annotated[str, Field(min_length=3, max_length=3, pattern="^[A-Z]{3}$")] = "RUB"


class Reply(BaseModel):
    """What goes out. It describes: replies are built and encoded without it, and tests hold the two against each other."""

    model_config = ConfigDict(frozen=True)


class MoneyReply(Reply):
    """An amount in minor units of a currency (ISO 4217)."""

    amount: int
    currency: str


class NamesReply(Reply):
    """One name in both languages."""

    ru: str
    en: str


class ListReply(Reply, Generic[Item]):
    """A page of a list."""

    items: list[Item]
    page: int
    page_size: int
    total: int


@dataclass(frozen=True, slots=True)
class Documented:
    """What the OpenAPI document says of a route beyond its rule; goes into the route's ``opt`` under ``KEY``.

    ``idempotency_key``: it takes that header. ``booking_token``: it takes one, though it can be called without.
    ``media_types``: of the body, when not JSON alone. ``files``: of a body that is a file, which may also be the field
    ``file`` of a form. ``or_file``: in the place of its model it takes a form with the field ``file``. ``replies``: bodies of
    other statuses that are no problem documents.
    """

    KEY: ClassVar[str] = "documented"

    idempotency_key: bool = False
    booking_token: bool = False
    media_types: tuple[str, ...] = ("application/json",)
    files: tuple[str, ...] = ()
    or_file: bool = False
    replies: Mapping[int, type[BaseModel]] = field(default_factory=dict)
