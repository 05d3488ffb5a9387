"""What comes in from the office about bookings."""

from __future__ import annotations

from datetime import tzinfo
from typing import Annotated, Literal
from uuid import UUID

from pydantic import Field, model_validator

from kamhub.hub.booking.forms import (
    LIST_TOO_LONG,
    MAX_PASSENGERS,
    ContactForm,
    PassengerCount,
    PassengerForm,
)
from kamhub.hub.booking.types import BookingStatus, Channel
from kamhub.hub.booking_office import rules
from kamhub.hub.booking_office.types import BookingFilter, Changes, NewBooking, PayBy, RefundChoice
from kamhub.hub.price.forms import TypedPromoCode
from kamhub.kit.text import mark
from kamhub.platform.web.schemas import (
    Amount,
    BlankIsNone,
    Date,
    Form,
    Line,
    PageParameters,
    Reference,
    Remark,
    Text,
    blank_is_none,
)

_NOTHING = mark("Say what is to be changed.")
_UPSIDE_DOWN = mark("The first day is after the last one.")
NoteText = Annotated[str, Field(min_length=1, max_length=2000), Text]
OptionalDate = Annotated[Date | None, blank_is_none(Date | Literal[""] | None)]


class BookingParameters(PageParameters):
    """Filters and page of the list of bookings; what is left out does not narrow.

    ``date`` is one day of departures, ``from`` and ``to`` are the first and the last, in the operator's own zone.
    ``route`` is the id or the name of a route. ``text`` is a code, a phone or its last digits, or parts of the names of
    whoever booked or travels, or of an e-mail. ``named`` leaves out holds that nobody has put a name to, and so does ``channel``.
    """

    status: Annotated[BookingStatus | None, blank_is_none(BookingStatus | Literal[""] | None)] = None
    date: OptionalDate = None
    first: OptionalDate = Field(default=None, alias="from")
    last: OptionalDate = Field(default=None, alias="to")
    route_id: Annotated[UUID | None, blank_is_none(UUID | Literal[""] | None)] = None
    route: Annotated[Reference | None, BlankIsNone] = None
    departure_id: Annotated[UUID | None, blank_is_none(UUID | Literal[""] | None)] = None
    channel: Annotated[Channel | None, blank_is_none(Channel | Literal[""] | None)] = None
    text: Annotated[str | None, Field(max_length=100), BlankIsNone, Line] = None
    named: bool = False

    @model_validator(mode="after")
    def _in_order(self) -> BookingParameters:
        if self.first and self.last and self.first > self.last:
            raise ValueError(_UPSIDE_DOWN)
        return self

    def wanted(self, zone: tzinfo) -> BookingFilter:
        """The filters alone, but for ``route``, which has to be looked up."""
        start, end = rules.bounds(self.date, self.first, self.last, zone)
        return BookingFilter(
            status=self.status,
            start=start,
            end=end,
            routes=(self.route_id,) if self.route_id else None,
            departure_id=self.departure_id,
            channel=self.channel,
            text=rules.read_text(self.text) if self.text else None,
            named=self.named,
        )


class StaffBookForm(Form):
    """A booking for a caller. Places default to the departure's first and last stop."""

    departure_id: UUID
    passengers: PassengerCount
    from_place_id: UUID | None = None
    to_place_id: UUID | None = None
    contact: ContactForm
    passenger_list: Annotated[list[PassengerForm], Field(max_length=MAX_PASSENGERS, default_factory=list)]
    special_requests: Remark | None = None
    promo_code: TypedPromoCode = None
    pay_by: PayBy = "online"

    @model_validator(mode="after")
    def _fits(self) -> StaffBookForm:
        if len(self.passenger_list) > self.passengers:
            raise ValueError(LIST_TOO_LONG)
        return self

    def wanted(self) -> NewBooking:
        """As the actions take it."""
        return NewBooking(
            departure_id=self.departure_id,
            passengers=self.passengers,
            contact=self.contact.contact(),
            pay_by=self.pay_by,
            from_place=self.from_place_id,
            to_place=self.to_place_id,
            passenger_list=tuple(person.passenger() for person in self.passenger_list),
            special_requests=self.special_requests or None,
            promo_code=self.promo_code,
        )


class BookingChangeForm(Form):
    """What is to be different; what is left out stays. ``special_requests`` null takes them away."""

    contact: ContactForm | None = None
    passenger_list: Annotated[list[PassengerForm], Field(max_length=MAX_PASSENGERS)] | None = None
    special_requests: Remark | None = None

    @model_validator(mode="after")
    def _something(self) -> BookingChangeForm:
        if not self.model_fields_set:
            raise ValueError(_NOTHING)
        return self

    def changes(self) -> Changes:
        """As the actions take it."""
        people = self.passenger_list
        return Changes(
            contact=self.contact.contact() if self.contact else None,
            passenger_list=tuple(person.passenger() for person in people) if people is not None else None,
            special_requests=self.special_requests or None,
            requests_named="special_requests" in self.model_fields_set,
        )


class StaffCancelForm(Form):
    """A cancellation by the office. ``refund``: by the policy, all that was paid, nothing, or ``amount`` in minor units."""

    reason: Remark | None = None
    refund: RefundChoice = "policy"
    amount: Amount | None = None


class NoteForm(Form):
    """A remark for colleagues."""

    text: NoteText
