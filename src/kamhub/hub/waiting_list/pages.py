"""Pages of the waiting list: where a traveller joins it, and where the office sees who waits."""

from collections.abc import Mapping
from typing import Annotated, Any
from urllib.parse import urlencode
from uuid import UUID

from litestar import Request, Response, get, post
from litestar.params import QueryParameter
from litestar.response import Redirect
from litestar.status_codes import HTTP_200_OK, HTTP_303_SEE_OTHER, HTTP_422_UNPROCESSABLE_ENTITY
from pydantic import ValidationError

from kamhub.hub.booking.forms import MAX_PASSENGERS
from kamhub.hub.departure import actions as departures
from kamhub.hub.departure.types import DepartureDetails
from kamhub.hub.privacy.texts import CURRENT
from kamhub.hub.search import actions as search
from kamhub.hub.search.types import PlaceNotFound
from kamhub.hub.seats.types import StretchNotServed
from kamhub.hub.services import Hub
from kamhub.hub.waiting_list import actions, words
from kamhub.hub.waiting_list.api import READ, WRITE
from kamhub.hub.waiting_list.forms import NewPartyParameters, OfficeWaitingForm, PartyParameters, WaitingPageForm
from kamhub.hub.waiting_list.types import SeatsThere
from kamhub.kit.errors import Refusal
from kamhub.kit.text import Locale, mark
from kamhub.platform.access.pages import render_office
from kamhub.platform.i18n.catalogue import translator
from kamhub.platform.i18n.form_errors import form_errors
from kamhub.platform.i18n.request import locale_of
from kamhub.platform.organisation.actions import zone_of
from kamhub.platform.person.services import People
from kamhub.platform.person.types import Staff
from kamhub.platform.web.pages import errors_of, render
from kamhub.platform.web.rules import rule

Asked = Request[Any, Any, Any]
SECTION = "/office/waiting-list"
_JOIN = "/departures/{departure_id:uuid}/waiting"
_DONE: Mapping[str, str] = {
    "joined": mark("The caller is on the waiting list."),
    "taken_off": mark("The party is off the list."),
}


@get(_JOIN, opt=rule(access="page", rate="page", reply="page", refusals=(404,)))
async def ask(
    request: Asked,
    hub: Hub,
    departure_id: UUID,
    origin: Annotated[str | None, QueryParameter(name="from", max_length=100)] = None,
    destination: Annotated[str | None, QueryParameter(name="to", max_length=100)] = None,
    passengers: Annotated[int, QueryParameter(ge=1, le=MAX_PASSENGERS)] = 1,
    joined: Annotated[str, QueryParameter(max_length=10)] = "",
) -> Response[Any]:
    """What waiting means, and the form; or that one waits now."""
    details = await _details(hub, departure_id, origin, destination, passengers)
    return _join_page(request, details, passengers, joined=joined == "yes")


@post(_JOIN, opt=rule(access="page", rate="hold", csrf="form", body=WaitingPageForm, reply="page", refusals=(404, 409)))
async def join(request: Asked, hub: Hub, departure_id: UUID) -> Response[Any]:
    """Join the list; when there are seats after all, go and take them."""
    sent = {name: str(value) for name, value in (await request.form()).items()}
    locale = locale_of(request)
    count = int(sent["passengers"]) if sent.get("passengers", "").isdecimal() and len(sent["passengers"]) < 3 else 1
    details = await _details(hub, departure_id, sent.get("from"), sent.get("to"), count)
    try:
        form = WaitingPageForm.model_validate(sent)
        await actions.join(hub, form.joining(departure_id, locale))
    except ValidationError as error:
        return _join_page(request, details, count, values=sent, errors=form_errors(error, locale))
    except SeatsThere:
        return Redirect(f"/departures/{departure_id}?{_query(details, count)}", status_code=HTTP_303_SEE_OTHER)
    except Refusal as refusal:
        errors = {"form": _sentence(refusal, locale)}
        return _join_page(request, details, count, values=sent, errors=errors, status=refusal.status)
    there = f"/departures/{departure_id}/waiting?{_query(details, count)}&joined=yes"
    return Redirect(there, status_code=HTTP_303_SEE_OTHER)


def _query(details: DepartureDetails, passengers: int) -> str:
    stretch = details.offer.stretch
    return urlencode({"from": stretch.origin.slug, "to": stretch.destination.slug, "passengers": passengers})


def _sentence(refusal: Refusal, locale: Locale) -> str:
    return f"{translator(locale).gettext(refusal.title)}."


async def _details(
    hub: Hub, departure_id: UUID, origin: str | None, destination: str | None, passengers: int
) -> DepartureDetails:
    """The departure with the stretch asked for, or the whole of it when that is none."""
    try:
        return await search.departure_details(hub, departure_id, origin, destination, passengers)
    except (StretchNotServed, PlaceNotFound):
        return await search.departure_details(hub, departure_id, passengers=passengers)


def _join_page(
    request: Asked,
    details: DepartureDetails,
    passengers: int,
    *,
    joined: bool = False,
    values: Mapping[str, str] | None = None,
    errors: Mapping[str, str] | None = None,
    status: int | None = None,
) -> Response[Any]:
    return render(
        request,
        "waiting_list/join.html",
        status_code=status or (HTTP_422_UNPROCESSABLE_ENTITY if errors else HTTP_200_OK),
        details=details,
        passengers=passengers,
        joined=joined,
        values=values or {},
        errors=errors or {},
        text_version=CURRENT,
        back=f"/departures/{details.offer.stretch.departure_id}?{_query(details, passengers)}",
        url_path=f"/departures/{details.offer.stretch.departure_id}/waiting?{_query(details, passengers)}",
    )


