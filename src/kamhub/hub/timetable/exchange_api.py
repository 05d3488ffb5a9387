"""Timetables in and out as files over HTTP."""

import asyncio
from collections.abc import Sequence
from typing import Annotated, Any
from uuid import UUID

from litestar import Request, Response, get, post
from litestar.status_codes import HTTP_200_OK, HTTP_201_CREATED
from litestar.types import ASGIApp
from pydantic import Field

from kamhub.hub.place.uploads import read_file
from kamhub.hub.services import Hub
from kamhub.hub.timetable import actions
from kamhub.hub.timetable.actions.exchanging import ImportItem, ImportReport, fault_json
from kamhub.hub.timetable.exchange import reading
from kamhub.hub.timetable.exchange.types import FileKind
from kamhub.hub.timetable.forms import LEAST_AMOUNT, MOST_AMOUNT
from kamhub.hub.timetable.rights import READ, WRITE
from kamhub.hub.timetable.views import generated_json
from kamhub.platform.person.types import Staff
from kamhub.platform.session.api import NOT_STORED
from kamhub.platform.web.json import json_reply, validate
from kamhub.platform.web.rules import rule
from kamhub.platform.web.schemas import BlankIsNone, Documented, Query, Reply

Asked = Request[Any, Any, Any]
_IMPORT = "/api/timetables/import"
MEDIA_TYPES = ("text/csv", "application/zip")
GTFS_NAME = "gtfs.zip"


class ImportParameters(Query):
    """What a file does not say: the vehicle of timetables that name none, the price of a leg where there are no prices."""

    vehicle_id: Annotated[UUID | None, BlankIsNone] = None
    leg_price: Annotated[int | None, Field(ge=LEAST_AMOUNT, le=MOST_AMOUNT), BlankIsNone] = None

    def options(self) -> actions.ImportOptions:
        """As actions take it."""
        return actions.ImportOptions(self.vehicle_id, self.leg_price)


class ImportFaultReply(Reply):
    """What is wrong at one place of a file, such as ``line 3`` or ``trip 17``."""

    source: str
    code: str
    message: str
    about: str


class ImportPlaceReply(Reply):
    """A place that is new."""

    slug: str
    name: str


class ImportRouteReply(Reply):
    """A route that is new, with how many stops."""

    name: str
    stops: int


class ImportTimetableReply(Reply):
    """A timetable of the file; ``state`` says what becomes of it. ``id`` once it is made."""

    source: str
    route: str
    vehicle_plate: str
    weekdays: list[int]
    times: list[str]
    valid_from: str
    valid_to: str
    state: str
    id: UUID | None
    departures: int | None
    conflicts: int | None


class ImportReply(Reply):
    """What an import makes, or has made; with ``errors`` nothing is made."""

    kind: FileKind
    new_places: list[ImportPlaceReply]
    new_routes: list[ImportRouteReply]
    timetables: list[ImportTimetableReply]
    counts: dict[str, int]
    errors: list[ImportFaultReply]


@post(
    f"{_IMPORT}/preview",
    status_code=HTTP_200_OK,
    opt={
        **rule(
            access="staff",
            rate="upload",
            csrf="token",
            permission=WRITE,
            body="none",
            reply=ImportReply,
            refusals=(400, 401, 403, 422),
            audit="timetable.previewed",
        ),
        Documented.KEY: Documented(files=MEDIA_TYPES),
    },
)
async def import_preview(request: Asked, hub: Hub, staff: Staff) -> ASGIApp:
    """What importing this file would make; nothing is made. A table (CSV) or a GTFS feed (ZIP), at most 5 MB."""
    asked = validate(ImportParameters, request.query_params)
    feed = await asyncio.to_thread(reading.read, await read_file(request))
    report = await actions.import_preview(hub, staff, feed, asked.options())
    return json_reply(report_json(report), headers=NOT_STORED)


@post(
    _IMPORT,
    status_code=HTTP_201_CREATED,
    opt={
        **rule(
            access="staff",
            rate="upload",
            csrf="token",
            permission=WRITE,
            body="none",
            reply=ImportReply,
            refusals=(400, 401, 403, 409, 422),
            audit="timetable.imported",
        ),
        Documented.KEY: Documented(files=MEDIA_TYPES),
    },
)
async def import_file(request: Asked, hub: Hub, staff: Staff) -> ASGIApp:
    """Make the places, routes and timetables of a file, all or, with faults, none; what is there already stays as it is."""
    asked = validate(ImportParameters, request.query_params)
    feed = await asyncio.to_thread(reading.read, await read_file(request))
    report = await actions.import_feed(hub, staff, feed, asked.options())
    return json_reply(report_json(report), HTTP_201_CREATED, NOT_STORED)


@get(
    "/api/timetables/gtfs.zip",
    opt=rule(access="staff", rate="api", permission=READ, reply="zip", refusals=(401, 403)),
)
async def export(hub: Hub, staff: Staff) -> Response[bytes]:
    """The timetables that run, as a GTFS feed."""
    return gtfs_reply(await actions.export_gtfs(hub, staff))


def gtfs_reply(content: bytes) -> Response[bytes]:
    """A feed as a file to keep."""
    return Response(
        content,
        media_type="application/zip",
        headers=NOT_STORED | {"Content-Disposition": f'attachment; filename="{GTFS_NAME}"'},
    )


def report_json(report: ImportReport) -> dict[str, object]:
    """A report as the API tells it."""
    return {
        "kind": report.kind,
        "new_places": [{"slug": slug, "name": place.name.ru} for place, _, slug in report.new_places],
        "new_routes": [{"name": line.name, "stops": len(line.stops)} for line in report.new_routes],
        "timetables": _items_json(report),
        "counts": {
            "known_places": report.known_places,
            "known_routes": report.known_routes,
            "new": len(report.to_make),
            "known": sum(item.known for item in report.items),
            "over": sum(item.over for item in report.items),
        },
        "errors": [fault_json(fault) for fault in report.faults],
    }


def _items_json(report: ImportReport) -> list[dict[str, object]]:
    made = dict(zip(map(id, report.to_make), report.outcomes, strict=False))
    found = []
    for item in report.items:
        outcome = made.get(id(item))
        view = outcome.view if outcome else None
        found.append(
            _item_json(item)
            | {
                "id": view.timetable.id if view else None,
                "departures": generated_json(outcome.plan.created, outcome.zone)["count"] if outcome else None,
                "conflicts": len(outcome.plan.conflicts) if outcome else None,
            }
        )
    return found


def _item_json(item: ImportItem) -> dict[str, object]:
    pattern = item.told.pattern
    return {
        "source": item.told.source,
        "route": item.route.name,
        "vehicle_plate": item.vehicle.plate,
        "weekdays": pattern.weekdays,
        "times": [f"{at:%H:%M}" for at in pattern.times],
        "valid_from": pattern.valid_from.isoformat(),
        "valid_to": pattern.valid_to.isoformat(),
        "state": "known" if item.known else "over" if item.over else "new",
    }


HANDLERS: Sequence[Any] = (import_preview, import_file, export)
