"""The papers of the fleet on one page; those of a vehicle or driver are added and removed on the page of their owner."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from litestar import Request, Response, get, post
from litestar.response import Redirect
from litestar.status_codes import HTTP_200_OK, HTTP_303_SEE_OTHER, HTTP_422_UNPROCESSABLE_ENTITY
from litestar.types import ASGIApp
from markupsafe import Markup
from pydantic import ValidationError

from kamhub.hub.driver import pages as driver_pages
from kamhub.hub.fleet_document import actions
from kamhub.hub.fleet_document.api import READ, WRITE
from kamhub.hub.fleet_document.forms import DocumentForm, DocumentPageParameters
from kamhub.hub.fleet_document.rules import status_of
from kamhub.hub.fleet_document.views import COLUMNS, document_cells
from kamhub.hub.services import Hub
from kamhub.hub.vehicle import pages as vehicle_pages
from kamhub.platform.access.pages import render_office
from kamhub.platform.i18n.form_errors import form_errors
from kamhub.platform.i18n.request import locale_of
from kamhub.platform.person.types import Staff
from kamhub.platform.web.csv import MOST_ROWS, csv_reply
from kamhub.platform.web.json import validate
from kamhub.platform.web.parts import part
from kamhub.platform.web.rules import rule

Asked = Request[Any, Any, Any]
SECTION = "/office/documents"
_OF_VEHICLE = "/office/vehicles/{vehicle_id:uuid}/documents"
_OF_DRIVER = "/office/drivers/{driver_id:uuid}/documents"
_NAMES = ("kind", "number", "expires_on")
ADD = rule(
    access="staff",
    rate="page",
    csrf="form",
    permission=WRITE,
    body=DocumentForm,
    reply="page",
    refusals=(404, 422),
    audit="fleet_document.added",
)
REMOVE = rule(
    access="staff",
    rate="page",
    csrf="form",
    permission=WRITE,
    body="none",
    reply="none",
    refusals=(404,),
    audit="fleet_document.removed",
)


@get(
    SECTION,
    opt=rule(access="staff", rate="page", permission=READ, body=DocumentPageParameters, reply="page", refusals=(422,)),
)
async def documents(request: Asked, hub: Hub, staff: Staff) -> Response[Any]:
    """The papers of the whole fleet: what ends within so many days or has ended, or all of them."""
    errors: dict[str, str] = {}
    try:
        asked = DocumentPageParameters.model_validate(dict(request.query_params))
    except ValidationError as error:
        errors, asked = form_errors(error, locale_of(request)), DocumentPageParameters()
    found, total, day = await actions.documents(hub, staff, asked.within(), offset=asked.offset, limit=asked.page_size)
    days = "" if asked.expiring_within is None else str(asked.expiring_within)
    return await render_office(
        request,
        "fleet_document/documents.html",
        section=SECTION,
        status_code=HTTP_422_UNPROCESSABLE_ENTITY if errors else HTTP_200_OK,
        papers=[(one, status_of(one.facts.expires_on, day)) for one in found],
        total=total,
        asked=asked,
        days=days,
        errors=errors,
        url_path=SECTION,
    )


@get(
    f"{SECTION}/documents.csv",
    opt=rule(access="staff", rate="page", permission=READ, body=DocumentPageParameters, reply="csv", refusals=(422,)),
)
async def file(request: Asked, hub: Hub, staff: Staff) -> ASGIApp:
    """The same as a file."""
    asked = validate(DocumentPageParameters, request.query_params)
    found, _, day = await actions.documents(hub, staff, asked.within(), limit=MOST_ROWS)
    return csv_reply(request, "documents.csv", COLUMNS, [document_cells(one, day) for one in found])


@post(_OF_VEHICLE, status_code=HTTP_303_SEE_OTHER, opt=ADD)
async def add_to_vehicle(request: Asked, hub: Hub, staff: Staff, vehicle_id: UUID) -> Response[Any]:
    """Add a paper of a vehicle."""
    await actions.require(hub, staff, "vehicle", vehicle_id)
    values = await _sent(request)
    try:
        await actions.add(hub, staff, "vehicle", vehicle_id, DocumentForm.model_validate(values).facts())
    except ValidationError as error:
        errors = form_errors(error, locale_of(request))
        return await vehicle_pages.page(request, hub, staff, vehicle_id, document=values, document_errors=errors)
    return _back(f"/office/vehicles/{vehicle_id}", "document_added")


@post(_OF_DRIVER, status_code=HTTP_303_SEE_OTHER, opt=ADD)
async def add_to_driver(request: Asked, hub: Hub, staff: Staff, driver_id: UUID) -> Response[Any]:
    """Add a paper of a driver."""
    await actions.require(hub, staff, "driver", driver_id)
    values = await _sent(request)
    try:
        await actions.add(hub, staff, "driver", driver_id, DocumentForm.model_validate(values).facts())
    except ValidationError as error:
        errors = form_errors(error, locale_of(request))
        return await driver_pages.page(request, hub, staff, driver_id, document=values, document_errors=errors)
    return _back(f"/office/drivers/{driver_id}", "document_added")


@post(f"{_OF_VEHICLE}/{{document_id:uuid}}/remove", status_code=HTTP_303_SEE_OTHER, opt=REMOVE)
async def remove_from_vehicle(hub: Hub, staff: Staff, vehicle_id: UUID, document_id: UUID) -> Redirect:
    """Take a paper of a vehicle away for good."""
    await actions.remove(hub, staff, "vehicle", vehicle_id, document_id)
    return _back(f"/office/vehicles/{vehicle_id}", "document_removed")


@post(f"{_OF_DRIVER}/{{driver_document_id:uuid}}/remove", status_code=HTTP_303_SEE_OTHER, opt=REMOVE)
async def remove_from_driver(hub: Hub, staff: Staff, driver_id: UUID, driver_document_id: UUID) -> Redirect:
    """Take a paper of a driver away for good."""
    await actions.remove(hub, staff, "driver", driver_id, driver_document_id)
    return _back(f"/office/drivers/{driver_id}", "document_removed")


async def _sent(request: Asked) -> dict[str, str]:
    sent = await request.form()
    return {name: str(sent.get(name, "")) for name in _NAMES}


def _back(owner: str, done: str) -> Redirect:
    return Redirect(f"{owner}?done={done}", status_code=HTTP_303_SEE_OTHER)


async def due_part(request: Asked, hub: Hub, staff: Staff, again: str) -> Markup:
    """What of the fleet's papers has run out or soon does, as a part of another page; nothing for whom it does not concern."""

    async def load() -> Mapping[str, object]:
        return {"due": await actions.due(hub, staff)}

    return await part(request, "papers", "fleet_document/_due.html", load, again=again, shared={})


HANDLERS = (documents, file, add_to_vehicle, add_to_driver, remove_from_vehicle, remove_from_driver)
