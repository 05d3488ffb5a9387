"""What comes in about bookings."""

from __future__ import annotations

from typing import Annotated, Literal
from uuid import UUID

from pydantic import BaseModel, Field, model_validator

from kamhub.hub.booking.types import Consent, Contact, Passenger, PassengerKind
from kamhub.hub.price.forms import TypedPromoCode
from kamhub.hub.privacy.texts import CURRENT, TextVersion
from kamhub.kit.text import Locale, mark
from kamhub.platform.web.schemas import Email, Form, Line, PersonName, Phone, Remark

MAX_PASSENGERS = 50
PassengerCount = Annotated[int, Field(strict=True, ge=1, le=MAX_PASSENGERS)]
Document = Annotated[str, Field(min_length=1, max_length=50), Line]

_NEITHER_NOR = mark("Give either booking_id of a hold, or departure_id and passengers.")
_NO_COUNT = mark("With departure_id, passengers is needed too.")
_BELONG_TO_HOLD = mark("Passengers and places belong to the hold and cannot be changed here.")
LIST_TOO_LONG = mark("The list is longer than the party.")


class HoldForm(Form):
    """Body of ``POST /api/transfers/hold``. Places default to the departure's first and last stop."""

    departure_id: UUID
    passengers: PassengerCount
    from_place_id: UUID | None = None
    to_place_id: UUID | None = None


class ContactForm(Form):
    """Who books."""

    name: PersonName
    phone: Phone
    email: Email
    locale: Locale = "ru"

    def contact(self) -> Contact:
        """As stored."""
        return Contact(self.name, self.phone, self.email, self.locale)


class PassengerForm(Form):
    """One traveller."""

    name: PersonName
    document: Document | None = None
    kind: PassengerKind = "adult"

    def passenger(self) -> Passenger:
        """As stored."""
        return Passenger(self.name, self.document, self.kind)


class BookingReference(BaseModel):
    """Which booking a body speaks of, whatever else is in it."""

    booking_id: UUID | None = None


class BookForm(Form):
    """Body of ``POST /api/transfers/book``: a hold (with its token), or a departure to be held first.

    ``consent`` is the version of the text on personal data that the traveller was shown; whoever books without naming one
    confirms that it was the current one.
    """

    booking_id: UUID | None = None
    departure_id: UUID | None = None
    passengers: PassengerCount | None = None
    from_place_id: UUID | None = None
    to_place_id: UUID | None = None
    contact: ContactForm
    passenger_list: Annotated[list[PassengerForm], Field(max_length=MAX_PASSENGERS, default_factory=list)]
    special_requests: Remark | None = None
    promo_code: TypedPromoCode = None
    consent: TextVersion = CURRENT

    @model_validator(mode="after")
    def _hold_or_departure(self) -> BookForm:
        if (self.booking_id is None) == (self.departure_id is None):
            raise ValueError(_NEITHER_NOR)
        if self.departure_id is not None and self.passengers is None:
            raise ValueError(_NO_COUNT)
        if self.booking_id is not None and (self.passengers or self.from_place_id or self.to_place_id):
            raise ValueError(_BELONG_TO_HOLD)
        if self.passengers is not None and len(self.passenger_list) > self.passengers:
            raise ValueError(LIST_TOO_LONG)
        return self

    def consented(self) -> Consent:
        """What is written down of the consent."""
        return Consent(self.consent, self.contact.locale, "api")


class CancelForm(Form):
    """Body of ``POST /api/transfers/cancel``."""

    booking_id: UUID
    reason: Remark | None = None


class DecisionForm(Form):
    """Body of ``POST /api/transfers/confirm``."""

    booking_id: UUID
    action: Literal["confirm", "reject"]
    message: Remark | None = None
