"""What comes in about disruptions."""

from __future__ import annotations

from typing import Annotated, Literal
from uuid import UUID

from pydantic import Field, model_validator

from kamhub.hub.disruption.types import MOST_DEPARTURES, Decision, Outcome, Rebook
from kamhub.kit.text import mark
from kamhub.platform.web.schemas import BlankIsNone, Date, Flag, Form, PageForm, PageParameters, Query, Remark

_EITHER = mark("Give either departure_ids or a date.")
_ROUTE_OF_DAY = mark("A route narrows a date, not a list of departures.")
DepartureIds = Annotated[list[UUID], Field(max_length=MOST_DEPARTURES, default_factory=list)]


class CancelDepartureForm(Form):
    """Body of ``POST /api/departures/{departure_id}/cancel``: what is offered to those on it, and why it does not run."""

    rebook: Rebook
    reason: Remark | None = None
    weather: Flag = False

    def decision(self) -> Decision:
        """As the action takes it."""
        return Decision(self.rebook, reason=self.reason or None, weather=self.weather)


class DisruptionForm(Form):
    """What is called off: departures, or a whole day (of one route); and what is offered to those on them.

    ``rebook``: nearest moves to the next departure with free seats and pays back where there is none; refund pays back; ask
    lets the travellers choose.
    """

    departure_ids: DepartureIds
    date: Date | None = None
    route_id: UUID | None = None
    rebook: Rebook
    reason: Remark | None = None
    weather: Flag = False

    @model_validator(mode="after")
    def _departures_or_day(self) -> DisruptionForm:
        if bool(self.departure_ids) == (self.date is not None):
            raise ValueError(_EITHER)
        if self.departure_ids and self.route_id is not None:
            raise ValueError(_ROUTE_OF_DAY)
        return self

    def decision(self) -> Decision:
        """As the action takes it."""
        return Decision(
            self.rebook, tuple(self.departure_ids), self.date, self.route_id, self.reason or None, self.weather
        )


class DisruptedBookingParameters(PageParameters):
    """``outcome`` narrows the bookings of a disruption."""

    outcome: Annotated[Outcome | None, BlankIsNone] = None


class DisruptionParameters(Query):
    """The page that prepares a decision: a day, perhaps of one route, or departures chosen already."""

    date: Annotated[Date | None, BlankIsNone] = None
    route_id: Annotated[UUID | None, BlankIsNone] = None
    departures: DepartureIds
    rebook: Rebook | None = None


class DisruptionPageForm(PageForm):
    """The decision as its page sends it."""

    departures: Annotated[list[UUID], Field(min_length=1, max_length=MOST_DEPARTURES)]
    rebook: Rebook
    reason: Annotated[Remark | None, BlankIsNone] = None
    weather: bool = False

    def decision(self) -> Decision:
        """As the action takes it."""
        return Decision(self.rebook, tuple(self.departures), reason=self.reason, weather=self.weather)


class ChoicePageForm(PageForm):
    """The one tap of a traveller: a departure, or the money back."""

    choice: UUID | Literal["refund"]
