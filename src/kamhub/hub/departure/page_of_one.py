"""The page of one departure: its seats, its vehicle and driver, its sales, who booked, what was changed."""

from collections.abc import Mapping
from typing import Annotated, Any
from uuid import UUID

from litestar import Request, Response, get, post
from litestar.params import QueryParameter
from litestar.response import Redirect
from litestar.status_codes import HTTP_200_OK, HTTP_303_SEE_OTHER, HTTP_422_UNPROCESSABLE_ENTITY
from markupsafe import Markup
from pydantic import ValidationError

from kamhub.hub.departure import actions, words
from kamhub.hub.departure.api import ASSIGN, READ, WRITE
from kamhub.hub.departure.page_forms import AssignmentPageForm, SalesPageForm
from kamhub.hub.departure.types import Conflict, StaffDeparture, TooSmall
from kamhub.hub.services import Hub
from kamhub.kit.errors import Refusal
from kamhub.kit.text import mark
from kamhub.platform.access.pages import render_office
from kamhub.platform.i18n.catalogue import translator
from kamhub.platform.i18n.form_errors import form_errors
from kamhub.platform.i18n.request import locale_of
from kamhub.platform.person.types import Staff
from kamhub.platform.web.parts import Load, part
from kamhub.platform.web.rules import rule
from kamhub.platform.web.versions import VersionStale

Asked = Request[Any, Any, Any]
SECTION = "/office/departures"
ONE = f"{SECTION}/{{departure_id:uuid}}"
DONE = {
    "added": mark("The departure is on sale."),
    "assigned": mark("Vehicle and driver are as you chose."),
    "closed": mark("Nothing more is sold; what is sold stays."),
    "reopened": mark("The departure is on sale again."),
}


@get(ONE, opt=rule(access="staff", rate="page", permission=READ, reply="page", refusals=(404,)))
async def show(
    request: Asked,
    hub: Hub,
    staff: Staff,
    departure_id: UUID,
    done: Annotated[str, QueryParameter(max_length=30)] = "",
) -> Response[Any]:
    """Everything about one departure."""
    return await page_of(request, hub, staff, departure_id, done=done)


@post(
    f"{ONE}/assignment",
    status_code=HTTP_303_SEE_OTHER,
    opt=rule(
        access="staff",
        rate="page",
        csrf="form",
        permission=ASSIGN,
        body=AssignmentPageForm,
        reply="page",
        refusals=(404, 409, 412),
        audit="departure.assigned",
    ),
)
async def assign(request: Asked, hub: Hub, staff: Staff, departure_id: UUID) -> Response[Any] | Redirect:
    """Change vehicle and driver; who is busy and what does not fit is told beside the form."""
    await actions.find(hub, staff, departure_id)
    sent = {name: str(value) for name, value in (await request.form()).items()}
    try:
        form = AssignmentPageForm.model_validate(sent)
        await actions.assign(hub, staff, departure_id, lambda _: form.assignment(), form.version)
    except ValidationError as error:
        errors = form_errors(error, locale_of(request))
        return await page_of(request, hub, staff, departure_id, values=sent, errors=errors)
    except (Conflict, TooSmall, VersionStale) as refused:
        return await page_of(request, hub, staff, departure_id, values=sent, refused=refused)
    return _back(departure_id, "assigned")


@post(
    f"{ONE}/close",
    status_code=HTTP_303_SEE_OTHER,
    opt=rule(
        access="staff",
        rate="page",
        csrf="form",
        permission=WRITE,
        body=SalesPageForm,
        reply="page",
        refusals=(404, 409, 412),
        audit="departure.closed",
    ),
)
async def close(request: Asked, hub: Hub, staff: Staff, departure_id: UUID) -> Response[Any] | Redirect:
    """Sell no more."""
    return await _sales(request, hub, staff, departure_id, "closed")


@post(
    f"{ONE}/reopen",
    status_code=HTTP_303_SEE_OTHER,
    opt=rule(
        access="staff",
        rate="page",
        csrf="form",
        permission=WRITE,
        body=SalesPageForm,
        reply="page",
        refusals=(404, 409, 412),
        audit="departure.reopened",
    ),
)
async def reopen(request: Asked, hub: Hub, staff: Staff, departure_id: UUID) -> Response[Any] | Redirect:
    """Sell again."""
    return await _sales(request, hub, staff, departure_id, "reopened")


