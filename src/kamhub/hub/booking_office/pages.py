"""Pages of the booking office: the list, and booking for whoever calls."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from litestar import Request, Response, get, post
from litestar.response import Redirect
from litestar.status_codes import HTTP_200_OK, HTTP_303_SEE_OTHER, HTTP_422_UNPROCESSABLE_ENTITY
from litestar.types import ASGIApp
from pydantic import ValidationError

from kamhub.hub.booking.page_forms import nested_passengers
from kamhub.hub.booking_office import page_of_one, rules, words
from kamhub.hub.booking_office.actions import calls, lists
from kamhub.hub.booking_office.api import READ, WRITE, file_of
from kamhub.hub.booking_office.forms import BookingParameters
from kamhub.hub.booking_office.page_forms import NewPageForm, NewPageParameters
from kamhub.hub.booking_office.page_of_one import SECTION, sentence
from kamhub.hub.departure import actions as departures
from kamhub.hub.departure.types import DepartureDetails, DepartureQuery, StaffDeparture
from kamhub.hub.search import actions as search
from kamhub.hub.search.types import PlaceNotFound
from kamhub.hub.seats.types import StretchNotServed
from kamhub.hub.services import Hub
from kamhub.kit.errors import Refusal
from kamhub.kit.ids import new_id
from kamhub.platform.access.pages import render_office
from kamhub.platform.i18n.form_errors import form_errors
from kamhub.platform.i18n.request import locale_of
from kamhub.platform.organisation.actions import zone_of
from kamhub.platform.person.services import People
from kamhub.platform.person.types import Staff
from kamhub.platform.web.pages import errors_of
from kamhub.platform.web.problems import InputInvalid
from kamhub.platform.web.rules import rule

Asked = Request[Any, Any, Any]
_NEW = f"{SECTION}/new"
_FILTERS = ("text", "status", "date", "from", "to", "route_id", "departure_id", "channel")
_MOST_A_DAY = 100
_TOO_LATE = timedelta(0)


@get(
    SECTION,
    opt=rule(access="staff", rate="page", permission=READ, body=BookingParameters, reply="page", refusals=(422,)),
)
async def bookings(request: Asked, hub: Hub, people: People, staff: Staff) -> Response[Any]:
    """The bookings that fit. Holds that nobody has put a name to are left out unless they are asked for."""
    locale = locale_of(request)
    sent = dict(request.query_params)
    values = {name: sent.get(name, "") for name in _FILTERS}
    nameless = sent.get("nameless") == "yes"
    errors: dict[str, str] = {}
    try:
        asked = BookingParameters.model_validate(sent | {"named": not nameless})
    except ValidationError as error:
        errors, asked = form_errors(error, locale), BookingParameters(named=True)
    zone = await zone_of(people, staff.organisation_id)
    found = await lists.bookings(hub, staff, asked.wanted(zone), offset=asked.offset, limit=asked.page_size)
    narrowed = {name: value for name, value in values.items() if value} if not errors else {}
    return await render_office(
        request,
        "booking_office/list.html",
        section=SECTION,
        status_code=HTTP_422_UNPROCESSABLE_ENTITY if errors else HTTP_200_OK,
        found=found,
        most=rules.MOST_COUNTED,
        most_by_text=rules.MOST_BY_TEXT,
        by_text=asked.text is not None and not rules.read_whole(asked.wanted(zone)),
        place=asked,
        values=values,
        nameless=nameless,
        errors=errors,
        narrowed=urlencode(narrowed | ({"nameless": "yes"} if nameless else {})),
        routes=await lists.routes(hub, staff),
        today=hub.clock.now().astimezone(zone).date(),
        local=lambda at: at.astimezone(zone),
        may_write=WRITE in staff.permissions,
        statuses=words.names(words.STATUSES, locale),
        tones=words.TONES,
        pay_by=words.names(words.PAY_BY, locale),
        channels=words.names(words.CHANNELS, locale),
    )


@get(
    f"{SECTION}/bookings.csv",
    opt=rule(access="staff", rate="page", permission=READ, body=BookingParameters, reply="csv", refusals=(422,)),
)
async def download(request: Asked, hub: Hub, people: People, staff: Staff) -> ASGIApp:
    """The same list as a file, to the end."""
    sent = dict(request.query_params)
    try:
        asked = BookingParameters.model_validate(sent | {"named": sent.get("nameless") != "yes"})
    except ValidationError:
        back: Response[Any] = Redirect(SECTION, status_code=HTTP_303_SEE_OTHER)
        return back.to_asgi_response(app=None, request=request)
    wanted = asked.wanted(await zone_of(people, staff.organisation_id))
    return await file_of(request, hub, people, staff, wanted)


@get(
    _NEW,
    opt=rule(
        access="staff",
        rate="page",
        permission=WRITE,
        body=NewPageParameters,
        reply="page",
        refusals=(404, 422),
    ),
)
async def new(request: Asked, hub: Hub, people: People, staff: Staff) -> Response[Any]:
    """Book for a caller: a day, a departure, from where to where and how many, then who and how it is paid."""
    try:
        asked = NewPageParameters.model_validate(dict(request.query_params))
    except ValidationError as error:
        return await _new_page(
            request, hub, people, staff, NewPageParameters(), errors=errors_of(error, locale_of(request))
        )
    return await _new_page(request, hub, people, staff, asked)


@post(
    _NEW,
    status_code=HTTP_303_SEE_OTHER,
    opt=rule(
        access="staff",
        rate="page",
        csrf="form",
        permission=WRITE,
        body=NewPageForm,
        reply="page",
        refusals=(404, 409, 410),
        audit="booking.made",
    ),
)
async def make(request: Asked, hub: Hub, people: People, staff: Staff) -> Response[Any]:
    """Book, and go to the booking; or show the form again with what was typed."""
    sent = {name: str(value) for name, value in (await request.form()).items()}
    locale = locale_of(request)
    chosen = {name: sent.get(name) for name in ("departure", "from", "to", "passengers")}
    try:
        asked = NewPageParameters.model_validate(chosen)
    except ValidationError:
        return Redirect(_NEW, status_code=HTTP_303_SEE_OTHER)
    try:
        form = NewPageForm.model_validate(nested_passengers(sent, asked.passengers))
        made = await calls.make(hub, staff, form.wanted(), str(form.key))
    except (ValidationError, InputInvalid) as error:
        errors = errors_of(error, locale)
        return await _new_page(request, hub, people, staff, asked, values=sent, errors=errors, key=sent.get("key"))
    except Refusal as refusal:
        errors = {"form": sentence(refusal, locale)}
        return await _new_page(request, hub, people, staff, asked, values=sent, errors=errors, status=refusal.status)
    return Redirect(f"{SECTION}/{made}?done=made", status_code=HTTP_303_SEE_OTHER)


async def _new_page(
    request: Asked,
    hub: Hub,
    people: People,
    staff: Staff,
    asked: NewPageParameters,
    *,
    values: Mapping[str, str] | None = None,
    errors: Mapping[str, str] | None = None,
    key: str | None = None,
    status: int | None = None,
) -> Response[Any]:
    zone = await zone_of(people, staff.organisation_id)
    now = hub.clock.now()
    details = await _chosen(hub, staff, asked)
    chosen = details.offer.stretch.departs_at.astimezone(zone).date() if details else None
    day = asked.date or chosen or now.astimezone(zone).date()
    start, end = rules.bounds(day, None, None, zone)
    found, _ = await departures.list_departures(hub, staff, DepartureQuery(start, end), limit=_MOST_A_DAY)
    return await render_office(
        request,
        "booking_office/new.html",
        section=SECTION,
        status_code=status or (HTTP_422_UNPROCESSABLE_ENTITY if errors else HTTP_200_OK),
        day=day,
        today=now.astimezone(zone).date(),
        departures=[one for one in found if _can_be_sold(one, now)],
        chosen=asked.departure,
        details=details,
        passengers=asked.passengers,
        key=key or new_id(),
        values=values or {},
        errors=errors or {},
        pay_by=words.names(words.PAY_BY, locale_of(request)),
        url_path=_NEW + (f"?departure={asked.departure}" if asked.departure else ""),
    )


def _can_be_sold(departure: StaffDeparture, now: datetime) -> bool:
    return departure.status == "open" and departure.sales_close_at - now > _TOO_LATE


async def _chosen(hub: Hub, staff: Staff, asked: NewPageParameters) -> DepartureDetails | None:
    """The departure that was chosen with the stretch asked for, or the whole of it when that stretch is none."""
    if asked.departure is None:
        return None
    departure = await departures.find(hub, staff, asked.departure)
    try:
        return await search.departure_details(
            hub, departure.id, _text(asked.origin), _text(asked.destination), asked.passengers
        )
    except (StretchNotServed, PlaceNotFound):
        return await search.departure_details(hub, departure.id, passengers=asked.passengers)


def _text(number: UUID | None) -> str | None:
    return None if number is None else str(number)


HANDLERS = (bookings, download, new, make, *page_of_one.HANDLERS)
