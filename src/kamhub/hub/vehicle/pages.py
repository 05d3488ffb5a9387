"""The pages of vehicles."""

from collections.abc import Mapping
from typing import Annotated, Any, get_args
from urllib.parse import urlencode
from uuid import UUID

from litestar import Request, Response, get, post
from litestar.params import QueryParameter
from litestar.response import Redirect
from litestar.status_codes import (
    HTTP_200_OK,
    HTTP_303_SEE_OTHER,
    HTTP_422_UNPROCESSABLE_ENTITY,
)
from pydantic import ValidationError

from kamhub.hub.departure.types import VehicleType
from kamhub.hub.fleet_document import actions as documents
from kamhub.hub.fleet_document.rules import EXPIRING, status_of
from kamhub.hub.fleet_document.types import VEHICLE_KINDS
from kamhub.hub.services import Hub
from kamhub.hub.vehicle import actions
from kamhub.hub.vehicle.api import READ, WRITE
from kamhub.hub.vehicle.forms import VehicleEditForm, VehicleForm, VehicleParameters
from kamhub.hub.vehicle.types import FEATURES, PlateTaken, VehicleChange, VehicleFacts, VehicleInUse
from kamhub.kit.text import mark
from kamhub.platform.access.pages import render_office
from kamhub.platform.i18n.form_errors import form_errors
from kamhub.platform.i18n.request import locale_of
from kamhub.platform.person.types import Staff
from kamhub.platform.web.pages import said, sentence_of
from kamhub.platform.web.rules import rule
from kamhub.platform.web.schemas import VersionForm
from kamhub.platform.web.versions import VersionStale, page_version

Asked = Request[Any, Any, Any]
_SECTION = "/office/vehicles"
_VEHICLE = f"{_SECTION}/{{vehicle_id:uuid}}"
_DONE: Mapping[str, str] = {
    "added": mark("The vehicle is added."),
    "changed": mark("The changes are saved."),
    "archived": mark("The vehicle is archived."),
    "restored": mark("The vehicle is back."),
    "document_added": mark("The document is added."),
    "document_removed": mark("The document is removed."),
}
_NAMES = ("type", "model", "capacity", "plate")
_TYPES = get_args(VehicleType)
Done = Annotated[str, QueryParameter(max_length=30)]


@get(
    _SECTION,
    opt=rule(access="staff", rate="page", permission=READ, body=VehicleParameters, reply="page", refusals=(422,)),
)
async def vehicles(request: Asked, hub: Hub, staff: Staff, done: Done = "") -> Response[Any]:
    """The vehicles there are, and the papers that run out."""
    try:
        asked = VehicleParameters.model_validate(dict(request.query_params))
    except ValidationError:
        asked = VehicleParameters()
    found, total = await actions.vehicles(hub, staff, asked.query(), offset=asked.offset, limit=asked.page_size)
    papers, _, day = await documents.documents(hub, staff, EXPIRING)
    narrowed = {"q": asked.q, "type": asked.type, "archived": "true" if asked.archived else None}
    chosen = {name: value for name, value in narrowed.items() if value}
    return await render_office(
        request,
        "vehicle/vehicles.html",
        section=_SECTION,
        done=said(request, _DONE, done),
        vehicles=found,
        total=total,
        asked=asked,
        narrowed=f"{urlencode(chosen)}&" if chosen else "",
        papers=[(one, status_of(one.facts.expires_on, day)) for one in papers if one.subject == "vehicle"],
        types=_TYPES,
        writes=WRITE in staff.permissions,
    )


@get(f"{_SECTION}/new", opt=rule(access="staff", rate="page", permission=WRITE, reply="page"))
async def new(request: Asked) -> Response[Any]:
    """The form that adds a vehicle."""
    return await _new(request, {"type": "minibus"}, [], {})


@post(
    _SECTION,
    status_code=HTTP_303_SEE_OTHER,
    opt=rule(
        access="staff",
        rate="page",
        csrf="form",
        permission=WRITE,
        body=VehicleForm,
        reply="page",
        refusals=(409, 422),
        audit="vehicle.added",
    ),
)
async def add(request: Asked, hub: Hub, staff: Staff) -> Response[Any]:
    """Add a vehicle and show it."""
    values, features = await _sent(request)
    try:
        form = VehicleForm.model_validate({**values, "features": features})
        made = await actions.add(hub, staff, form.facts())
    except ValidationError as error:
        return await _new(request, values, features, _field_errors(request, error))
    except PlateTaken as refusal:
        errors = {"plate": sentence_of(request, refusal)}
        return await _new(request, values, features, errors, refusal.status)
    return _to(f"{made.id}?done=added")


@get(_VEHICLE, opt=rule(access="staff", rate="page", permission=READ, reply="page", refusals=(404,)))
async def show(request: Asked, hub: Hub, staff: Staff, vehicle_id: UUID, done: Done = "") -> Response[Any]:
    """One vehicle: its facts to change, its papers."""
    return await page(request, hub, staff, vehicle_id, done=done)


@post(
    _VEHICLE,
    status_code=HTTP_303_SEE_OTHER,
    opt=rule(
        access="staff",
        rate="page",
        csrf="form",
        permission=WRITE,
        body=VehicleEditForm,
        reply="page",
        refusals=(404, 409, 412, 422),
        audit="vehicle.changed",
    ),
)
async def change(request: Asked, hub: Hub, staff: Staff, vehicle_id: UUID) -> Response[Any]:
    """Save what was changed."""
    await actions.vehicle(hub, staff, vehicle_id)
    values, features = await _sent(request)
    version = page_version(await request.form())
    try:
        form = VehicleForm.model_validate({**values, "features": features})
        await actions.change(hub, staff, vehicle_id, VehicleChange(lambda _: form.facts()), version)
    except ValidationError as error:
        errors = _field_errors(request, error)
        return await page(request, hub, staff, vehicle_id, values=values, features=features, errors=errors)
    except (PlateTaken, VersionStale) as refusal:
        field = "plate" if isinstance(refusal, PlateTaken) else "form"
        return await page(
            request,
            hub,
            staff,
            vehicle_id,
            values=values,
            features=features,
            errors={field: sentence_of(request, refusal)},
            status=refusal.status,
        )
    return _to(f"{vehicle_id}?done=changed")


