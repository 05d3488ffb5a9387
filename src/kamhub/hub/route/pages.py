"""The pages of routes."""

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Annotated, Any
from urllib.parse import urlencode
from uuid import UUID

from litestar import Request, Response, get, post
from litestar.params import QueryParameter
from litestar.response import Redirect
from litestar.status_codes import HTTP_200_OK, HTTP_303_SEE_OTHER, HTTP_422_UNPROCESSABLE_ENTITY
from pydantic import ValidationError

from kamhub.hub.place import actions as places
from kamhub.hub.place.types import PlaceQuery
from kamhub.hub.route import actions
from kamhub.hub.route.api import READ, WRITE
from kamhub.hub.route.forms import CopyForm, RouteForm, RouteParameters
from kamhub.hub.route.page_forms import SAVE, RouteEditForm, Row, after_step, rows_of, sent_rows, wanted
from kamhub.hub.route.types import Route, RouteChange, RouteHasTimetables, RouteInUse, StopPlaceUnknown
from kamhub.hub.services import Hub
from kamhub.kit.text import mark
from kamhub.platform.access.pages import render_office
from kamhub.platform.i18n.catalogue import translator
from kamhub.platform.i18n.request import locale_of
from kamhub.platform.person.types import Staff
from kamhub.platform.web.pages import errors_of, said, sentence_of
from kamhub.platform.web.problems import InputInvalid
from kamhub.platform.web.rules import rule
from kamhub.platform.web.schemas import VersionForm
from kamhub.platform.web.versions import VersionStale, page_version

Asked = Request[Any, Any, Any]
_SECTION = "/office/routes"
_ROUTE = f"{_SECTION}/{{route_id:uuid}}"
_MOST_PLACES = 2_000
_DONE: Mapping[str, str] = {
    "added": mark("The route is added."),
    "changed": mark("The changes are saved."),
    "copied": mark("This is the copy. It has no timetable yet, so its stops can be changed."),
    "archived": mark("The route is archived."),
    "restored": mark("The route is back."),
}
Done = Annotated[str, QueryParameter(max_length=30)]


@get(
    _SECTION,
    opt=rule(access="staff", rate="page", permission=READ, body=RouteParameters, reply="page", refusals=(422,)),
)
async def routes(request: Asked, hub: Hub, staff: Staff, done: Done = "") -> Response[Any]:
    """The routes there are."""
    try:
        asked = RouteParameters.model_validate(dict(request.query_params))
    except ValidationError:
        asked = RouteParameters()
    found, total = await actions.routes(hub, staff, asked.query(), offset=asked.offset, limit=asked.page_size)
    narrowed = {"q": asked.q, "archived": "true" if asked.archived else None}
    chosen = {name: value for name, value in narrowed.items() if value}
    return await render_office(
        request,
        "route/routes.html",
        section=_SECTION,
        done=said(request, _DONE, done),
        routes=found,
        total=total,
        asked=asked,
        narrowed=f"{urlencode(chosen)}&" if chosen else "",
        duration=_duration,
        writes=WRITE in staff.permissions,
    )


@get(f"{_SECTION}/new", opt=rule(access="staff", rate="page", permission=WRITE, reply="page"))
async def new(request: Asked, hub: Hub, staff: Staff) -> Response[Any]:
    """The form that adds a route."""
    return await _new(request, hub, staff, "", [Row(minutes="0"), Row()], {})


@post(
    _SECTION,
    status_code=HTTP_303_SEE_OTHER,
    opt=rule(
        access="staff",
        rate="page",
        csrf="form",
        permission=WRITE,
        body=RouteForm,
        reply="page",
        refusals=(404, 422),
        audit="route.added",
    ),
)
async def add(request: Asked, hub: Hub, staff: Staff) -> Response[Any]:
    """Add a route and show it; a button beside a stop brings the form back with the stops changed."""
    name, rows, step = await _sent(request)
    if step != SAVE:
        return await _new(request, hub, staff, name, after_step(rows, step), {})
    try:
        form = wanted(name, rows)
        made = await actions.add(hub, staff, form.name, form.wanted())
    except (ValidationError, InputInvalid) as error:
        kept, errors = _kept(rows), errors_of(error, locale_of(request))
        return await _new(request, hub, staff, name, kept, errors)
    except StopPlaceUnknown as refusal:
        kept = _kept(rows)
        return await _new(request, hub, staff, name, kept, _unknown(request, kept, refusal), refusal.status)
    return _to(f"{made.id}?done=added")


