"""The pages of drivers."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Annotated, Any
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

from kamhub.hub.driver import actions
from kamhub.hub.driver.api import READ, WRITE
from kamhub.hub.driver.forms import DriverEditForm, DriverForm, DriverParameters
from kamhub.hub.driver.types import DriverChange, DriverFacts, DriverInUse, PersonTaken
from kamhub.hub.driver.words import OFFERED, language_names
from kamhub.hub.fleet_document import actions as documents
from kamhub.hub.fleet_document.rules import EXPIRING, status_of
from kamhub.hub.fleet_document.types import DRIVER_KINDS
from kamhub.hub.operator_settings import actions as settings
from kamhub.hub.operator_settings.api import MANAGE
from kamhub.hub.operator_settings.forms import RestForm
from kamhub.hub.services import Hub
from kamhub.kit.text import mark
from kamhub.platform.access.pages import render_office
from kamhub.platform.i18n.request import locale_of
from kamhub.platform.person.types import Staff
from kamhub.platform.web.pages import errors_of, said, sentence_of
from kamhub.platform.web.problems import InputInvalid
from kamhub.platform.web.rules import rule
from kamhub.platform.web.schemas import VersionForm
from kamhub.platform.web.versions import VersionStale, page_version

Asked = Request[Any, Any, Any]
_SECTION = "/office/drivers"
_DRIVER = f"{_SECTION}/{{driver_id:uuid}}"
_DONE: Mapping[str, str] = {
    "added": mark("The driver is added."),
    "changed": mark("The changes are saved."),
    "archived": mark("The driver is archived."),
    "restored": mark("The driver is back."),
    "rest": mark("The changes are saved."),
    "document_added": mark("The document is added."),
    "document_removed": mark("The document is removed."),
}
_NAMES = ("name", "phone", "works_from", "works_to", "person_id")
Done = Annotated[str, QueryParameter(max_length=30)]


@get(
    _SECTION,
    opt=rule(access="staff", rate="page", permission=READ, body=DriverParameters, reply="page", refusals=(422,)),
)
async def drivers(request: Asked, hub: Hub, staff: Staff, done: Done = "") -> Response[Any]:
    """The drivers there are, the papers that run out, and how long everybody rests."""
    return await _list(request, hub, staff, done=done)


@post(
    f"{_SECTION}/rest",
    status_code=HTTP_303_SEE_OTHER,
    opt=rule(
        access="staff",
        rate="page",
        csrf="form",
        permission=MANAGE,
        body=RestForm,
        reply="page",
        refusals=(422,),
        audit="organisation.settings_changed",
    ),
)
async def change_rest(request: Asked, hub: Hub, staff: Staff) -> Response[Any]:
    """Set how long drivers rest between two departures."""
    minutes = str((await request.form()).get("rest_minutes", ""))
    try:
        form = RestForm.model_validate({"rest_minutes": minutes})
    except ValidationError as error:
        return await _list(request, hub, staff, rest=minutes, errors=errors_of(error, locale_of(request)))
    await settings.change(hub, staff, lambda present: replace(present, rest_minutes=form.rest_minutes), None)
    return Redirect(f"{_SECTION}?done=rest", status_code=HTTP_303_SEE_OTHER)


@get(f"{_SECTION}/new", opt=rule(access="staff", rate="page", permission=WRITE, reply="page"))
async def new(request: Asked, hub: Hub, staff: Staff) -> Response[Any]:
    """The form that adds a driver."""
    return await _new(request, hub, staff, {}, ["ru"], {})


@post(
    _SECTION,
    status_code=HTTP_303_SEE_OTHER,
    opt=rule(
        access="staff",
        rate="page",
        csrf="form",
        permission=WRITE,
        body=DriverForm,
        reply="page",
        refusals=(409, 422),
        audit="driver.added",
    ),
)
async def add(request: Asked, hub: Hub, staff: Staff) -> Response[Any]:
    """Add a driver and show them."""
    values, spoken = await _sent(request)
    try:
        form = DriverForm.model_validate({**values, "languages": spoken})
        made = await actions.add(hub, staff, form.facts())
    except (ValidationError, InputInvalid) as error:
        return await _new(request, hub, staff, values, spoken, _field_errors(request, error))
    except PersonTaken as refusal:
        errors = {"person_id": sentence_of(request, refusal)}
        return await _new(request, hub, staff, values, spoken, errors, refusal.status)
    return _to(f"{made.id}?done=added")


@get(_DRIVER, opt=rule(access="staff", rate="page", permission=READ, reply="page", refusals=(404,)))
async def show(request: Asked, hub: Hub, staff: Staff, driver_id: UUID, done: Done = "") -> Response[Any]:
    """One driver: facts to change, papers."""
    return await page(request, hub, staff, driver_id, done=done)


@post(
    _DRIVER,
    status_code=HTTP_303_SEE_OTHER,
    opt=rule(
        access="staff",
        rate="page",
        csrf="form",
        permission=WRITE,
        body=DriverEditForm,
        reply="page",
        refusals=(404, 409, 412, 422),
        audit="driver.changed",
    ),
)
async def change(request: Asked, hub: Hub, staff: Staff, driver_id: UUID) -> Response[Any]:
    """Save what was changed."""
    await actions.driver(hub, staff, driver_id)
    values, spoken = await _sent(request)
    version = page_version(await request.form())
    try:
        form = DriverForm.model_validate({**values, "languages": spoken})
        await actions.change(hub, staff, driver_id, DriverChange(lambda _: form.facts()), version)
    except (ValidationError, InputInvalid) as error:
        errors = _field_errors(request, error)
        return await page(request, hub, staff, driver_id, values=values, spoken=spoken, errors=errors)
    except (PersonTaken, VersionStale) as refusal:
        field = "person_id" if isinstance(refusal, PersonTaken) else "form"
        return await page(
            request,
            hub,
            staff,
            driver_id,
            values=values,
            spoken=spoken,
            errors={field: sentence_of(request, refusal)},
            status=refusal.status,
        )
    return _to(f"{driver_id}?done=changed")


@post(
    f"{_DRIVER}/archive",
    status_code=HTTP_303_SEE_OTHER,
    opt=rule(
        access="staff",
        rate="page",
        csrf="form",
        permission=WRITE,
        body=VersionForm,
        reply="page",
        refusals=(404, 409, 412),
        audit="driver.archived",
    ),
)
async def archive(request: Asked, hub: Hub, staff: Staff, driver_id: UUID) -> Response[Any]:
    """Put the driver away, unless they are still to drive."""
    await actions.driver(hub, staff, driver_id)
    try:
        await actions.archive(hub, staff, driver_id, page_version(await request.form()))
    except VersionStale as refusal:
        errors = {"form": sentence_of(request, refusal)}
        return await page(request, hub, staff, driver_id, errors=errors, status=refusal.status)
    except DriverInUse as refusal:
        return await page(request, hub, staff, driver_id, in_use=refusal, status=refusal.status)
    return Redirect(f"{_SECTION}?done=archived", status_code=HTTP_303_SEE_OTHER)


@post(
    f"{_DRIVER}/restore",
    status_code=HTTP_303_SEE_OTHER,
    opt=rule(
        access="staff",
        rate="page",
        csrf="form",
        permission=WRITE,
        body="none",
        reply="none",
        refusals=(404, 409),
        audit="driver.changed",
    ),
)
async def restore(request: Asked, hub: Hub, staff: Staff, driver_id: UUID) -> Response[Any]:
    """Bring the driver back, unless their person signs in as another one."""
    try:
        await actions.change(hub, staff, driver_id, DriverChange(lambda facts: facts, archived=False), None)
    except PersonTaken as refusal:
        errors = {"form": sentence_of(request, refusal)}
        return await page(request, hub, staff, driver_id, errors=errors, status=refusal.status)
    return _to(f"{driver_id}?done=restored")


async def page(
    request: Asked,
    hub: Hub,
    staff: Staff,
    driver_id: UUID,
    *,
    done: str = "",
    values: Mapping[str, str] | None = None,
    spoken: list[str] | None = None,
    errors: Mapping[str, str] | None = None,
    document: Mapping[str, str] | None = None,
    document_errors: Mapping[str, str] | None = None,
    in_use: DriverInUse | None = None,
    status: int | None = None,
) -> Response[Any]:
    """The page of a driver, with what was typed into one of its forms and what is wrong with it."""
    driver = await actions.driver(hub, staff, driver_id)
    papers, day = await documents.documents_of(hub, staff, "driver", driver_id)
    wrong = bool(errors or document_errors)
    return await render_office(
        request,
        "driver/driver.html",
        section=_SECTION,
        status_code=status or (HTTP_422_UNPROCESSABLE_ENTITY if wrong else HTTP_200_OK),
        done=said(request, _DONE, done),
        driver=driver,
        values=_filled(values or _texts(driver.facts)),
        spoken=list(driver.facts.languages) if spoken is None else spoken,
        errors=errors or {},
        languages=language_names([*OFFERED, *driver.facts.languages], locale_of(request)),
        members=await actions.members(hub, staff),
        papers=[(one, status_of(one.facts.expires_on, day)) for one in papers],
        kinds=DRIVER_KINDS,
        document=document or {},
        document_errors=document_errors or {},
        in_use=in_use,
        writes=WRITE in staff.permissions,
        url_path=f"{_SECTION}/{driver_id}",
    )


async def _list(
    request: Asked,
    hub: Hub,
    staff: Staff,
    *,
    done: str = "",
    rest: str | None = None,
    errors: Mapping[str, str] | None = None,
) -> Response[Any]:
    try:
        asked = DriverParameters.model_validate(dict(request.query_params))
    except ValidationError:
        asked = DriverParameters()
    found, total = await actions.drivers(hub, staff, asked.query(), offset=asked.offset, limit=asked.page_size)
    papers, _, day = await documents.documents(hub, staff, EXPIRING)
    narrowed = {"q": asked.q, "archived": "true" if asked.archived else None}
    chosen = {name: value for name, value in narrowed.items() if value}
    spoken = {code for driver in found for code in driver.facts.languages}
    return await render_office(
        request,
        "driver/drivers.html",
        section=_SECTION,
        status_code=HTTP_422_UNPROCESSABLE_ENTITY if errors else HTTP_200_OK,
        done=said(request, _DONE, done),
        drivers=found,
        total=total,
        asked=asked,
        narrowed=f"{urlencode(chosen)}&" if chosen else "",
        papers=[(one, status_of(one.facts.expires_on, day)) for one in papers if one.subject == "driver"],
        languages=language_names(spoken, locale_of(request)),
        rest=str((await settings.settings(hub, staff)).rest_minutes) if rest is None else rest,
        errors=errors or {},
        writes=WRITE in staff.permissions,
        manages=MANAGE in staff.permissions,
        url_path=_SECTION,
    )


async def _new(
    request: Asked,
    hub: Hub,
    staff: Staff,
    values: Mapping[str, str],
    spoken: list[str],
    errors: Mapping[str, str],
    status: int | None = None,
) -> Response[Any]:
    return await render_office(
        request,
        "driver/new.html",
        section=_SECTION,
        status_code=status or (HTTP_422_UNPROCESSABLE_ENTITY if errors else HTTP_200_OK),
        values=_filled(values),
        spoken=spoken,
        errors=errors,
        languages=language_names([*OFFERED, *spoken], locale_of(request)),
        members=await actions.members(hub, staff),
        url_path=f"{_SECTION}/new",
    )


async def _sent(request: Asked) -> tuple[dict[str, str], list[str]]:
    """The fields and the ticked languages, as the form has them."""
    sent = await request.form()
    return {name: str(sent.get(name, "")) for name in _NAMES}, [str(code) for code in sent.getall("languages", [])]


def _texts(facts: DriverFacts) -> dict[str, str]:
    return {name: str(value or "") for name, value in facts.as_json().items() if name in _NAMES}


def _filled(values: Mapping[str, str]) -> dict[str, str]:
    return {name: values.get(name, "") for name in _NAMES}


def _field_errors(request: Asked, error: ValidationError | InputInvalid) -> dict[str, str]:
    """By the field of the page: which of the boxes it was is of no use to the reader."""
    return {field.partition(".")[0]: text for field, text in errors_of(error, locale_of(request)).items()}


def _to(rest: str) -> Redirect:
    return Redirect(f"{_SECTION}/{rest}", status_code=HTTP_303_SEE_OTHER)


HANDLERS = (drivers, change_rest, new, add, show, change, archive, restore)