@post(
    f"{_VEHICLE}/archive",
    status_code=HTTP_303_SEE_OTHER,
    opt=rule(
        access="staff",
        rate="page",
        csrf="form",
        permission=WRITE,
        body=VersionForm,
        reply="page",
        refusals=(404, 409, 412),
        audit="vehicle.archived",
    ),
)
async def archive(request: Asked, hub: Hub, staff: Staff, vehicle_id: UUID) -> Response[Any]:
    """Put the vehicle away, unless it is still to run."""
    await actions.vehicle(hub, staff, vehicle_id)
    try:
        await actions.archive(hub, staff, vehicle_id, page_version(await request.form()))
    except VersionStale as refusal:
        errors = {"form": sentence_of(request, refusal)}
        return await page(request, hub, staff, vehicle_id, errors=errors, status=refusal.status)
    except VehicleInUse as refusal:
        return await page(request, hub, staff, vehicle_id, in_use=refusal, status=refusal.status)
    return Redirect(f"{_SECTION}?done=archived", status_code=HTTP_303_SEE_OTHER)


@post(
    f"{_VEHICLE}/restore",
    status_code=HTTP_303_SEE_OTHER,
    opt=rule(
        access="staff",
        rate="page",
        csrf="form",
        permission=WRITE,
        body="none",
        reply="none",
        refusals=(404, 409),
        audit="vehicle.changed",
    ),
)
async def restore(request: Asked, hub: Hub, staff: Staff, vehicle_id: UUID) -> Response[Any]:
    """Bring the vehicle back, unless another one has its plate."""
    try:
        await actions.change(hub, staff, vehicle_id, VehicleChange(lambda facts: facts, archived=False), None)
    except PlateTaken as refusal:
        errors = {"form": sentence_of(request, refusal)}
        return await page(request, hub, staff, vehicle_id, errors=errors, status=refusal.status)
    return _to(f"{vehicle_id}?done=restored")


async def page(
    request: Asked,
    hub: Hub,
    staff: Staff,
    vehicle_id: UUID,
    *,
    done: str = "",
    values: Mapping[str, str] | None = None,
    features: list[str] | None = None,
    errors: Mapping[str, str] | None = None,
    document: Mapping[str, str] | None = None,
    document_errors: Mapping[str, str] | None = None,
    in_use: VehicleInUse | None = None,
    status: int | None = None,
) -> Response[Any]:
    """The page of a vehicle, with what was typed into one of its forms and what is wrong with it."""
    vehicle = await actions.vehicle(hub, staff, vehicle_id)
    papers, day = await documents.documents_of(hub, staff, "vehicle", vehicle_id)
    wrong = bool(errors or document_errors)
    return await render_office(
        request,
        "vehicle/vehicle.html",
        section=_SECTION,
        status_code=status or (HTTP_422_UNPROCESSABLE_ENTITY if wrong else HTTP_200_OK),
        done=said(request, _DONE, done),
        vehicle=vehicle,
        values=_filled(values or _texts(vehicle.facts)),
        features=list(vehicle.facts.features) if features is None else features,
        errors=errors or {},
        types=_TYPES,
        known=list(FEATURES),
        papers=[(one, status_of(one.facts.expires_on, day)) for one in papers],
        kinds=VEHICLE_KINDS,
        document=document or {},
        document_errors=document_errors or {},
        in_use=in_use,
        writes=WRITE in staff.permissions,
        url_path=f"{_SECTION}/{vehicle_id}",
    )


async def _new(
    request: Asked, values: Mapping[str, str], features: list[str], errors: Mapping[str, str], status: int | None = None
) -> Response[Any]:
    return await render_office(
        request,
        "vehicle/new.html",
        section=_SECTION,
        status_code=status or (HTTP_422_UNPROCESSABLE_ENTITY if errors else HTTP_200_OK),
        values=_filled(values),
        features=features,
        errors=errors,
        types=_TYPES,
        known=list(FEATURES),
        url_path=f"{_SECTION}/new",
    )


async def _sent(request: Asked) -> tuple[dict[str, str], list[str]]:
    """The fields and the ticked features, as the form has them."""
    sent = await request.form()
    return {name: str(sent.get(name, "")) for name in _NAMES}, [str(word) for word in sent.getall("features", [])]


def _texts(facts: VehicleFacts) -> dict[str, str]:
    return {"type": facts.type, "model": facts.model, "capacity": str(facts.capacity), "plate": facts.plate}


def _filled(values: Mapping[str, str]) -> dict[str, str]:
    return {name: values.get(name, "") for name in _NAMES}


def _field_errors(request: Asked, error: ValidationError) -> dict[str, str]:
    """By the field of the page: which of the boxes it was is of no use to the reader."""
    return {field.partition(".")[0]: text for field, text in form_errors(error, locale_of(request)).items()}


def _to(rest: str) -> Redirect:
    return Redirect(f"{_SECTION}/{rest}", status_code=HTTP_303_SEE_OTHER)


HANDLERS = (vehicles, new, add, show, change, archive, restore)
