"""Disruptions over HTTP: calling departures off, and what became of everybody on them."""

from typing import Any
from uuid import UUID

from litestar import Request, get, post
from litestar.status_codes import HTTP_200_OK, HTTP_202_ACCEPTED
from litestar.types import ASGIApp

from kamhub.hub.disruption import actions
from kamhub.hub.disruption.forms import CancelDepartureForm, DisruptedBookingParameters, DisruptionForm
from kamhub.hub.disruption.replies import (
    DepartureCancelledReply,
    DisruptedBookingListReply,
    DisruptionListReply,
    DisruptionPreviewReply,
    DisruptionReply,
)
from kamhub.hub.disruption.views import COLUMNS, booking_json, booking_row, disruption_json, preview_json
from kamhub.hub.services import Hub
from kamhub.platform.person.types import Staff
from kamhub.platform.session.api import NOT_STORED
from kamhub.platform.web.csv import csv_reply, wants_csv
from kamhub.platform.web.json import json_reply, list_reply, read_json, validate
from kamhub.platform.web.rules import rule
from kamhub.platform.web.schemas import Documented, PageParameters

Asked = Request[Any, Any, Any]
READ = "departures.all"
READ_BOOKINGS = "bookings.read"
WRITE = "departures.write"
MOST_IN_A_FILE = 10_000
_DISRUPTIONS = "/api/disruptions"


@post(
    "/api/departures/{departure_id:uuid}/cancel",
    status_code=HTTP_202_ACCEPTED,
    opt={
        **rule(
            access="staff",
            rate="api",
            csrf="token",
            permission=WRITE,
            body=CancelDepartureForm,
            reply=DepartureCancelledReply,
            refusals=(400, 401, 403, 404, 409, 415, 422),
            audit="departure.cancelled",
        ),
        Documented.KEY: Documented(replies={HTTP_200_OK: DepartureCancelledReply}),
    },
)
async def cancel(request: Asked, hub: Hub, staff: Staff, departure_id: UUID) -> ASGIApp:
    """Cancel a departure at once; those on it are moved, paid back or asked within seconds. May be said twice."""
    await actions.require_departure(hub, staff, departure_id)
    form = await read_json(request, CancelDepartureForm)
    done = await actions.cancel_departure(hub, staff, departure_id, form.decision())
    content = {
        "id": str(departure_id),
        "status": "cancelled",
        "disruption_id": str(done.disruption_id) if done.disruption_id else None,
    }
    return json_reply(content, HTTP_202_ACCEPTED if done.fresh else HTTP_200_OK, NOT_STORED)


@post(
    _DISRUPTIONS,
    status_code=HTTP_202_ACCEPTED,
    opt=rule(
        access="staff",
        rate="api",
        csrf="token",
        permission=WRITE,
        body=DisruptionForm,
        reply=DisruptionReply,
        refusals=(400, 401, 403, 404, 409, 415, 422),
        audit="disruption.decided",
    ),
)
async def decide(request: Asked, hub: Hub, staff: Staff) -> ASGIApp:
    """Call departures or a whole day off at once; its progress is at the id of the reply."""
    form = await read_json(request, DisruptionForm)
    made = await actions.decide(hub, staff, form.decision())
    return json_reply(disruption_json(made), HTTP_202_ACCEPTED, NOT_STORED)


@post(
    f"{_DISRUPTIONS}/preview",
    status_code=HTTP_200_OK,
    opt=rule(
        access="staff",
        rate="api",
        csrf="token",
        permission=WRITE,
        body=DisruptionForm,
        reply=DisruptionPreviewReply,
        refusals=(400, 401, 403, 404, 415, 422),
        audit="disruption.previewed",
    ),
)
async def preview(request: Asked, hub: Hub, staff: Staff) -> ASGIApp:
    """What that decision would do by what is sold this moment; nothing is changed."""
    form = await read_json(request, DisruptionForm)
    effects = await actions.preview(hub, staff, form.decision(), noted=True)
    return json_reply(preview_json(effects), headers=NOT_STORED)


@get(
    _DISRUPTIONS,
    opt=rule(
        access="staff",
        rate="api",
        permission=READ,
        body=PageParameters,
        reply=DisruptionListReply,
        refusals=(401, 403, 422),
    ),
)
async def disruptions(request: Asked, hub: Hub, staff: Staff) -> ASGIApp:
    """Decisions, the newest first, each with how far it is."""
    page = validate(PageParameters, request.query_params)
    found, total = await actions.disruptions(hub, staff, offset=page.offset, limit=page.page_size)
    return list_reply([disruption_json(one) for one in found], page, total, NOT_STORED)


@get(
    f"{_DISRUPTIONS}/{{disruption_id:uuid}}",
    opt=rule(access="staff", rate="api", permission=READ, reply=DisruptionReply, refusals=(401, 403, 404)),
)
async def disruption(hub: Hub, staff: Staff, disruption_id: UUID) -> ASGIApp:
    """One decision with how far it is."""
    return json_reply(disruption_json(await actions.disruption(hub, staff, disruption_id)), headers=NOT_STORED)


@get(
    f"{_DISRUPTIONS}/{{disruption_id:uuid}}/bookings",
    opt=rule(
        access="staff",
        rate="api",
        permission=READ_BOOKINGS,
        body=DisruptedBookingParameters,
        reply=DisruptedBookingListReply,
        refusals=(401, 403, 404, 422),
    ),
)
async def bookings(request: Asked, hub: Hub, staff: Staff, disruption_id: UUID) -> ASGIApp:
    """Everybody a decision met, and what became of each; as a file all of them."""
    await actions.disruption(hub, staff, disruption_id)
    asked = validate(DisruptedBookingParameters, request.query_params)
    if wants_csv(request):
        every, _ = await actions.bookings(
            hub, staff, disruption_id, outcome=asked.outcome, offset=0, limit=MOST_IN_A_FILE
        )
        return csv_reply(request, f"disruption-{disruption_id}.csv", COLUMNS, map(booking_row, every))
    found, total = await actions.bookings(
        hub, staff, disruption_id, outcome=asked.outcome, offset=asked.offset, limit=asked.page_size
    )
    return list_reply([booking_json(one) for one in found], asked, total, NOT_STORED)


HANDLERS = (cancel, decide, preview, disruptions, disruption, bookings)
