"""The pages of reviews: the traveller's own, everybody's, and the operator's."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from typing import Annotated, Any
from urllib.parse import urlencode
from uuid import UUID
from zoneinfo import ZoneInfo

from litestar import Request, Response, get, post
from litestar.datastructures import CacheControlHeader
from litestar.params import QueryParameter
from litestar.response import Redirect
from litestar.status_codes import HTTP_200_OK, HTTP_303_SEE_OTHER, HTTP_422_UNPROCESSABLE_ENTITY
from pydantic import ValidationError

from kamhub.hub.booking.door import MAX_TOKEN, access_of, let_in
from kamhub.hub.review import actions, rules
from kamhub.hub.review.api import READ, WRITE
from kamhub.hub.review.forms import ReviewAnswerPageForm, ReviewPageForm, ReviewParameters
from kamhub.hub.services import Hub
from kamhub.kit.errors import Refusal
from kamhub.kit.text import mark
from kamhub.platform.access.pages import render_office
from kamhub.platform.i18n.catalogue import translator
from kamhub.platform.i18n.form_errors import form_errors
from kamhub.platform.i18n.request import locale_of
from kamhub.platform.organisation.actions import zone_of
from kamhub.platform.person.services import People
from kamhub.platform.person.types import Staff
from kamhub.platform.web.pages import render
from kamhub.platform.web.rules import rule
from kamhub.platform.web.schemas import PageParameters
from kamhub.platform.web.versions import VersionStale

Asked = Request[Any, Any, Any]
SECTION = "/office/reviews"
_NO_STORE = CacheControlHeader(no_store=True)
_OWN = "/booking/{booking_id:uuid}/review"
_AT_A_TIME = 20
_DONE = {"replied": mark("The answer can be read by everybody now."), "withdrawn": mark("The answer is taken back.")}


@get(_OWN, opt=rule(access="page", rate="page", reply="page"), cache_control=_NO_STORE)
async def own(
    request: Asked,
    hub: Hub,
    booking_id: UUID,
    token: Annotated[str | None, QueryParameter(max_length=MAX_TOKEN)] = None,
    done: Annotated[str, QueryParameter(max_length=30)] = "",
) -> Response[Any]:
    """The form to rate a trip, with what was said before; with the token of a mail's link, to the address without it."""
    if token is not None:
        return let_in(hub, booking_id, token, f"/booking/{booking_id}/review")
    return await _own_page(request, hub, booking_id, done=done)


@post(
    _OWN,
    status_code=HTTP_303_SEE_OTHER,
    opt=rule(access="page", rate="hold", csrf="form", body=ReviewPageForm, reply="page"),
    cache_control=_NO_STORE,
)
async def write(request: Asked, hub: Hub, booking_id: UUID) -> Response[Any]:
    """Save what the traveller says."""
    access = access_of(request, hub, booking_id)
    sent = {name: str(value) for name, value in (await request.form()).items()}
    try:
        form = ReviewPageForm.model_validate(sent)
    except ValidationError as error:
        return await _own_page(request, hub, booking_id, values=sent, errors=form_errors(error, locale_of(request)))
    try:
        await actions.write(hub, access, form.rating, form.comment)
    except Refusal as refusal:
        refusal.extra.setdefault("way_on", f"/booking/{booking_id}")
        raise
    return Redirect(f"/booking/{booking_id}/review?done=saved", status_code=HTTP_303_SEE_OTHER)


async def _own_page(
    request: Asked,
    hub: Hub,
    booking_id: UUID,
    *,
    done: str = "",
    values: Mapping[str, str] | None = None,
    errors: Mapping[str, str] | None = None,
) -> Response[Any]:
    booking, present = await actions.own(hub, access_of(request, hub, booking_id))
    refused = None
    try:
        rules.require_may_write(booking, present, hub.clock.now())
    except Refusal as refusal:
        refused = translator(locale_of(request)).gettext(refusal.title) + "."
    said = {"rating": str(present.rating), "comment": present.comment or ""} if present else {}
    return render(
        request,
        "review/own.html",
        status_code=HTTP_422_UNPROCESSABLE_ENTITY if errors else HTTP_200_OK,
        booking=booking,
        review=present,
        refused=refused,
        saved=done == "saved" and present is not None,
        values={"rating": "", "comment": "", **said, **(values or {})},
        errors=errors or {},
        url_path=f"/booking/{booking_id}/review",
    )


