"""What comes in about prices."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import Annotated, Any
from uuid import UUID

from pydantic import AfterValidator, AwareDatetime, Field, model_validator
from pydantic_core import PydanticCustomError

from kamhub.hub.price import rules
from kamhub.hub.price.types import PASSENGER_KINDS, PassengerKind, PromoKind, PromoTerms, QuoteAsked
from kamhub.kit.text import mark
from kamhub.platform.web.schemas import FIRST_DAY, LAST_DAY, Flag, Form, Line, PageParameters, Query, blank_is_none

MAX_PASSENGERS = 50
MOST_VALUE = 100_000_000
MOST_USES = 1_000_000
_HIGHEST_PERCENT = 90

NOT_A_PERCENT = mark("A percentage is between 1 and 90.")
ENDS_BEFORE_IT_BEGINS = mark("A code ends after it begins.")
_TOO_MANY_KINDS = mark("The list is longer than the party.")

# As a traveller types it; whether there is such a code is for the action to say.
TypedPromoCode = Annotated[
    Annotated[str, Field(max_length=40), Line] | None,
    blank_is_none(Annotated[str, Field(max_length=40)] | None),
    Field(examples=["SUMMER-26"]),
]


def _code(text: str) -> str:
    tidy = rules.tidy_code(text)
    if not rules.CODE.fullmatch(tidy):
        raise PydanticCustomError("promo_code", mark("Letters, digits and hyphens, 3 to 30 of them."))
    return tidy


def _moment(at: datetime) -> datetime:
    if not FIRST_DAY <= at.date() <= LAST_DAY:
        raise PydanticCustomError("moment_range", mark("Choose a date between 2000 and 2100."))
    return at.astimezone(UTC)


Code = Annotated[
    str,
    Field(min_length=3, max_length=40, json_schema_extra={"examples": ["SUMMER-26"]}),
    Line,
    AfterValidator(_code),
]
Moment = Annotated[AwareDatetime, AfterValidator(_moment)]
Value = Annotated[int, Field(ge=1, le=MOST_VALUE)]
Uses = Annotated[int, Field(ge=1, le=MOST_USES)]


class PromoCodeForm(Form):
    """A promo code. ``value`` is percent of the price (1 to 90), or minor units off the whole booking."""

    code: Code
    kind: PromoKind
    value: Value
    route_id: UUID | None = None
    valid_from: Moment | None = None
    valid_to: Moment | None = None
    most_uses: Uses | None = None
    most_per_contact: Uses | None = None

    @model_validator(mode="after")
    def _holds_together(self) -> PromoCodeForm:
        if self.kind == "percent" and self.value > _HIGHEST_PERCENT:
            raise ValueError(NOT_A_PERCENT)
        if self.valid_from and self.valid_to and self.valid_from >= self.valid_to:
            raise ValueError(ENDS_BEFORE_IT_BEGINS)
        return self

    def terms(self) -> PromoTerms:
        """As stored."""
        return PromoTerms(**dict(self))


class PromoCodeChangeForm(Form):
    """What is to change; a field that is left out stays as it is, null lifts a limit. ``archived: false`` brings a code back."""

    code: Code = Field(default_factory=str)
    kind: PromoKind = Field(default_factory=lambda: "percent")
    value: Value = Field(default_factory=int)
    route_id: UUID | None = None
    valid_from: Moment | None = None
    valid_to: Moment | None = None
    most_uses: Uses | None = None
    most_per_contact: Uses | None = None
    archived: Flag = Field(default_factory=bool)

    def applied(self, terms: PromoTerms) -> dict[str, Any]:
        """The terms with what was said, as ``PromoCodeForm`` takes them."""
        said = {name: getattr(self, name) for name in self.model_fields_set - {"archived"}}
        return fields_of(replace(terms, **said))

    def archives(self) -> bool | None:
        """Whether it is to be put away or brought back; None when nothing was said."""
        return self.archived if "archived" in self.model_fields_set else None


def fields_of(terms: PromoTerms) -> dict[str, Any]:
    """The terms by name."""
    return {name: getattr(terms, name) for name in PromoCodeForm.model_fields}


class PromoCodeParameters(PageParameters):
    """Which page, and whether codes that were put away are shown too."""

    archived: bool = False


class QuoteParameters(Query):
    """What a party would pay. ``kinds`` are separated by commas; who is not named is an adult."""

    departure_id: UUID
    passengers: Annotated[int, Field(ge=1, le=MAX_PASSENGERS)] = 1
    from_place_id: UUID | None = None
    to_place_id: UUID | None = None
    kinds: (
        Annotated[
            str, Field(max_length=400, pattern=f"^({'|'.join(PASSENGER_KINDS)})(,({'|'.join(PASSENGER_KINDS)}))*$")
        ]
        | None
    ) = Field(default=None, examples=["adult,adult,child"])
    promo_code: TypedPromoCode = None

    @model_validator(mode="after")
    def _no_more_than_ride(self) -> QuoteParameters:
        if len(self.named()) > self.passengers:
            raise ValueError(_TOO_MANY_KINDS)
        return self

    def named(self) -> tuple[PassengerKind, ...]:
        """The kinds that were named."""
        words = self.kinds.split(",") if self.kinds else ()
        return tuple(kind for word in words for kind in PASSENGER_KINDS if kind == word)

    def asked(self) -> QuoteAsked:
        """The same for the action."""
        return QuoteAsked(
            self.departure_id,
            self.passengers,
            self.from_place_id,
            self.to_place_id,
            self.named(),
            self.promo_code,
        )
