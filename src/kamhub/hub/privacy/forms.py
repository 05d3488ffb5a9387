"""What comes in about personal data."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import model_validator

from kamhub.hub.privacy.types import ErasureReason, Traveller
from kamhub.kit.text import mark
from kamhub.platform.web.schemas import BlankIsNone, Email, Form, PageForm, Phone

_NOBODY = mark("Give an e-mail or a phone.")


class TravellerForm(Form):
    """Whom it is about: an e-mail, a phone or both; what was left with either is found."""

    email: Email | None = None
    phone: Phone | None = None

    @model_validator(mode="after")
    def _somebody(self) -> TravellerForm:
        if self.email is None and self.phone is None:
            raise ValueError(_NOBODY)
        return self

    def traveller(self) -> Traveller:
        """As actions take it."""
        return Traveller(self.email, self.phone)


class ErasureForm(TravellerForm):
    """Body of ``POST /api/personal-data/erase``."""

    reason: ErasureReason


class TravellerPageForm(PageForm, TravellerForm):
    """The same from a page."""

    email: Annotated[Email | None, BlankIsNone] = None
    phone: Annotated[Phone | None, BlankIsNone] = None


class ErasurePageForm(TravellerPageForm):
    """The same with the tick that says: yes, for good."""

    reason: ErasureReason
    sure: Literal["yes"]
