"""The first page of the back office, and leaving it for good."""

from collections.abc import Mapping
from typing import Annotated, Any

from litestar import Request, Response, get, post
from litestar.di import Provide
from litestar.params import QueryParameter
from litestar.response import Redirect
from litestar.status_codes import HTTP_200_OK, HTTP_303_SEE_OTHER
from markupsafe import Markup

from kamhub.hub.fleet_document.pages import due_part
from kamhub.hub.services import Hub
from kamhub.kit.errors import Refusal
from kamhub.kit.text import mark
from kamhub.platform.access.guard import current_identity, current_staff
from kamhub.platform.access.pages import render_office
from kamhub.platform.access.permissions import SELF
from kamhub.platform.audit import actions as audit
from kamhub.platform.audit.types import AuditQuery
from kamhub.platform.audit.views import line_of
from kamhub.platform.i18n.request import locale_of
from kamhub.platform.organisation import actions as organisations
from kamhub.platform.organisation.types import LastOwner
from kamhub.platform.organisation.words import role_names, role_uses
from kamhub.platform.person.services import People
from kamhub.platform.person.types import Staff
from kamhub.platform.session.types import Identity
from kamhub.platform.web.pages import said, sentence_of
from kamhub.platform.web.parts import Load, part
from kamhub.platform.web.rules import rule

Asked = Request[Any, Any, Any]
SECTION = "/office"
_LAST_LINES = 5
_DONE: Mapping[str, str] = {"joined": mark("Welcome. You work here now.")}
_IDENTITY = {"identity": Provide(current_identity)}


@get(SECTION, dependencies=_IDENTITY, opt=rule(access="staff", rate="page", permission=SELF, reply="page"))
async def overview(
    request: Asked,
    hub: Hub,
    people: People,
    identity: Identity,
    done: Annotated[str, QueryParameter(max_length=30)] = "",
) -> Response[Any]:
    """What there is to see for whoever looks."""
    return await _page(request, hub, people, identity, done=said(request, _DONE, done))


@post(
    "/office/leave",
    status_code=HTTP_303_SEE_OTHER,
    dependencies=_IDENTITY,
    opt=rule(access="staff", rate="page", csrf="form", permission=SELF, body="none", reply="page", audit="member.left"),
)
async def leave(request: Asked, hub: Hub, people: People, identity: Identity, staff: Staff) -> Response[Any]:
    """Leave the organisation one works in; the session in it ends with that."""
    try:
        await organisations.leave(people, staff)
    except LastOwner as refusal:
        return await _page(request, hub, people, identity, refusal=refusal)
    return Redirect("/signin", status_code=HTTP_303_SEE_OTHER)


async def _page(
    request: Asked,
    hub: Hub,
    people: People,
    identity: Identity,
    *,
    done: str | None = None,
    refusal: Refusal | None = None,
) -> Response[Any]:
    locale = locale_of(request)
    staff = await current_staff(request) if identity.organisation_id is not None else None
    return await render_office(
        request,
        "overview/overview.html",
        section=SECTION,
        status_code=refusal.status if refusal else HTTP_200_OK,
        done=done,
        parts=await _parts(request, hub, people, staff),
        roles=role_names(locale),
        uses=role_uses(locale),
        leave_error=sentence_of(request, refusal) if refusal else None,
        url_path=SECTION,
    )


async def _parts(request: Asked, hub: Hub, people: People, staff: Staff | None) -> list[Markup]:
    """What there is of the organisation, each for itself."""

    async def cards() -> Mapping[str, object]:
        manages = staff is not None and organisations.MANAGE in staff.permissions
        return {"counts": await organisations.overview(people, staff.organisation_id) if staff and manages else None}

    async def lately() -> Mapping[str, object]:
        if staff is None or "audit.read" not in staff.permissions:
            return {"lines": None}
        zone = await organisations.zone_of(people, staff.organisation_id)
        found, _ = await audit.events(people.database, staff.organisation_id, AuditQuery(), limit=_LAST_LINES)
        return {"lines": [line_of(event, locale_of(request), zone) for event in found]}

    loads: Mapping[str, Load] = {"cards": cards, "lately": lately}
    papers = [await due_part(request, hub, staff, SECTION)] if staff else []
    others = [
        await part(request, name, f"overview/_{name}.html", load, again=SECTION, shared={})
        for name, load in loads.items()
    ]
    return papers + others


HANDLERS = (overview, leave)
