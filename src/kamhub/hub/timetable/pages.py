"""The pages of timetables: the list, the form with its preview, one timetable with what is to be decided."""

from typing import Annotated, Any
from uuid import UUID

from litestar import Response, get, post
from litestar.params import QueryParameter
from litestar.status_codes import HTTP_200_OK, HTTP_303_SEE_OTHER, HTTP_422_UNPROCESSABLE_ENTITY
from pydantic import ValidationError

from kamhub.hub.route.types import RouteNotFound
from kamhub.hub.services import Hub
from kamhub.hub.timetable import actions, button_pages, exchange_pages, page_view
from kamhub.hub.timetable.page_forms import TimetablePageForm, nested
from kamhub.hub.timetable.page_frame import ONE, SECTION, Asked, Sent, back, faulty, page, read_form, said, show
from kamhub.hub.timetable.rights import READ, WRITE
from kamhub.hub.timetable.types import Outcome, RouteLine, TimetableView
from kamhub.hub.timetable.views import counts
from kamhub.kit.errors import Refusal
from kamhub.platform.person.types import Staff
from kamhub.platform.web.rules import rule
from kamhub.platform.web.schemas import PageParameters
from kamhub.platform.web.versions import VersionStale


@get(SECTION, opt=rule(access="staff", rate="page", permission=READ, reply="page"))
async def timetables(
    request: Asked,
    hub: Hub,
    staff: Staff,
    done: Annotated[str, QueryParameter(max_length=30)] = "",
    number: Annotated[int, QueryParameter(name="page", ge=1, le=10_000)] = 1,
    archived: Annotated[int, QueryParameter(ge=0, le=1)] = 0,
) -> Response[Any]:
    """The timetables by route."""
    place = PageParameters(page=number)
    found, total = await actions.timetables_of(
        hub, staff, archived=bool(archived), offset=place.offset, limit=place.page_size
    )
    return await page(
        request,
        staff,
        "timetable/timetables.html",
        done=said(request, done),
        views=found,
        total=total,
        place=place,
        archived=bool(archived),
    )


@get(f"{SECTION}/new", opt=rule(access="staff", rate="page", permission=WRITE, reply="page"))
async def new(
    request: Asked, hub: Hub, staff: Staff, route: Annotated[str, QueryParameter(max_length=40)] = ""
) -> Response[Any]:
    """The form of a new timetable; the route comes first, because its stops are what prices are given for."""
    return await _form(request, hub, staff, Sent({"route_id": route}, tuple("1234567")))


@post(
    f"{SECTION}/preview",
    status_code=HTTP_200_OK,
    opt=rule(
        access="staff",
        rate="page",
        csrf="form",
        permission=WRITE,
        body=TimetablePageForm,
        reply="page",
        refusals=(404,),
        audit="timetable.previewed",
    ),
)
async def preview(request: Asked, hub: Hub, staff: Staff) -> Response[Any]:
    """What the timetable would make, before anything is made."""
    return await _new(request, hub, staff, confirmed=False)


@post(
    SECTION,
    status_code=HTTP_303_SEE_OTHER,
    opt=rule(
        access="staff",
        rate="page",
        csrf="form",
        permission=WRITE,
        body=TimetablePageForm,
        reply="page",
        refusals=(404,),
        audit="timetable.created",
    ),
)
async def create(request: Asked, hub: Hub, staff: Staff) -> Response[Any]:
    """Make the timetable and its departures."""
    return await _new(request, hub, staff, confirmed=True)


async def _new(request: Asked, hub: Hub, staff: Staff, *, confirmed: bool) -> Response[Any]:
    sent, again = await read_form(request)
    if again:
        return await _form(request, hub, staff, sent)
    try:
        form = TimetablePageForm.model_validate(nested(sent.values, list(sent.weekdays)))
        outcome = await (actions.create if confirmed else actions.preview)(hub, staff, form.wanted())
    except (ValidationError, Refusal) as error:
        return await _form(request, hub, staff, faulty(request, sent, error))
    if outcome.view is not None:
        return back("created", outcome, outcome.view)
    return await _preview(request, hub, staff, sent, outcome)


@get(ONE, opt=rule(access="staff", rate="page", permission=READ, reply="page", refusals=(404,)))
async def timetable(
    request: Asked, hub: Hub, staff: Staff, timetable_id: UUID, done: Annotated[str, QueryParameter(max_length=30)] = ""
) -> Response[Any]:
    """One timetable: when it runs, what it costs, and what of it is to be decided."""
    return await show(request, hub, staff, timetable_id, done=done)


