"""Pages of departures: the board of a day, the month, a departure beside the timetable."""

from collections.abc import Mapping
from datetime import date, timedelta
from typing import Annotated, Any
from uuid import UUID
from zoneinfo import ZoneInfo

from litestar import Request, Response, get, post
from litestar.handlers import HTTPRouteHandler
from litestar.params import QueryParameter
from litestar.response import Redirect
from litestar.status_codes import HTTP_200_OK, HTTP_303_SEE_OTHER, HTTP_422_UNPROCESSABLE_ENTITY
from pydantic import ValidationError

from kamhub.hub.departure import actions, page_of_one, rules, words
from kamhub.hub.departure.api import READ, WRITE
from kamhub.hub.departure.page_forms import BoardParameters, ExtraPageForm, MonthParameters
from kamhub.hub.departure.types import Conflict, DayLoad, DepartureQuery, StaffDeparture
from kamhub.hub.fleet_document import pages as documents
from kamhub.hub.services import Hub
from kamhub.kit.errors import Refusal
from kamhub.platform.access.pages import render_office
from kamhub.platform.i18n.form_errors import form_errors
from kamhub.platform.i18n.request import locale_of
from kamhub.platform.person.types import Staff
from kamhub.platform.web.pages import errors_of, render
from kamhub.platform.web.problems import InputInvalid
from kamhub.platform.web.rules import rule

Asked = Request[Any, Any, Any]
SECTION = "/office/departures"
_MOST_A_DAY = 500
_EXTRA = ("route_id", "vehicle_id", "driver_id", "date", "time")


@get(
    SECTION,
    opt=rule(access="staff", rate="page", permission=READ, body=BoardParameters, reply="page", refusals=(422,)),
)
async def board(request: Asked, hub: Hub, staff: Staff) -> Response[Any]:
    """The departures of a day with their seats; the page follows what is sold."""
    errors: dict[str, str] = {}
    try:
        asked = BoardParameters.model_validate(dict(request.query_params))
    except ValidationError as error:
        errors, asked = form_errors(error, locale_of(request)), BoardParameters()
    zone = await actions.zone(hub, staff)
    now = hub.clock.now()
    today = now.astimezone(zone).date()
    day = asked.date or today
    since, until = rules.day_bounds(day, zone)
    query = DepartureQuery(since, until, asked.route_id)
    found, total = await actions.list_departures(hub, staff, query, limit=_MOST_A_DAY)
    week = rules.week_around(day)
    loads = await _loads(hub, staff, week[0], week[-1], zone)
    return await render_office(
        request,
        "departure/board.html",
        section=SECTION,
        status_code=HTTP_422_UNPROCESSABLE_ENTITY if errors else HTTP_200_OK,
        day=day,
        today=today,
        now=now,
        yesterday=day - timedelta(days=1),
        tomorrow=day + timedelta(days=1),
        week=[(one, loads.get(one)) for one in week],
        departures=found,
        total=total,
        routes=(await actions.offered(hub, staff))[0],
        route_id=asked.route_id,
        errors=errors,
        may_write=WRITE in staff.permissions,
        due=await documents.due_part(request, hub, staff, SECTION) if day == today else "",
        **await _row_context(request, hub, staff, found),
    )


async def _loads(hub: Hub, staff: Staff, first: date, last: date, zone: ZoneInfo) -> dict[date, DayLoad]:
    since, until = rules.day_bounds(first, zone)[0], rules.day_bounds(last, zone)[1]
    return {load.day: load for load in await actions.calendar(hub, staff, since, until, zone)}


async def _row_context(request: Asked, hub: Hub, staff: Staff, departures: list[StaffDeparture]) -> dict[str, Any]:
    """What the row of a departure needs beside it."""
    warnings = await actions.warnings_of(hub, staff, departures)
    return {"warnings": warnings, **words.row_words(locale_of(request), hub.clock.now())}