@get(_ROUTE, opt=rule(access="staff", rate="page", permission=READ, reply="page", refusals=(404,)))
async def show(request: Asked, hub: Hub, staff: Staff, route_id: UUID, done: Done = "") -> Response[Any]:
    """One route: its way, and what of it can be changed."""
    return await _page(request, hub, staff, route_id, done=done)


@post(
    _ROUTE,
    status_code=HTTP_303_SEE_OTHER,
    opt=rule(
        access="staff",
        rate="page",
        csrf="form",
        permission=WRITE,
        body=RouteEditForm,
        reply="page",
        refusals=(404, 409, 412, 422),
        audit="route.changed",
    ),
)
async def change(request: Asked, hub: Hub, staff: Staff, route_id: UUID) -> Response[Any]:
    """Save what was changed; a button beside a stop brings the form back with the stops changed."""
    await actions.route(hub, staff, route_id)
    name, rows, step = await _sent(request)
    if step != SAVE:
        return await _page(request, hub, staff, route_id, name=name, rows=after_step(rows, step), status=HTTP_200_OK)
    kept = _kept(rows)
    try:
        version = page_version(await request.form())
        await actions.change(hub, staff, route_id, _wanted(name, kept), version)
    except (ValidationError, InputInvalid) as error:
        errors = errors_of(error, locale_of(request))
        return await _page(request, hub, staff, route_id, name=name, rows=kept, errors=errors)
    except StopPlaceUnknown as refusal:
        errors = _unknown(request, kept, refusal)
        return await _page(request, hub, staff, route_id, name=name, rows=kept, errors=errors, status=refusal.status)
    except (RouteInUse, VersionStale) as refusal:
        errors = {"form": sentence_of(request, refusal)}
        return await _page(request, hub, staff, route_id, name=name, rows=kept, errors=errors, status=refusal.status)
    return _to(f"{route_id}?done=changed")


@post(
    f"{_ROUTE}/copy",
    status_code=HTTP_303_SEE_OTHER,
    opt=rule(
        access="staff",
        rate="page",
        csrf="form",
        permission=WRITE,
        body=CopyForm,
        reply="page",
        refusals=(404, 422),
        audit="route.added",
    ),
)
async def copy(request: Asked, hub: Hub, staff: Staff, route_id: UUID) -> Response[Any]:
    """Make a route with the same stops, free to be changed, and show it."""
    await actions.route(hub, staff, route_id)
    name = str((await request.form()).get("name", ""))
    try:
        made = await actions.copy(hub, staff, route_id, CopyForm.model_validate({"name": name}).name)
    except ValidationError as error:
        errors = {"copy": errors_of(error, locale_of(request))["name"]}
        return await _page(request, hub, staff, route_id, copy_name=name, errors=errors)
    except StopPlaceUnknown as refusal:
        errors = {"copy": sentence_of(request, refusal)}
        return await _page(request, hub, staff, route_id, copy_name=name, errors=errors, status=refusal.status)
    return _to(f"{made.id}?done=copied")


@post(
    f"{_ROUTE}/archive",
    status_code=HTTP_303_SEE_OTHER,
    opt=rule(
        access="staff",
        rate="page",
        csrf="form",
        permission=WRITE,
        body=VersionForm,
        reply="page",
        refusals=(404, 409, 412),
        audit="route.archived",
    ),
)
async def archive(request: Asked, hub: Hub, staff: Staff, route_id: UUID) -> Response[Any]:
    """Put the route away, unless timetables run on it."""
    try:
        await actions.archive(hub, staff, route_id, page_version(await request.form()))
    except VersionStale as refusal:
        errors = {"form": sentence_of(request, refusal)}
        return await _page(request, hub, staff, route_id, errors=errors, status=refusal.status)
    except RouteHasTimetables as refusal:
        return await _page(request, hub, staff, route_id, in_use=refusal, status=refusal.status)
    return Redirect(f"{_SECTION}?done=archived", status_code=HTTP_303_SEE_OTHER)