@get(
    SECTION,
    opt=rule(access="staff", rate="page", permission=READ, body=PartyParameters, reply="page", refusals=(422,)),
)
async def parties(
    request: Asked,
    hub: Hub,
    people: People,
    staff: Staff,
    done: Annotated[str, QueryParameter(max_length=30)] = "",
) -> Response[Any]:
    """Who waits, by departure."""
    locale = locale_of(request)
    try:
        asked = PartyParameters.model_validate(dict(request.query_params))
        errors: dict[str, str] = {}
    except ValidationError as error:
        asked, errors = PartyParameters(), form_errors(error, locale)
    found, total = await actions.parties(hub, staff, asked.wanted(), offset=asked.offset, limit=asked.page_size)
    zone = await zone_of(people, staff.organisation_id)
    narrowed = {"departure_id": asked.departure_id, "all": "true" if asked.all else None}
    return await render_office(
        request,
        "waiting_list/list.html",
        section=SECTION,
        status_code=HTTP_422_UNPROCESSABLE_ENTITY if errors else HTTP_200_OK,
        done=translator(locale).gettext(_DONE[done]) if done in _DONE else None,
        parties=found,
        total=total,
        place=asked,
        errors=errors,
        narrowed=urlencode({name: value for name, value in narrowed.items() if value}),
        everybody=asked.all,
        statuses=words.status_names(locale),
        tones=words.TONES,
        local=lambda at: at.astimezone(zone),
        may_write=WRITE in staff.permissions,
    )


@get(
    f"{SECTION}/new",
    opt=rule(access="staff", rate="page", permission=WRITE, body=NewPartyParameters, reply="page", refusals=(404,)),
)
async def new(request: Asked, hub: Hub, staff: Staff) -> Response[Any]:
    """Put a caller on the list of a departure; without a departure there is nothing to wait for."""
    try:
        asked = NewPartyParameters.model_validate(dict(request.query_params))
    except ValidationError:
        return Redirect(SECTION, status_code=HTTP_303_SEE_OTHER)
    await departures.find(hub, staff, asked.departure)
    details = await _details(hub, asked.departure, asked.origin, asked.destination, asked.passengers)
    return await _new_page(request, details, asked.passengers)


@post(
    f"{SECTION}/new",
    status_code=HTTP_303_SEE_OTHER,
    opt=rule(
        access="staff",
        rate="page",
        csrf="form",
        permission=WRITE,
        body=OfficeWaitingForm,
        reply="page",
        refusals=(404, 409),
        audit="waiting_party.joined",
    ),
)
async def put_down(request: Asked, hub: Hub, staff: Staff) -> Response[Any]:
    """Write the caller down, or show the form again."""
    sent = {name: str(value) for name, value in (await request.form()).items()}
    locale = locale_of(request)
    try:
        departure = UUID(sent.get("departure", ""))
    except ValueError:
        return Redirect(SECTION, status_code=HTTP_303_SEE_OTHER)
    await departures.find(hub, staff, departure)
    details = await _details(hub, departure, sent.get("from"), sent.get("to"), 1)
    try:
        form = OfficeWaitingForm.model_validate(sent)
        await actions.join(hub, form.joining_by_staff(), staff)
    except ValidationError as error:
        return await _new_page(request, details, 1, values=sent, errors=errors_of(error, locale))
    except Refusal as refusal:
        errors = {"form": _sentence(refusal, locale)}
        return await _new_page(request, details, 1, values=sent, errors=errors, status=refusal.status)
    return Redirect(f"{SECTION}?done=joined", status_code=HTTP_303_SEE_OTHER)


async def _new_page(
    request: Asked,
    details: DepartureDetails,
    passengers: int,
    *,
    values: Mapping[str, str] | None = None,
    errors: Mapping[str, str] | None = None,
    status: int | None = None,
) -> Response[Any]:
    return await render_office(
        request,
        "waiting_list/new.html",
        section=SECTION,
        status_code=status or (HTTP_422_UNPROCESSABLE_ENTITY if errors else HTTP_200_OK),
        details=details,
        passengers=passengers,
        values=values or {},
        errors=errors or {},
        url_path=f"{SECTION}/new?departure={details.offer.stretch.departure_id}",
    )


@post(
    f"{SECTION}/{{waiting_party_id:uuid}}/take-off",
    status_code=HTTP_303_SEE_OTHER,
    opt=rule(
        access="staff",
        rate="page",
        csrf="form",
        permission=WRITE,
        body="none",
        reply="none",
        refusals=(404,),
        audit="waiting_party.left",
    ),
)
async def take_off(hub: Hub, staff: Staff, waiting_party_id: UUID) -> Redirect:
    """Take a party off the list."""
    await actions.take_off(hub, staff, waiting_party_id)
    return Redirect(f"{SECTION}?done=taken_off", status_code=HTTP_303_SEE_OTHER)


HANDLERS = (ask, join, parties, new, put_down, take_off)
