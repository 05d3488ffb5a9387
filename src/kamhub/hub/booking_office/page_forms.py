"""What the pages of the booking office are sent, as the browser sends it."""

from __future__ import annotations

from typing import Annotated, Literal
from uuid import UUID

from pydantic import Field, field_validator
from pydantic_core import PydanticCustomError

from kamhub.hub.booking.forms import MAX_PASSENGERS
from kamhub.hub.booking.page_forms import OptionalRemark, PassengerPageForm
from kamhub.hub.booking.types import Contact, Passenger
from kamhub.hub.booking_office.forms import NoteText
from kamhub.hub.booking_office.types import Changes, NewBooking, PayBy, RefundChoice
from kamhub.hub.price.forms import TypedPromoCode
from kamhub.kit.money import parse_major
from kamhub.kit.text import Locale
from kamhub.platform.web.schemas import (
    BlankIsNone,
    Date,
    Email,
    Line,
    PageForm,
    PersonName,
    Phone,
    Query,
    blank_is_none,
)

OptionalId = Annotated[UUID | None, blank_is_none(UUID | Literal[""] | None)]
_MOST = 10**9


def _amount(text: str | None) -> int | None:
    if text is None:
        return None
    try:
        amount = parse_major(text.replace("\u00a0", "").replace(" ", "").replace(",", "."), "RUB").amount
    except ValueError as error:
        raise PydanticCustomError("int_parsing", "This is not an amount") from error
    if not 0 <= amount <= _MOST:
        raise PydanticCustomError("int_parsing", "This is not an amount")
    return amount


class NewPageParameters(Query):
    """What is chosen already on the page that books for a caller."""

    date: Annotated[Date | None, blank_is_none(Date | Literal[""] | None)] = None
    departure: OptionalId = None
    origin: Annotated[UUID | None, blank_is_none(UUID | Literal[""] | None), Field(alias="from")] = None
    destination: Annotated[UUID | None, blank_is_none(UUID | Literal[""] | None), Field(alias="to")] = None
    passengers: Annotated[int, Field(ge=1, le=MAX_PASSENGERS)] = 1


class _People(PageForm):
    """Who travels and how to reach them."""

    name: PersonName
    phone: Phone
    email: Email
    locale: Locale = "ru"
    special_requests: OptionalRemark = None
    passenger_list: Annotated[tuple[PassengerPageForm, ...], Field(max_length=MAX_PASSENGERS)] = ()

    def contact(self) -> Contact:
        """As stored."""
        return Contact(self.name, self.phone, self.email, self.locale)

    def people(self) -> tuple[Passenger, ...]:
        """Those who were named."""
        return tuple(Passenger(one.name, None, one.kind) for one in self.passenger_list if one.named)


class NewPageForm(_People):
    """A booking for a caller. ``key`` is made with the page, so that a double click books once."""

    departure: UUID
    origin: UUID = Field(alias="from")
    destination: UUID = Field(alias="to")
    passengers: Annotated[int, Field(ge=1, le=MAX_PASSENGERS)]
    pay_by: PayBy
    promo_code: TypedPromoCode = None
    key: UUID

    def wanted(self) -> NewBooking:
        """As the actions take it."""
        return NewBooking(
            departure_id=self.departure,
            passengers=self.passengers,
            contact=self.contact(),
            pay_by=self.pay_by,
            from_place=self.origin,
            to_place=self.destination,
            passenger_list=self.people(),
            special_requests=self.special_requests,
            promo_code=self.promo_code,
        )


class ChangePageForm(_People):
    """The same of a booking that is there; ``version`` is the one the page was made from."""

    version: Annotated[int, Field(ge=1)]

    def changes(self, before: tuple[Passenger, ...]) -> Changes:
        """As the actions take it. The documents of those who stay the same are kept: the page does not show them."""
        documents = {person.name: person.document for person in before}
        people = tuple(Passenger(one.name, documents.get(one.name), one.kind) for one in self.people())
        return Changes(self.contact(), people, self.special_requests, requests_named=True)


class StaffCancelPageForm(PageForm):
    """A cancellation from the page; ``amount`` is written in major units."""

    reason: OptionalRemark = None
    refund: RefundChoice = "policy"
    amount: Annotated[str | None, Field(max_length=20), BlankIsNone, Line] = None

    @field_validator("amount", mode="after")
    @classmethod
    def _is_amount(cls, text: str | None) -> str | None:
        _amount(text)
        return text

    @property
    def minor(self) -> int | None:
        """The amount in minor units."""
        return _amount(self.amount)


class NotePageForm(PageForm):
    """A remark for colleagues."""

    text: NoteText


class DecidePageForm(PageForm):
    """The operator's answer to a booking that waits."""

    action: Literal["confirm", "reject"]
    message: OptionalRemark = None
