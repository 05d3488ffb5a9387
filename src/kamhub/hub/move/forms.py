"""What comes in about moves."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from kamhub.hub.move.types import Difference, MoveWish
from kamhub.platform.web.schemas import BlankIsNone, Date, Form, PageForm, Query, Remark


class MoveForm(Form):
    """Body of ``POST /api/bookings/{booking_id}/move``. Places default to those the booking has.

    ``difference``: keep the price; refund what a cheaper departure costs less; collect on board what a dearer one costs more.
    """

    departure_id: UUID
    difference: Difference = "keep"
    reason: Remark | None = None
    from_place_id: UUID | None = None
    to_place_id: UUID | None = None

    def wish(self) -> MoveWish:
        """As the action takes it."""
        return MoveWish(self.departure_id, self.difference, self.reason or None, self.from_place_id, self.to_place_id)


class MovePageForm(PageForm):
    """The same from the page, where the stretch stays as it is."""

    departure_id: UUID
    difference: Difference = "keep"
    reason: Annotated[Remark | None, BlankIsNone] = None

    def wish(self) -> MoveWish:
        """As the action takes it."""
        return MoveWish(self.departure_id, self.difference, self.reason)


class MoveParameters(Query):
    """``date`` narrows to one day of the stop where the party gets on; without it: the next seven days."""

    date: Annotated[Date | None, BlankIsNone] = None
