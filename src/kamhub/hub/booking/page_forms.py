"""What the booking pages are sent, as the browser sends it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated
from uuid import UUID

from email_validator import EmailNotValidError, validate_email
from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, model_validator
from pydantic_core import PydanticCustomError

from kamhub.hub.booking.types import Contact, Passenger, PassengerKind
from kamhub.kit.phone import parse_phone
from kamhub.kit.text import Locale, clean_line, clean_text


def _email(text: str) -> str:
    try:
        return validate_email(text, check_deliverability=False).normalized
    except EmailNotValidError as error:
        raise PydanticCustomError("email", "not an e-mail address") from error


def _phone(text: str) -> str:
    try:
        return parse_phone(text)
    except ValueError as error:
        raise PydanticCustomError("phone", "not a phone number") from error


_line = BeforeValidator(lambda value: clean_line(str(value)))
_text = BeforeValidator(lambda value: clean_text(str(value)) or None)

PersonName = Annotated[str, Field(min_length=2, max_length=100), _line]
Email = Annotated[str, Field(min_length=1, max_length=254), _line, AfterValidator(_email)]
Phone = Annotated[str, Field(min_length=1, max_length=40), _line, AfterValidator(_phone)]
Remark = Annotated[Annotated[str, Field(max_length=500)] | None, _text]


class HoldForm(BaseModel):
    """The button that holds seats. ``key`` is made with the page, so that a double click holds once."""

    model_config = ConfigDict(frozen=True)

    origin: UUID = Field(alias="from")
    destination: UUID = Field(alias="to")
    passengers: Annotated[int, Field(ge=1, le=50)]
    key: UUID


class PassengerForm(BaseModel):
    """One seat; the name may stay empty for an adult."""

    name: Annotated[str, Field(max_length=100), _line] = ""
    kind: PassengerKind = "adult"

    @property
    def named(self) -> bool:
        """Whether there is a name to speak of."""
        return len(self.name) > 1

    @model_validator(mode="after")
    def _child_has_a_name(self) -> PassengerForm:
        if self.kind != "adult" and not self.named:
            raise PydanticCustomError("name_of_child", "a child needs a name")
        return self


class PassengersForm(BaseModel):
    """Who travels and how to reach them."""

    name: PersonName
    phone: Phone
    email: Email
    special_requests: Remark = None
    passenger_list: Annotated[tuple[PassengerForm, ...], Field(max_length=50)] = ()

    def contact(self, locale: Locale) -> Contact:
        """Messages go out in the language the form was filled in."""
        return Contact(name=self.name, phone=self.phone, email=self.email, locale=locale)

    def passengers(self) -> tuple[Passenger, ...]:
        """Those who were named."""
        return tuple(Passenger(one.name, None, one.kind) for one in self.passenger_list if one.named)


class CancelForm(BaseModel):
    """``refund`` is the amount the reader was shown, in minor units."""

    refund: Annotated[int, Field(ge=0)]
    reason: Remark = None


class LookUpForm(BaseModel):
    code: Annotated[str, Field(min_length=1, max_length=40), _line]
    email_or_phone: Annotated[str, Field(min_length=1, max_length=254), _line]


def nested_passengers(sent: Mapping[str, str], count: int) -> dict[str, object]:
    """The flat ``passenger_list.0.name`` as ``PassengersForm`` takes it, for at most ``count`` passengers."""
    passengers = [
        {field: sent[name] for field in ("name", "kind") if (name := f"passenger_list.{index}.{field}") in sent}
        for index in range(count)
    ]
    return {**sent, "passenger_list": passengers}
