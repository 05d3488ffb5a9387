"""What comes in about bookings."""

from __future__ import annotations

from typing import Annotated, Literal
from uuid import UUID

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, model_validator

from kamhub.hub.booking.types import Contact, Passenger
from kamhub.kit.email import parse_email
from kamhub.kit.phone import parse_phone
from kamhub.kit.text import clean_line, clean_text


def _line(value: object) -> object:
    return clean_line(value) if isinstance(value, str) else value


def _text(value: object) -> object:
    return clean_text(value) if isinstance(value, str) else value


Line = BeforeValidator(_line)
PersonName = Annotated[str, Line, Field(min_length=2, max_length=100)]
Phone = Annotated[str, Line, Field(min_length=3, max_length=40), AfterValidator(parse_phone)]
Email = Annotated[str, Line, Field(min_length=3, max_length=254), AfterValidator(parse_email)]
LongText = Annotated[str, BeforeValidator(_text), Field(max_length=500)]
PassengerCount = Annotated[int, Field(strict=True, ge=1, le=50)]

_STRICT = ConfigDict(extra="forbid")


class HoldForm(BaseModel):
    """Body of ``POST /api/transfers/hold``. Places default to the departure's first and last stop."""

    model_config = _STRICT

    departure_id: UUID
    passengers: PassengerCount
    from_place_id: UUID | None = None
    to_place_id: UUID | None = None


class ContactForm(BaseModel):
    """Who books."""

    model_config = _STRICT

    name: PersonName
    phone: Phone
    email: Email
    locale: Literal["ru", "en"] = "ru"

    def contact(self) -> Contact:
        """As stored."""
        return Contact(self.name, self.phone, self.email, self.locale)


class PassengerForm(BaseModel):
    """One traveller."""

    model_config = _STRICT

    name: PersonName
    document: Annotated[str, Line, Field(min_length=1, max_length=50)] | None = None
    kind: Literal["adult", "child", "infant"] = "adult"

    def passenger(self) -> Passenger:
        """As stored."""
        return Passenger(self.name, self.document, self.kind)


class BookingReference(BaseModel):
    """Which booking a body speaks of, whatever else is in it."""

    booking_id: UUID | None = None


class BookForm(BaseModel):
    """Body of ``POST /api/transfers/book``: a hold (with its token), or a departure to be held first."""

    model_config = _STRICT

    booking_id: UUID | None = None
    departure_id: UUID | None = None
    passengers: PassengerCount | None = None
    from_place_id: UUID | None = None
    to_place_id: UUID | None = None
    contact: ContactForm
    passenger_list: Annotated[list[PassengerForm], Field(max_length=50)] = []
    special_requests: LongText | None = None

    @model_validator(mode="after")
    def _hold_or_departure(self) -> BookForm:
        if (self.booking_id is None) == (self.departure_id is None):
            raise ValueError("give either booking_id of a hold, or departure_id and passengers")
        if self.departure_id is not None and self.passengers is None:
            raise ValueError("passengers is needed with departure_id")
        if self.booking_id is not None and (self.passengers or self.from_place_id or self.to_place_id):
            raise ValueError("passengers and places belong to the hold and cannot be changed here")
        if self.passengers is not None and len(self.passenger_list) > self.passengers:
            raise ValueError("passenger_list is longer than passengers")
        return self


class CancelForm(BaseModel):
    """Body of ``POST /api/transfers/cancel``."""

    model_config = _STRICT

    booking_id: UUID
    reason: LongText | None = None


class DecisionForm(BaseModel):
    """Body of ``POST /api/transfers/confirm``."""

    model_config = _STRICT

    booking_id: UUID
    action: Literal["confirm", "reject"]
    message: LongText | None = None