@get("/operators/{operator_slug:str}/reviews", opt=rule(access="page", rate="page", reply="page"))
async def public(
    request: Asked,
    hub: Hub,
    operator_slug: str,
    page: Annotated[int, QueryParameter(ge=1, le=10_000)] = 1,
) -> Response[Any]:
    """What travellers say of an operator."""
    place = PageParameters(page=page, page_size=_AT_A_TIME)
    operator, found = await actions.public(hub, operator_slug, offset=place.offset, limit=place.page_size)
    zone = ZoneInfo(operator.time_zone)
    shown = [replace(one, created_at=one.created_at.astimezone(zone)) for one in found]
    return render(request, "review/public.html", operator=operator, reviews=shown, place=place)


@get(
    SECTION,
    opt=rule(access="staff", rate="page", permission=READ, body=ReviewParameters, reply="page", refusals=(422,)),
)
async def office(
    request: Asked,
    hub: Hub,
    people: People,
    staff: Staff,
    done: Annotated[str, QueryParameter(max_length=30)] = "",
) -> Response[Any]:
    """What was said of the organisation, with a form to answer each."""
    return await _office_page(request, hub, people, staff, request.query_params, done=done)


@post(
    f"{SECTION}/{{review_id:uuid}}/reply",
    status_code=HTTP_303_SEE_OTHER,
    opt=rule(
        access="staff",
        rate="page",
        csrf="form",
        permission=WRITE,
        body=ReviewAnswerPageForm,
        reply="page",
        refusals=(404, 412, 422),
        audit="review.replied",
    ),
)
async def reply(request: Asked, hub: Hub, people: People, staff: Staff, review_id: UUID) -> Response[Any]:
    """Answer it."""
    await actions.review(hub, staff, review_id)
    sent = {name: str(value) for name, value in (await request.form()).items()}
    locale = locale_of(request)
    try:
        form = ReviewAnswerPageForm.model_validate(sent)
        await actions.reply(hub, staff, review_id, form.reply, form.version)
    except ValidationError as error:
        told = form_errors(error, locale)
        wrong = told.get("reply") or next(iter(told.values()))
        return await _office_page(request, hub, people, staff, {}, typed=(review_id, sent.get("reply", ""), wrong))
    except VersionStale as stale:
        wrong = translator(locale).gettext(stale.title) + "."
        typed = (review_id, sent.get("reply", ""), wrong)
        return await _office_page(request, hub, people, staff, {}, typed=typed, status=stale.status)
    return Redirect(f"{SECTION}?done={'replied' if form.reply else 'withdrawn'}", status_code=HTTP_303_SEE_OTHER)


async def _office_page(
    request: Asked,
    hub: Hub,
    people: People,
    staff: Staff,
    query: Mapping[str, str],
    *,
    done: str = "",
    typed: tuple[UUID, str, str] | None = None,
    status: int | None = None,
) -> Response[Any]:
    locale = locale_of(request)
    values = {name: query.get(name, "") for name in ("rating", "answered")}
    errors: dict[str, str] = {}
    try:
        asked = ReviewParameters.model_validate(dict(query))
    except ValidationError as error:
        errors, asked = form_errors(error, locale), ReviewParameters()
    found, total = await actions.reviews(hub, staff, asked.wanted(), offset=asked.offset, limit=asked.page_size)
    if typed is not None and typed[0] not in {one.review.id for one in found}:
        found = [await actions.review(hub, staff, typed[0]), *found]
    zone, said = await zone_of(people, staff.organisation_id), _DONE.get(done)

    def local(at: datetime) -> datetime:
        return at.astimezone(zone)

    return await render_office(
        request,
        "review/office.html",
        section=SECTION,
        status_code=status or (HTTP_422_UNPROCESSABLE_ENTITY if errors or typed else HTTP_200_OK),
        done=translator(locale).gettext(said) if said else None,
        reviews=found,
        total=total,
        place=asked,
        values=values,
        errors=errors,
        typed=typed,
        local=local,
        may_write=WRITE in staff.permissions,
        narrowed=urlencode({name: value for name, value in values.items() if value and not errors}),
        url_path=SECTION if typed else request.url.path + (f"?{request.url.query}" if request.url.query else ""),
    )


HANDLERS = (own, write, public, office, reply)
