"""The text on personal data, a traveller's own data, and the operator's page to find, hand out and remove it."""

from typing import Annotated, Any
from uuid import UUID

import msgspec
from litestar import MediaType, Request, Response, get, post
from litestar.datastructures import CacheControlHeader
from litestar.params import QueryParameter
from litestar.response import Redirect
from litestar.status_codes import (
    HTTP_200_OK,
    HTTP_303_SEE_OTHER,
    HTTP_409_CONFLICT,
    HTTP_422_UNPROCESSABLE_ENTITY,
)
from litestar.types import ASGIApp
from pydantic import ValidationError

from kamhub.hub.booking import actions as bookings
from kamhub.hub.privacy import actions, texts
from kamhub.hub.privacy.api import EXPORT_HEADERS, PERMISSION
from kamhub.hub.privacy.forms import ErasurePageForm, TravellerPageForm
from kamhub.hub.privacy.types import BookingUpcoming, PersonalData
from kamhub.hub.privacy.views import export_json
from kamhub.hub.services import Hub
from kamhub.platform.access.pages import render_office
from kamhub.platform.i18n.catalogue import translator
from kamhub.platform.i18n.form_errors import form_errors
from kamhub.platform.i18n.request import locale_of
from kamhub.platform.person.types import Staff
from kamhub.platform.web.json import json_reply
from kamhub.platform.web.pages import render
from kamhub.platform.web.problems import NotFound
from kamhub.platform.web.rules import rule

Asked = Request[Any, Any, Any]
OFFICE = "/office/personal-data"
_MOST_SHOWN = 50
_NO_STORE = CacheControlHeader(no_store=True)


@get("/privacy", opt=rule(access="page", rate="page", reply="page"))
async def privacy(
    request: Asked, version: Annotated[str, QueryParameter(max_length=10)] = texts.CURRENT
) -> Response[Any]:
    """The text that travellers agree to; every version stays readable."""
    if version not in texts.VERSIONS:
        raise NotFound
    return render(
        request,
        "privacy/privacy.html",
        version=version,
        versions=texts.VERSIONS[::-1],
        text=f"privacy/texts/{version}.{locale_of(request)}.html",
    )


@get("/booking/{booking_id:uuid}/data", opt=rule(access="page", rate="page", reply="json"))
async def own_data(request: Asked, hub: Hub, booking_id: UUID) -> ASGIApp:
    """Everything held with one booking, for whoever made it."""
    token = request.cookies.get(bookings.cookie_name(booking_id))
    data = await actions.own_data(hub, bookings.open_token(hub, token, booking_id))
    name = f"{data['code']}-data.json"
    headers = {"Cache-Control": "no-store", "Content-Disposition": f'attachment; filename="{name}"'}
    return json_reply(data, headers=headers)


@get(OFFICE, opt=rule(access="staff", permission=PERMISSION, rate="page", reply="page"))
async def office(request: Asked, done: Annotated[str | None, QueryParameter(max_length=20)] = None) -> Response[Any]:
    """Whose data is it about?"""
    words = translator(locale_of(request))
    said = words.gettext("The traveller has been removed. The bookings keep their sums, dates and seats.")
    return await _page(request, done=said if done == "erased" else None)


@post(
    f"{OFFICE}/search",
    cache_control=_NO_STORE,
    opt=rule(
        access="staff",
        permission=PERMISSION,
        rate="page",
        csrf="form",
        body=TravellerPageForm,
        reply="page",
        audit="personal_data.searched",
    ),
)
async def search(request: Asked, hub: Hub, staff: Staff) -> Response[Any]:
    """What is held. Not by the address of a page: that would stay in histories and logs."""
    sent = await _sent(request)
    try:
        form = TravellerPageForm.model_validate(sent)
    except ValidationError as error:
        return await _page(request, values=sent, errors=form_errors(error, locale_of(request)))
    data = await actions.search(hub, staff, form.traveller())
    return await _page(request, values=_values(form), data=data)


@post(
    f"{OFFICE}/export",
    status_code=HTTP_200_OK,
    opt=rule(
        access="staff",
        permission=PERMISSION,
        rate="page",
        csrf="form",
        body=TravellerPageForm,
        reply="json",
        audit="personal_data.exported",
    ),
)
async def export(request: Asked, hub: Hub, staff: Staff) -> Response[Any]:
    """Everything that is held, as a file."""
    sent = await _sent(request)
    try:
        traveller = TravellerPageForm.model_validate(sent).traveller()
    except ValidationError as error:
        return await _page(request, values=sent, errors=form_errors(error, locale_of(request)))
    data = await actions.export(hub, staff, traveller)
    content = msgspec.json.encode(export_json(data, traveller, hub.clock.now()))
    return Response(content, media_type=MediaType.JSON, headers=EXPORT_HEADERS)


@post(
    f"{OFFICE}/erase",
    cache_control=_NO_STORE,
    opt=rule(
        access="staff",
        permission=PERMISSION,
        rate="page",
        csrf="form",
        body=ErasurePageForm,
        reply="page",
        audit="personal_data.erased",
    ),
)
async def erase(request: Asked, hub: Hub, staff: Staff) -> Response[Any] | Redirect:
    """Remove the traveller; what is in the way is named."""
    sent = await _sent(request)
    try:
        form = ErasurePageForm.model_validate(sent)
    except ValidationError as error:
        return await _again(request, hub, staff, sent, form_errors(error, locale_of(request)))
    try:
        await actions.erase(hub, staff, form.traveller(), form.reason)
    except BookingUpcoming as refused:
        data = await actions.search(hub, staff, form.traveller())
        return await _page(request, values=_values(form), data=data, in_the_way=refused.codes)
    return Redirect(f"{OFFICE}?done=erased", status_code=HTTP_303_SEE_OTHER)


async def _again(request: Asked, hub: Hub, staff: Staff, sent: dict[str, str], errors: dict[str, str]) -> Response[Any]:
    """The page once more, with what was found when it is known of whom."""
    whom: dict[str, str] = {name: text for name, text in sent.items() if name in {"email", "phone"}}
    try:
        form = TravellerPageForm.model_validate(whom)
    except ValidationError:
        return await _page(request, values=whom, errors=errors)
    data = await actions.search(hub, staff, form.traveller())
    return await _page(request, values=_values(form), data=data, errors=errors)


async def _sent(request: Asked) -> dict[str, str]:
    return {name: str(value) for name, value in (await request.form()).items()}


def _values(form: TravellerPageForm) -> dict[str, str]:
    return {"email": form.email or "", "phone": form.phone or ""}


async def _page(
    request: Asked,
    *,
    values: dict[str, str] | None = None,
    errors: dict[str, str] | None = None,
    data: PersonalData | None = None,
    in_the_way: list[str] | None = None,
    done: str | None = None,
) -> Response[Any]:
    status = HTTP_422_UNPROCESSABLE_ENTITY if errors else HTTP_409_CONFLICT if in_the_way else HTTP_200_OK
    return await render_office(
        request,
        "privacy/office.html",
        section=OFFICE,
        status_code=status,
        done=done,
        values={name: (values or {}).get(name, "") for name in ("email", "phone")},
        errors=errors or {},
        data=data,
        shown=data.bookings[:_MOST_SHOWN] if data else (),
        in_the_way=in_the_way or [],
        url_path=OFFICE,
    )


HANDLERS = (privacy, own_data, office, search, export, erase)