@get(
    f"{SECTION}/{{departure_id:uuid}}/row",
    opt=rule(access="staff", rate="page", permission=READ, reply="page", refusals=(404,)),
)
async def row(
    request: Asked,
    hub: Hub,
    staff: Staff,
    departure_id: UUID,
    part: Annotated[str, QueryParameter(max_length=10)] = "row",
) -> Response[Any]:
    """The part of a page that shows a departure, as it is now: its row of the board, or its legs."""
    found = await actions.find(hub, staff, departure_id)
    page = render(
        request,
        "departure/_legs.html" if part == "legs" else "departure/_row.html",
        departure=found,
        **await _row_context(request, hub, staff, [found]),
    )
    page.headers["Cache-Control"] = "no-store"
    return page


@get(
    f"{SECTION}/month",
    opt=rule(access="staff", rate="page", permission=READ, body=MonthParameters, reply="page", refusals=(422,)),
)
async def month(request: Asked, hub: Hub, staff: Staff) -> Response[Any]:
    """A month as a calendar: how much runs on each day, and how full it is."""
    errors: dict[str, str] = {}
    try:
        asked = MonthParameters.model_validate(dict(request.query_params))
    except ValidationError as error:
        errors, asked = form_errors(error, locale_of(request)), MonthParameters()
    zone = await actions.zone(hub, staff)
    today = hub.clock.now().astimezone(zone).date()
    first = asked.first(today)
    weeks = rules.month_weeks(first)
    return await render_office(
        request,
        "departure/month.html",
        section=SECTION,
        status_code=HTTP_422_UNPROCESSABLE_ENTITY if errors else HTTP_200_OK,
        first=first,
        today=today,
        before=rules.month_beside(first, -1),
        after=rules.month_beside(first, 1),
        weeks=weeks,
        loads=await _loads(hub, staff, weeks[0][0], weeks[-1][-1], zone),
    )


@get(
    f"{SECTION}/new",
    opt=rule(access="staff", rate="page", permission=WRITE, body=BoardParameters, reply="page", refusals=(422,)),
)
async def new(request: Asked, hub: Hub, staff: Staff) -> Response[Any]:
    """The form of a departure beside the timetable."""
    day = request.query_params.get("date", "")
    return await _new(request, hub, staff, {"date": day}, {})


@post(
    f"{SECTION}/new",
    status_code=HTTP_303_SEE_OTHER,
    opt=rule(
        access="staff",
        rate="creation",
        csrf="form",
        permission=WRITE,
        body=ExtraPageForm,
        reply="page",
        refusals=(404, 409),
        audit="departure.created",
    ),
)
async def add(request: Asked, hub: Hub, staff: Staff) -> Response[Any] | Redirect:
    """Make it; what is wrong is told beside the form."""
    sent = {name: str(value) for name, value in (await request.form()).items()}
    locale, zone = locale_of(request), await actions.zone(hub, staff)
    try:
        made = await actions.add(hub, staff, ExtraPageForm.model_validate(sent).wanted(zone))
    except (ValidationError, InputInvalid) as error:
        told = errors_of(error, locale)
        fields = {("time" if name == "departs_at" else name): text for name, text in told.items()}
        # The form has no field for prices: what is said of them is said of the whole.
        return await _new(request, hub, staff, sent, {**fields, "form": fields.get("prices", "")})
    except Conflict as refused:
        field = f"{refused.what}_id"
        text = words.conflict_text(refused, locale, zone)
        return await _new(request, hub, staff, sent, {field: text}, refused=refused)
    return Redirect(f"{SECTION}/{made.id}?done=added", status_code=HTTP_303_SEE_OTHER)


async def _new(
    request: Asked,
    hub: Hub,
    staff: Staff,
    values: Mapping[str, str],
    errors: Mapping[str, str],
    refused: Refusal | None = None,
) -> Response[Any]:
    routes, vehicles, drivers = await actions.offered(hub, staff)
    status = refused.status if refused else HTTP_422_UNPROCESSABLE_ENTITY if errors else HTTP_200_OK
    return await render_office(
        request,
        "departure/new.html",
        section=SECTION,
        status_code=status,
        values={name: values.get(name, "") for name in _EXTRA},
        errors=errors,
        other=refused.departure_id if isinstance(refused, Conflict) else None,
        routes=routes,
        vehicles=vehicles,
        drivers=drivers,
        url_path=f"{SECTION}/new",
    )


HANDLERS: tuple[HTTPRouteHandler, ...] = (board, month, new, add, row, *page_of_one.HANDLERS)
