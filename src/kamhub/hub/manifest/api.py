"""Manifests and boarding over HTTP."""

from typing import Any
from uuid import UUID

from litestar import Request, delete, get, post
from litestar.status_codes import HTTP_200_OK, HTTP_204_NO_CONTENT
from litestar.types import ASGIApp

from kamhub.hub.manifest import actions
from kamhub.hub.manifest.replies import BoardingReply, ManifestReply
from kamhub.hub.manifest.views import CSV_COLUMNS, csv_row, manifest_json, party_json
from kamhub.hub.services import Hub
from kamhub.platform.person.types import Staff
from kamhub.platform.web.csv import csv_reply, wants_csv
from kamhub.platform.web.json import json_reply
from kamhub.platform.web.rules import rule

Asked = Request[Any, Any, Any]
READ, BOARD = "manifest.read", "boarding.write"
_BOOKING = "/api/bookings/{booking_id:uuid}"


@get(
    "/api/departures/{departure_id:uuid}/manifest",
    opt=rule(access="staff", rate="api", permission=READ, reply=ManifestReply, refusals=(401, 403, 404)),
)
async def manifest(request: Asked, hub: Hub, staff: Staff, departure_id: UUID) -> ASGIApp:
    """Who rides, one row a seat; a driver's own departures alone. ``Accept: text/csv`` gives a file."""
    found = await actions.manifest(hub, staff, departure_id)
    if wants_csv(request):
        return csv_reply(request, file_name(found.departure.stops[0].at, "csv"), CSV_COLUMNS, map(csv_row, found.rows))
    return json_reply(manifest_json(found))


@post(
    f"{_BOOKING}/boarding",
    status_code=HTTP_200_OK,
    opt=rule(
        access="staff",
        rate="api",
        csrf="token",
        permission=BOARD,
        body="none",
        reply=BoardingReply,
        refusals=(401, 403, 404, 409),
        audit="booking.boarded",
    ),
)
async def board(hub: Hub, staff: Staff, booking_id: UUID) -> ASGIApp:
    """The party is on board, from the day before on; may be said twice."""
    return json_reply(party_json(await actions.board(hub, staff, booking_id)))


@post(
    f"{_BOOKING}/no-show",
    status_code=HTTP_200_OK,
    opt=rule(
        access="staff",
        rate="api",
        csrf="token",
        permission=BOARD,
        body="none",
        reply=BoardingReply,
        refusals=(401, 403, 404, 409),
        audit="booking.missed",
    ),
)
async def miss(hub: Hub, staff: Staff, booking_id: UUID) -> ASGIApp:
    """The party did not come, which is known once the departure has left; may be said twice."""
    return json_reply(party_json(await actions.miss(hub, staff, booking_id)))


@delete(
    f"{_BOOKING}/no-show",
    status_code=HTTP_204_NO_CONTENT,
    opt=rule(
        access="staff",
        rate="api",
        csrf="token",
        permission=BOARD,
        body="none",
        reply="none",
        refusals=(401, 403, 404),
        audit="booking.not_missed",
    ),
)
async def unmiss(hub: Hub, staff: Staff, booking_id: UUID) -> None:
    """It was noted by mistake; may be said twice."""
    await actions.unmiss(hub, staff, booking_id)


def file_name(at: Any, ending: str) -> str:
    """The name of a manifest's file, by the local time of the departure."""
    return f"manifest-{at:%Y-%m-%d-%H%M}.{ending}"


HANDLERS = (manifest, board, miss, unmiss)
