"""What comes in about waiting parties."""

from __future__ import annotations

from typing import Annotated, Literal
from uuid import UUID

from pydantic import Field

from kamhub.hub.booking.forms import MAX_PASSENGERS, ContactForm, PassengerCount
from kamhub.hub.booking.types import Contact
from kamhub.hub.privacy.texts import CURRENT, TextVersion
from kamhub.hub.waiting_list.types import Joining, PartyFilter, PartyStatus
from kamhub.kit.text import Locale
from kamhub.platform.web.schemas import (
    Email,
    Form,
    PageForm,
    PageParameters,
    PersonName,
    Phone,
    Query,
    Reference,
    blank_is_none,
)


class PartyParameters(PageParameters):
    """Filters and page of the list; without a status those who still wait or have an offer. ``all`` brings everybody."""

    status: Annotated[PartyStatus | None, blank_is_none(PartyStatus | Literal[""] | None)] = None
    departure_id: Annotated[UUID | None, blank_is_none(UUID | Literal[""] | None)] = None
    all: bool = False

    def wanted(self) -> PartyFilter:
        """The filters alone."""
        return PartyFilter(self.status, self.departure_id, alive=not self.all)


class WaitingForm(Form):
    """Somebody to be put on the list. Places default to the departure's first and last stop."""

    departure_id: UUID
    passengers: PassengerCount
    from_place_id: UUID | None = None
    to_place_id: UUID | None = None
    contact: ContactForm

    def joining(self) -> Joining:
        """As the actions take it."""
        return Joining(self.departure_id, self.passengers, self.contact.contact(), self.from_place_id, self.to_place_id)


class WaitingPageForm(PageForm):
    """The traveller's own form; ``consent`` is the version of the text on personal data shown with it."""

    origin: Annotated[UUID, Field(alias="from")]
    destination: Annotated[UUID, Field(alias="to")]
    passengers: Annotated[int, Field(ge=1, le=MAX_PASSENGERS)]
    name: PersonName
    phone: Phone
    email: Email
    consent: TextVersion = CURRENT

    def joining(self, departure_id: UUID, locale: Locale) -> Joining:
        """As the actions take it; messages go out in the language the form was filled in."""
        contact = Contact(self.name, self.phone, self.email, locale)
        return Joining(departure_id, self.passengers, contact, self.origin, self.destination, self.consent)


class OfficeWaitingForm(WaitingPageForm):
    """The same filled in by staff for a caller."""

    departure: UUID
    locale: Locale = "ru"

    def joining_by_staff(self) -> Joining:
        """As the actions take it; nobody has read a text on personal data."""
        contact = Contact(self.name, self.phone, self.email, self.locale)
        return Joining(self.departure, self.passengers, contact, self.origin, self.destination)


class NewPartyParameters(Query):
    """For which departure the form is opened; places by id or slug."""

    departure: UUID
    origin: Annotated[Reference | None, Field(alias="from")] = None
    destination: Annotated[Reference | None, Field(alias="to")] = None
    passengers: Annotated[int, Field(ge=1, le=MAX_PASSENGERS)] = 1