@post(
    f"{_ROUTE}/restore",
    status_code=HTTP_303_SEE_OTHER,
    opt=rule(
        access="staff",
        rate="page",
        csrf="form",
        permission=WRITE,
        body="none",
        reply="none",
        refusals=(404,),
        audit="route.changed",
    ),
)
async def restore(hub: Hub, staff: Staff, route_id: UUID) -> Redirect:
    """Bring the route back."""
    await actions.change(hub, staff, route_id, RouteChange(archived=False), None)
    return _to(f"{route_id}?done=restored")


async def _page(
    request: Asked,
    hub: Hub,
    staff: Staff,
    route_id: UUID,
    *,
    done: str = "",
    name: str | None = None,
    rows: Sequence[Row] | None = None,
    copy_name: str | None = None,
    errors: Mapping[str, str] | None = None,
    in_use: RouteHasTimetables | None = None,
    status: int | None = None,
) -> Response[Any]:
    route = await actions.route(hub, staff, route_id)
    copied = translator(locale_of(request)).gettext("%(name)s, copy") % {"name": route.name}
    return await render_office(
        request,
        "route/route.html",
        section=_SECTION,
        status_code=status or (HTTP_422_UNPROCESSABLE_ENTITY if errors else HTTP_200_OK),
        done=said(request, _DONE, done),
        route=route,
        name=route.name if name is None else name,
        rows=rows or rows_of(route),
        copy_name=copied[:100] if copy_name is None else copy_name,
        errors=errors or {},
        in_use=in_use,
        places=await _places(request, hub, staff, route),
        duration=_duration,
        writes=WRITE in staff.permissions,
        url_path=f"{_SECTION}/{route_id}",
    )


async def _new(
    request: Asked,
    hub: Hub,
    staff: Staff,
    name: str,
    rows: Sequence[Row],
    errors: Mapping[str, str],
    status: int | None = None,
) -> Response[Any]:
    shown = [*rows, *[Row()] * (2 - len(rows))]
    return await render_office(
        request,
        "route/new.html",
        section=_SECTION,
        status_code=status or (HTTP_422_UNPROCESSABLE_ENTITY if errors else HTTP_200_OK),
        name=name,
        rows=shown,
        errors=errors,
        places=await _places(request, hub, staff),
        url_path=f"{_SECTION}/new",
    )


async def _places(request: Asked, hub: Hub, staff: Staff, route: Route | None = None) -> list[tuple[str, str]]:
    """Where a route may stop, as ids and names: own places first; last those where it stops though they are archived."""
    found, _ = await places.places(hub, staff, PlaceQuery(), limit=_MOST_PLACES)
    names = {str(place.id): place.facts.name for place in found}
    names |= {str(stop.place_id): stop.name for stop in (route.stops if route else ())}
    return [(place_id, name.in_locale(locale_of(request))) for place_id, name in names.items()]


async def _sent(request: Asked) -> tuple[str, list[Row], str]:
    """Name, rows and the button that was pressed."""
    sent = await request.form()
    return str(sent.get("name", "")), sent_rows(sent), str(sent.get("do", SAVE))


def _kept(rows: Sequence[Row]) -> list[Row]:
    """The rows in which something was typed: faults are told by their numbers."""
    return [row for row in rows if not row.blank]


def _wanted(name: str, rows: Sequence[Row]) -> RouteChange:
    """What is to change; without rows, as on the page of a route in use, the name alone. Raises ``ValidationError``."""
    if not rows:
        return RouteChange(name=CopyForm.model_validate({"name": name}).name)
    form = wanted(name, rows)
    return RouteChange(form.name, form.wanted())


def _unknown(request: Asked, rows: Sequence[Row], refusal: StopPlaceUnknown) -> dict[str, str]:
    """The sentence at the stop whose place may not be used."""
    ids = [row.place_id.strip() for row in rows]
    number = ids.index(str(refusal.place_id)) if str(refusal.place_id) in ids else 0
    return {f"stops.{number}.place_id": sentence_of(request, refusal)}


def _duration(route: Route) -> timedelta:
    return timedelta(minutes=route.stops[-1].offset_minutes)


def _to(rest: str) -> Redirect:
    return Redirect(f"{_SECTION}/{rest}", status_code=HTTP_303_SEE_OTHER)


HANDLERS = (routes, new, add, show, change, copy, archive, restore)
