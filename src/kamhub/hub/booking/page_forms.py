"""What the booking pages are sent, as the browser sends it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated
from uuid import UUID

from pydantic import AfterValidator, Field, model_validator
from pydantic_core import PydanticCustomError

from kamhub.hub.booking.forms import MAX_PASSENGERS
from kamhub.hub.booking.types import Consent, Contact, Passenger, PassengerKind
from kamhub.hub.price.forms import TypedPromoCode
from kamhub.hub.privacy.texts import CURRENT, TextVersion
from kamhub.kit.text import Locale
from kamhub.platform.web.schemas import (
    MAX_AMOUNT,
    Email,
    Form,
    Line,
    PageForm,
    PersonName,
    Phone,
    Remark,
)

_LIST = "passenger_list"
OptionalRemark = Annotated[Remark | None, AfterValidator(lambda text: text or None)]


class HoldPageForm(PageForm):
    """The button that holds seats. ``key`` is made with the page, so that a double click holds once."""

    origin: UUID = Field(alias="from")
    destination: UUID = Field(alias="to")
    passengers: Annotated[int, Field(ge=1, le=MAX_PASSENGERS)]
    key: UUID


class PassengerPageForm(Form):
    """One seat; the name may stay empty for an adult."""

    name: Annotated[str, Field(max_length=100), Line] = ""
    kind: PassengerKind = "adult"

    @property
    def named(self) -> bool:
        """Whether there is a name to speak of."""
        return len(self.name) > 1

    @model_validator(mode="after")
    def _child_has_a_name(self) -> PassengerPageForm:
        if self.kind != "adult" and not self.named:
            raise PydanticCustomError("name_of_child", "a child needs a name")
        return self


class PassengersForm(PageForm):
    """Who travels and how to reach them; ``consent`` is the version of the text on personal data shown with the form."""

    name: PersonName
    phone: Phone
    email: Email
    special_requests: OptionalRemark = None
    promo_code: TypedPromoCode = None
    passenger_list: Annotated[tuple[PassengerPageForm, ...], Field(max_length=MAX_PASSENGERS)] = ()
    consent: TextVersion = CURRENT

    def contact(self, locale: Locale) -> Contact:
        """Messages go out in the language the form was filled in."""
        return Contact(name=self.name, phone=self.phone, email=self.email, locale=locale)

    def consented(self, locale: Locale) -> Consent:
        """What is written down of the consent."""
        return Consent(self.consent, locale, "page")

    def passengers(self) -> tuple[Passenger, ...]:
        """Those who were named."""
        return tuple(Passenger(one.name, None, one.kind) for one in self.passenger_list if one.named)


class CancelPageForm(PageForm):
    """``refund`` is the amount the reader was shown, in minor units."""

    refund: Annotated[int, Field(ge=0, le=MAX_AMOUNT)]
    reason: OptionalRemark = None


class LookUpForm(PageForm):
    """The code of a booking, and the e-mail or phone it was made with."""

    code: Annotated[str, Field(min_length=1, max_length=40), Line]
    email_or_phone: Annotated[str, Field(min_length=1, max_length=254), Line]


def nested_passengers(sent: Mapping[str, str], count: int) -> dict[str, object]:
    """The flat ``passenger_list.0.name`` as ``PassengersForm`` takes it, for at most ``count`` passengers."""
    passengers = [
        {field: sent[name] for field in ("name", "kind") if (name := f"{_LIST}.{index}.{field}") in sent}
        for index in range(count)
    ]
    rest = {name: value for name, value in sent.items() if not name.startswith(f"{_LIST}.")}
    return {**rest, _LIST: passengers}
