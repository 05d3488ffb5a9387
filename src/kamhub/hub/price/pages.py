"""The pages of promo codes."""

from collections.abc import Mapping
from typing import Annotated, Any
from uuid import UUID

from litestar import Request, Response, get, post
from litestar.params import QueryParameter
from litestar.response import Redirect
from litestar.status_codes import (
    HTTP_200_OK,
    HTTP_303_SEE_OTHER,
    HTTP_409_CONFLICT,
    HTTP_412_PRECONDITION_FAILED,
    HTTP_422_UNPROCESSABLE_ENTITY,
)
from pydantic import ValidationError

from kamhub.hub.price import actions
from kamhub.hub.price.api import READ, WRITE
from kamhub.hub.price.page_forms import PromoCodePageForm, first_day, last_day, shown
from kamhub.hub.price.types import PromoCodeTaken
from kamhub.hub.price.views import CURRENCY
from kamhub.hub.services import Hub
from kamhub.kit.money import Money
from kamhub.kit.text import mark
from kamhub.platform.access.pages import render_office
from kamhub.platform.i18n.catalogue import translator
from kamhub.platform.i18n.form_errors import form_errors
from kamhub.platform.i18n.request import locale_of
from kamhub.platform.organisation.actions import zone_of
from kamhub.platform.person.services import People
from kamhub.platform.person.types import Staff
from kamhub.platform.web.problems import InputInvalid
from kamhub.platform.web.rules import rule
from kamhub.platform.web.schemas import PageParameters
from kamhub.platform.web.versions import VersionStale

Asked = Request[Any, Any, Any]
_SECTION = "/office/promo-codes"
_CODE = f"{_SECTION}/{{promo_code_id:uuid}}"
_DONE: Mapping[str, str] = {
    "made": mark("The promo code can be used from now on."),
    "changed": mark("The promo code was changed."),
    "archived": mark("Nobody can use the promo code any more."),
}
Errors = Mapping[str, str]
_Refused = (ValidationError, PromoCodeTaken, InputInvalid, VersionStale)


@get(_SECTION, opt=rule(access="staff", rate="page", permission=READ, reply="page"))
async def codes(
    request: Asked,
    hub: Hub,
    people: People,
    staff: Staff,
    done: Annotated[str, QueryParameter(max_length=30)] = "",
    page: Annotated[int, QueryParameter(ge=1, le=10_000)] = 1,
    archived: Annotated[str, QueryParameter(max_length=10)] = "",
) -> Response[Any]:
    """The promo codes there are, how often they were used, and the form that makes one."""
    return await _list(request, hub, people, staff, done=done, page=page, archived=archived == "true")


@post(
    _SECTION,
    status_code=HTTP_303_SEE_OTHER,
    opt=rule(
        access="staff",
        rate="page",
        csrf="form",
        permission=WRITE,
        body=PromoCodePageForm,
        reply="page",
        audit="promo_code.created",
    ),
)
async def add(request: Asked, hub: Hub, people: People, staff: Staff) -> Response[Any]:
    """Make a code, or show the form again with what was typed."""
    sent = await _sent(request)
    try:
        form = PromoCodePageForm.model_validate(sent)
        await actions.add(hub, staff, form.terms(await zone_of(people, staff.organisation_id)))
    except _Refused as error:
        errors, status = _errors(request, error)
        return await _list(request, hub, people, staff, values=sent, errors=errors, status=status)
    return Redirect(f"{_SECTION}?done=made", status_code=HTTP_303_SEE_OTHER)


@get(_CODE, opt=rule(access="staff", rate="page", permission=READ, reply="page"))
async def show(
    request: Asked,
    hub: Hub,
    people: People,
    staff: Staff,
    promo_code_id: UUID,
    done: Annotated[str, QueryParameter(max_length=30)] = "",
    page: Annotated[int, QueryParameter(ge=1, le=10_000)] = 1,
) -> Response[Any]:
    """One code: its terms to be changed, and the bookings that used it."""
    return await _one(request, hub, people, staff, promo_code_id, done=done, page=page)


