"""What comes in from the pages of the books."""

from __future__ import annotations

from typing import Annotated, Self

from pydantic import BeforeValidator, Field, model_validator

from kamhub.hub.ledger.forms import ORDER
from kamhub.kit.money import Money, parse_major
from kamhub.kit.text import mark
from kamhub.platform.web.schemas import Date, Line, PageForm

_AMOUNT = mark("Write an amount such as 1500 or 1500.50.")


def read_amount(text: str) -> Money:
    """Roubles as people write them: ``1 500,50``. Raises ``ValueError`` with a sentence."""
    plain = "".join(text.split()).replace("\u202f", "").replace(",", ".").removesuffix("₽")
    try:
        money = parse_major(plain, "RUB")
    except ValueError:
        raise ValueError(_AMOUNT) from None
    if money.amount <= 0:
        raise ValueError(_AMOUNT)
    return money


def _checked(value: object) -> object:
    if isinstance(value, str):
        read_amount(value)
    return value


Roubles = Annotated[str, Field(min_length=1, max_length=30), BeforeValidator(_checked)]


class PayoutPageForm(PageForm):
    """A payout from the page of payouts."""

    from_date: Date
    to_date: Date
    amount: Roubles
    reference: Annotated[str, Field(max_length=100), Line] = ""

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if self.from_date > self.to_date:
            raise ValueError(ORDER)
        return self
