"""The page that moves a booking to another departure."""

from collections.abc import Mapping
from datetime import date
from typing import Any
from uuid import UUID

from litestar import Request, Response, get, post
from litestar.response import Redirect
from litestar.status_codes import HTTP_200_OK, HTTP_303_SEE_OTHER, HTTP_422_UNPROCESSABLE_ENTITY
from pydantic import ValidationError

from kamhub.hub.booking.pages import way_on
from kamhub.hub.booking.types import Booking, BookingNotFound, BookingNotOpen, HoldExpired
from kamhub.hub.move import actions
from kamhub.hub.move.api import WRITE
from kamhub.hub.move.forms import MovePageForm, MoveParameters
from kamhub.hub.move.types import MoveOption
from kamhub.hub.seats.types import SoldOut
from kamhub.hub.services import Hub
from kamhub.kit.errors import Refusal
from kamhub.platform.access.pages import render_office
from kamhub.platform.i18n.catalogue import translator
from kamhub.platform.i18n.request import locale_of
from kamhub.platform.person.types import Staff
from kamhub.platform.web.pages import errors_of
from kamhub.platform.web.rules import rule

Asked = Request[Any, Any, Any]
SECTION = "/office/bookings"
_MOVE = f"{SECTION}/{{booking_id:uuid}}/move"


@get(
    _MOVE,
    opt=rule(
        access="staff",
        rate="page",
        permission=WRITE,
        body=MoveParameters,
        reply="page",
        refusals=(404, 409, 410, 422),
    ),
)
async def choose(request: Asked, hub: Hub, staff: Staff, booking_id: UUID) -> Response[Any]:
    """The departures the booking could go to, each with its seats and what the price would be."""
    booking = await actions.require_booking(hub, staff, booking_id)
    try:
        day = MoveParameters.model_validate(dict(request.query_params)).date
    except ValidationError as error:
        return await _page(request, hub, staff, booking, errors=errors_of(error, locale_of(request)))
    return await _page(request, hub, staff, booking, day=day)


@post(
    _MOVE,
    status_code=HTTP_303_SEE_OTHER,
    opt=rule(
        access="staff",
        rate="page",
        csrf="form",
        permission=WRITE,
        body=MovePageForm,
        reply="page",
        refusals=(404, 409, 410, 422),
        audit="booking.moved",
    ),
)
async def move(request: Asked, hub: Hub, staff: Staff, booking_id: UUID) -> Response[Any]:
    """Move it and go to the booking; what does not work is said beside the departures as they are now."""
    booking = await actions.require_booking(hub, staff, booking_id)
    sent = {name: str(value) for name, value in (await request.form()).items()}
    try:
        form = MovePageForm.model_validate(sent)
    except ValidationError as error:
        errors = errors_of(error, locale_of(request))
        if "departure_id" in errors:
            errors["departure_id"] = translator(locale_of(request)).gettext("Choose a departure.")
        return await _page(request, hub, staff, booking, values=sent, errors=errors)
    try:
        await actions.move(hub, staff, booking_id, form.wish())
    except (BookingNotFound, BookingNotOpen, HoldExpired):
        raise
    except Refusal as refusal:
        errors = {"departure_id": _sentence(refusal, request)}
        return await _page(request, hub, staff, booking, values=sent, errors=errors, status=refusal.status)
    return Redirect(f"{SECTION}/{booking_id}?done=moved", status_code=HTTP_303_SEE_OTHER)


def _sentence(refusal: Refusal, request: Asked) -> str:
    words = translator(locale_of(request))
    if isinstance(refusal, SoldOut):
        return words.gettext("There is not enough room any more. Nothing was changed; choose another departure.")
    return f"{words.gettext(refusal.title)}."


async def _page(
    request: Asked,
    hub: Hub,
    staff: Staff,
    booking: Booking,
    *,
    day: date | None = None,
    values: Mapping[str, str] | None = None,
    errors: Mapping[str, str] | None = None,
    status: int | None = None,
) -> Response[Any]:
    with way_on(f"{SECTION}/{booking.id}"):
        found = await actions.options(hub, staff, booking.id, day)
    today = hub.clock.now().astimezone(booking.stretch.departs_at.tzinfo).date()
    return await render_office(
        request,
        "move/move.html",
        section=SECTION,
        status_code=status or (HTTP_422_UNPROCESSABLE_ENTITY if errors else HTTP_200_OK),
        booking=booking,
        days=_by_day(found),
        day=day,
        today=today,
        values=values or {},
        errors=errors or {},
        address=f"{SECTION}/{booking.id}/move",
    )


def _by_day(options: list[MoveOption]) -> list[tuple[date, list[MoveOption]]]:
    days: dict[date, list[MoveOption]] = {}
    for option in options:
        days.setdefault(option.candidate.leaves_at.date(), []).append(option)
    return list(days.items())


HANDLERS = (choose, move)
