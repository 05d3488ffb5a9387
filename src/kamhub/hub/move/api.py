"""Moves over HTTP."""

from typing import Any
from uuid import UUID

from litestar import Request, get, post
from litestar.status_codes import HTTP_200_OK
from litestar.types import ASGIApp

from kamhub.hub.booking.replies import BookingReply
from kamhub.hub.booking.views import booking_json
from kamhub.hub.move import actions
from kamhub.hub.move.forms import MoveForm, MoveParameters
from kamhub.hub.move.replies import MoveOptionListReply
from kamhub.hub.move.views import option_json
from kamhub.hub.services import Hub
from kamhub.platform.person.types import Staff
from kamhub.platform.session.api import NOT_STORED
from kamhub.platform.web.json import json_reply, list_reply, read_json, validate
from kamhub.platform.web.rules import rule
from kamhub.platform.web.schemas import PageParameters

Asked = Request[Any, Any, Any]
READ = "bookings.read"
WRITE = "bookings.write"


@post(
    "/api/bookings/{booking_id:uuid}/move",
    status_code=HTTP_200_OK,
    opt=rule(
        access="staff",
        rate="api",
        csrf="token",
        permission=WRITE,
        body=MoveForm,
        reply=BookingReply,
        refusals=(400, 401, 403, 404, 409, 410, 415, 422),
        audit="booking.moved",
    ),
)
async def move(request: Asked, hub: Hub, staff: Staff, booking_id: UUID) -> ASGIApp:
    """Move a booking to another departure: its new seats are taken before the old ones are given back."""
    await actions.require_booking(hub, staff, booking_id)
    form = await read_json(request, MoveForm)
    booking = await actions.move(hub, staff, booking_id, form.wish())
    return json_reply(booking_json(booking, hub.public_url), headers=NOT_STORED)


@get(
    "/api/bookings/{booking_id:uuid}/move-options",
    opt=rule(
        access="staff",
        rate="api",
        permission=READ,
        body=MoveParameters,
        reply=MoveOptionListReply,
        refusals=(401, 403, 404, 409, 410, 422),
    ),
)
async def options(request: Asked, hub: Hub, staff: Staff, booking_id: UUID) -> ASGIApp:
    """Departures of the booking's stretch on sale, of a day or of the next week, with free seats and the price there."""
    booking = await actions.require_booking(hub, staff, booking_id)
    asked = validate(MoveParameters, request.query_params)
    found = await actions.options(hub, staff, booking_id, asked.date)
    items = [option_json(option, booking.passengers) for option in found]
    return list_reply(items, PageParameters(page_size=actions.MOST_OPTIONS), len(items), NOT_STORED)


HANDLERS = (move, options)