@post(
    _CODE,
    status_code=HTTP_303_SEE_OTHER,
    opt=rule(
        access="staff",
        rate="page",
        csrf="form",
        permission=WRITE,
        body=PromoCodePageForm,
        reply="page",
        refusals=(404,),
        audit="promo_code.changed",
    ),
)
async def change(request: Asked, hub: Hub, people: People, staff: Staff, promo_code_id: UUID) -> Response[Any]:
    """Change a code; when somebody else was faster, show what is now beside what was typed."""
    present = await actions.code(hub, staff, promo_code_id)
    sent = await _sent(request)
    try:
        form = PromoCodePageForm.model_validate(sent)
        terms = form.terms(await zone_of(people, staff.organisation_id), present.terms)
        await actions.change(hub, staff, promo_code_id, terms, form.version)
    except _Refused as error:
        errors, status = _errors(request, error)
        return await _one(request, hub, people, staff, promo_code_id, values=sent, errors=errors, status=status)
    return Redirect(f"{_SECTION}/{promo_code_id}?done=changed", status_code=HTTP_303_SEE_OTHER)


@post(
    f"{_CODE}/archive",
    status_code=HTTP_303_SEE_OTHER,
    opt=rule(
        access="staff",
        rate="page",
        csrf="form",
        permission=WRITE,
        body="none",
        reply="none",
        refusals=(404,),
        audit="promo_code.archived",
    ),
)
async def archive(hub: Hub, staff: Staff, promo_code_id: UUID) -> Redirect:
    """Put a code away."""
    await actions.archive(hub, staff, promo_code_id, None)
    return Redirect(f"{_SECTION}?done=archived", status_code=HTTP_303_SEE_OTHER)


async def _sent(request: Asked) -> dict[str, str]:
    return {name: str(value) for name, value in (await request.form()).items()}


def _errors(
    request: Asked, error: ValidationError | PromoCodeTaken | InputInvalid | VersionStale
) -> tuple[Errors, int]:
    """The sentences beside the fields, ``form`` for the whole of it, and the status."""
    locale = locale_of(request)
    if isinstance(error, ValidationError):
        return form_errors(error, locale), HTTP_422_UNPROCESSABLE_ENTITY
    if isinstance(error, InputInvalid):
        return {fault.field: fault.sentence(locale) for fault in error.faults}, HTTP_422_UNPROCESSABLE_ENTITY
    sentence = translator(locale).gettext(error.title) + "."
    if isinstance(error, PromoCodeTaken):
        return {"code": sentence}, HTTP_409_CONFLICT
    return {"form": sentence}, HTTP_412_PRECONDITION_FAILED


async def _list(
    request: Asked,
    hub: Hub,
    people: People,
    staff: Staff,
    *,
    done: str = "",
    page: int = 1,
    archived: bool = False,
    values: Mapping[str, str] | None = None,
    errors: Errors | None = None,
    status: int = HTTP_200_OK,
) -> Response[Any]:
    place = PageParameters(page=page)
    found, total = await actions.codes(hub, staff, archived=archived, offset=place.offset, limit=place.page_size)
    return await _render(
        request,
        hub,
        people,
        staff,
        "price/promo_codes.html",
        status=status,
        done=done,
        codes=found,
        total=total,
        place=place,
        archived=archived,
        values=values or {},
        errors=errors or {},
        url_path=_SECTION,
    )


async def _one(
    request: Asked,
    hub: Hub,
    people: People,
    staff: Staff,
    promo_code_id: UUID,
    *,
    done: str = "",
    page: int = 1,
    values: Mapping[str, str] | None = None,
    errors: Errors | None = None,
    status: int = HTTP_200_OK,
) -> Response[Any]:
    code = await actions.code(hub, staff, promo_code_id)
    place = PageParameters(page=page)
    uses, total = await actions.uses(hub, staff, promo_code_id, offset=place.offset, limit=place.page_size)
    zone = await zone_of(people, staff.organisation_id)
    return await _render(
        request,
        hub,
        people,
        staff,
        "price/promo_code.html",
        status=status,
        done=done,
        code=code,
        uses=uses,
        total=total,
        place=place,
        values=values or shown(code, zone),
        errors=errors or {},
        url_path=f"{_SECTION}/{promo_code_id}",
    )


async def _render(
    request: Asked, hub: Hub, people: People, staff: Staff, template: str, *, status: int, done: str, **context: Any
) -> Response[Any]:
    sentence, routes = _DONE.get(done), await actions.routes(hub, staff)
    return await render_office(
        request,
        template,
        section=_SECTION,
        status_code=status,
        done=translator(locale_of(request)).gettext(sentence) if sentence else None,
        routes=routes,
        route_options=[(str(route_id), name) for route_id, name in routes.items()],
        zone=await zone_of(people, staff.organisation_id),
        may_write=WRITE in staff.permissions,
        first_day=first_day,
        last_day=last_day,
        roubles=lambda amount: Money(amount, CURRENCY),
        **context,
    )


HANDLERS = (codes, add, show, change, archive)
