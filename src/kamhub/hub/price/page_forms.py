"""What the pages of promo codes are sent, as the browser sends it."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from typing import Annotated
from uuid import UUID
from zoneinfo import ZoneInfo

from pydantic import Field, ValidationInfo, field_validator
from pydantic_core import PydanticCustomError

from kamhub.hub.price.forms import ENDS_BEFORE_IT_BEGINS, MOST_VALUE, NOT_A_PERCENT, Code, Uses
from kamhub.hub.price.types import PromoCode, PromoKind, PromoTerms
from kamhub.hub.price.views import CURRENCY
from kamhub.kit.money import Money, parse_major
from kamhub.kit.text import mark
from kamhub.platform.web.schemas import BlankIsNone, Date, Line, PageForm

_NOT_A_SUM = mark("Write a number, such as 10.")
_HIGHEST_PERCENT = 90
_MOMENT = timedelta(microseconds=1)


class PromoCodePageForm(PageForm):
    """A promo code as people write it: percent or roubles, first and last day. ``version`` is that of the code changed."""

    code: Code
    kind: PromoKind
    value: Annotated[str, Field(min_length=1, max_length=20), Line]
    route_id: Annotated[UUID | None, BlankIsNone] = None
    first_day: Annotated[Date | None, BlankIsNone] = None
    last_day: Annotated[Date | None, BlankIsNone] = None
    most_uses: Annotated[Uses | None, BlankIsNone] = None
    most_per_contact: Annotated[Uses | None, BlankIsNone] = None
    version: Annotated[int, Field(ge=1)] = 1

    @field_validator("value")
    @classmethod
    def _is_worth_something(cls, text: str, info: ValidationInfo) -> str:
        try:
            amount = parse_major(text.replace(",", ".").rstrip("%₽ ").replace(" ", ""), CURRENCY).amount
        except ValueError as error:
            raise PydanticCustomError("promo_value", _NOT_A_SUM) from error
        if info.data.get("kind") == "percent":
            if amount % 100 or not 1 <= amount // 100 <= _HIGHEST_PERCENT:
                raise PydanticCustomError("promo_percent", NOT_A_PERCENT)
            return str(amount // 100)
        if not 1 <= amount <= MOST_VALUE:
            raise PydanticCustomError("promo_value", _NOT_A_SUM)
        return str(amount)

    @field_validator("last_day")
    @classmethod
    def _after_the_first(cls, day: date | None, info: ValidationInfo) -> date | None:
        first = info.data.get("first_day")
        if day is not None and first is not None and day < first:
            raise PydanticCustomError("promo_days", ENDS_BEFORE_IT_BEGINS)
        return day

    def terms(self, zone: ZoneInfo, present: PromoTerms | None = None) -> PromoTerms:
        """As stored. A moment of the present terms stays to the second while its day is left as it was shown."""
        return PromoTerms(
            code=self.code,
            kind=self.kind,
            value=int(self.value),
            route_id=self.route_id,
            valid_from=self._begins(zone, present.valid_from if present else None),
            valid_to=self._ends(zone, present.valid_to if present else None),
            most_uses=self.most_uses,
            most_per_contact=self.most_per_contact,
        )

    def _begins(self, zone: ZoneInfo, present: datetime | None) -> datetime | None:
        if self.first_day is None or (present is not None and first_day(present, zone) == self.first_day):
            return present if self.first_day else None
        return datetime.combine(self.first_day, time(), zone)

    def _ends(self, zone: ZoneInfo, present: datetime | None) -> datetime | None:
        if self.last_day is None or (present is not None and last_day(present, zone) == self.last_day):
            return present if self.last_day else None
        return datetime.combine(self.last_day + timedelta(days=1), time(), zone)


def first_day(valid_from: datetime, zone: ZoneInfo) -> date:
    """The first day on which a code holds."""
    return valid_from.astimezone(zone).date()


def last_day(valid_to: datetime, zone: ZoneInfo) -> date:
    """The last day on which a code holds."""
    return (valid_to - _MOMENT).astimezone(zone).date()


def shown(code: PromoCode, zone: ZoneInfo) -> dict[str, str]:
    """The code as its form shows it."""
    terms = code.terms
    worth = str(terms.value) if terms.kind == "percent" else _plain(Money(terms.value, CURRENCY))
    return {
        "code": terms.code,
        "kind": terms.kind,
        "value": worth,
        "route_id": str(terms.route_id) if terms.route_id else "",
        "first_day": first_day(terms.valid_from, zone).isoformat() if terms.valid_from else "",
        "last_day": last_day(terms.valid_to, zone).isoformat() if terms.valid_to else "",
        "most_uses": str(terms.most_uses or ""),
        "most_per_contact": str(terms.most_per_contact or ""),
    }


def _plain(money: Money) -> str:
    return str(money.major()).removesuffix(".00")