@get(f"{ONE}/edit", opt=rule(access="staff", rate="page", permission=WRITE, reply="page", refusals=(404,)))
async def edit(request: Asked, hub: Hub, staff: Staff, timetable_id: UUID) -> Response[Any]:
    """The form of a timetable that is there."""
    view = await actions.require(hub, staff, timetable_id, None)
    days = tuple(map(str, view.timetable.pattern.weekdays))
    return await _form(request, hub, staff, Sent(page_view.form_values(view), days), view)


@post(
    f"{ONE}/preview",
    status_code=HTTP_200_OK,
    opt=rule(
        access="staff",
        rate="page",
        csrf="form",
        permission=WRITE,
        body=TimetablePageForm,
        reply="page",
        refusals=(404,),
        audit="timetable.previewed",
    ),
)
async def preview_change(request: Asked, hub: Hub, staff: Staff, timetable_id: UUID) -> Response[Any]:
    """What the change would do, before anything is changed."""
    return await _change(request, hub, staff, timetable_id, confirmed=False)


@post(
    ONE,
    status_code=HTTP_303_SEE_OTHER,
    opt=rule(
        access="staff",
        rate="page",
        csrf="form",
        permission=WRITE,
        body=TimetablePageForm,
        reply="page",
        refusals=(404,),
        audit="timetable.changed",
    ),
)
async def change(request: Asked, hub: Hub, staff: Staff, timetable_id: UUID) -> Response[Any]:
    """Change the timetable; what is sold stays."""
    return await _change(request, hub, staff, timetable_id, confirmed=True)


async def _change(request: Asked, hub: Hub, staff: Staff, timetable_id: UUID, *, confirmed: bool) -> Response[Any]:
    view = await actions.require(hub, staff, timetable_id, None)
    sent, again = await read_form(request)
    if again:
        return await _form(request, hub, staff, sent, view)
    try:
        form = TimetablePageForm.model_validate(nested(sent.values, list(sent.weekdays)))
        if form.route_id != view.timetable.route_id:
            raise RouteNotFound
        if confirmed:
            outcome = await actions.change(hub, staff, timetable_id, form.change(), form.version)
        else:
            outcome = await actions.preview_change(hub, staff, timetable_id, form.change())
    except (ValidationError, Refusal) as error:
        if isinstance(error, VersionStale):
            sent = Sent({**sent.values, "version": str(view.timetable.version)}, sent.weekdays)
        return await _form(request, hub, staff, faulty(request, sent, error), view)
    if outcome.view is not None:
        return back("changed", outcome, outcome.view)
    return await _preview(request, hub, staff, sent, outcome, view)


async def _form(request: Asked, hub: Hub, staff: Staff, sent: Sent, view: TimetableView | None = None) -> Response[Any]:
    choices = await actions.choices(hub, staff)
    chosen = view.timetable.route_id if view else sent.values.get("route_id", "")
    route: RouteLine | None = (
        view.route if view else next((one for one in choices.routes if str(one.id) == chosen), None)
    )
    return await page(
        request,
        staff,
        "timetable/form.html",
        status_code=HTTP_422_UNPROCESSABLE_ENTITY if sent.errors else HTTP_200_OK,
        view=view,
        route=route,
        rows=page_view.price_rows(route) if route else [],
        choices=choices,
        route_options=[(one.id, one.name) for one in choices.routes],
        sent=sent,
        rule_rows=max(page_view.RULE_ROWS, len(view.tariff.rules) + 2 if view else 0),
    )


async def _preview(
    request: Asked, hub: Hub, staff: Staff, sent: Sent, outcome: Outcome, view: TimetableView | None = None
) -> Response[Any]:
    choices = await actions.choices(hub, staff)
    route = view.route if view else next(one for one in choices.routes if str(one.id) == sent.values.get("route_id"))
    return await page(
        request,
        staff,
        "timetable/preview.html",
        view=view,
        route=route,
        sent=sent,
        plan=outcome.plan,
        outside=outcome.outside_hours,
        counts=counts(outcome.plan),
        months=page_view.months(outcome.plan, outcome.zone),
        zone=outcome.zone,
    )


HANDLERS = (
    timetables,
    new,
    preview,
    create,
    timetable,
    edit,
    preview_change,
    change,
    *button_pages.HANDLERS,
    *exchange_pages.HANDLERS,
)