async def _sales(request: Asked, hub: Hub, staff: Staff, departure_id: UUID, done: str) -> Response[Any] | Redirect:
    await actions.find(hub, staff, departure_id)
    sent = {name: str(value) for name, value in (await request.form()).items()}
    change = actions.close if done == "closed" else actions.reopen
    try:
        form = SalesPageForm.model_validate(sent)
        await change(hub, staff, departure_id, form.reason, form.version)
    except ValidationError as error:
        errors = form_errors(error, locale_of(request))
        return await page_of(request, hub, staff, departure_id, values=sent, errors=errors)
    except VersionStale as refused:
        return await page_of(request, hub, staff, departure_id, values=sent, refused=refused)
    return _back(departure_id, done)


def _back(departure_id: UUID, done: str) -> Redirect:
    return Redirect(f"{SECTION}/{departure_id}?done={done}", status_code=HTTP_303_SEE_OTHER)


async def page_of(
    request: Asked,
    hub: Hub,
    staff: Staff,
    departure_id: UUID,
    *,
    done: str = "",
    values: Mapping[str, str] | None = None,
    errors: Mapping[str, str] | None = None,
    refused: Refusal | None = None,
) -> Response[Any]:
    """The page as it is now, with what was sent and why it was refused."""
    locale, now = locale_of(request), hub.clock.now()
    found = await actions.find(hub, staff, departure_id)
    own = {"vehicle_id": str(found.vehicle_id), "driver_id": str(found.driver_id or "")}
    status = refused.status if refused else HTTP_422_UNPROCESSABLE_ENTITY if errors else HTTP_200_OK
    gettext = translator(locale).gettext
    shown = {
        "departure": found,
        "zone": found.zone,
        "address": f"{SECTION}/{departure_id}",
        "state": words.state_of(found, now),
        "errors": errors or {},
        "permissions": staff.permissions,
    }
    values = own | {name: text for name, text in (values or {}).items() if name in own}
    return await render_office(
        request,
        "departure/departure.html",
        section=SECTION,
        status_code=status,
        done=gettext(DONE[done]) if done in DONE else None,
        **shown,
        **words.row_words(locale, now),
        panels=await _panels(request, hub, staff, found, {**shown, "values": values}),
        refused=refused,
        left_out=refused.parties if isinstance(refused, TooSmall) else (),
        conflict=refused if isinstance(refused, Conflict) else None,
        conflict_text=words.conflict_text(refused, locale, found.zone) if isinstance(refused, Conflict) else "",
        url_path=f"{SECTION}/{departure_id}",
    )


async def _panels(
    request: Asked, hub: Hub, staff: Staff, found: StaffDeparture, shown: Mapping[str, object]
) -> dict[str, Markup]:
    """What stands beside the seats; each part is asked for by itself."""
    locale = locale_of(request)

    async def assigned() -> Mapping[str, object]:
        vehicles, drivers = await actions.choices(hub, staff, found)
        return {
            "vehicles": vehicles,
            "drivers": drivers,
            "warnings": await actions.warnings_of(hub, staff, [found]),
            "outside_hours": await actions.outside_hours(hub, staff, found),
        }

    async def bookings() -> Mapping[str, object]:
        return {
            "parties": await actions.sold(hub, staff, found.id) if "bookings.read" in staff.permissions else None,
            "booking_state": lambda state: words.booking_state(state, locale),
        }

    async def history() -> Mapping[str, object]:
        events, names = await actions.history(hub, staff, found.id)
        return {"events": [(event, words.event_text(event, names, locale)) for event in events]}

    loads: Mapping[str, Load] = {"assigned": assigned, "bookings": bookings, "history": history}
    again = f"{SECTION}/{found.id}"
    return {
        name: await part(request, name, f"departure/_{name}.html", load, again=again, shared=shown)
        for name, load in loads.items()
    }


HANDLERS = (show, assign, close, reopen)
