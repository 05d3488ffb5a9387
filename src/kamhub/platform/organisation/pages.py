"""The people of the organisation."""

from collections.abc import Mapping
from typing import Annotated, Any
from uuid import UUID

from litestar import Request, Response, get, post
from litestar.params import QueryParameter
from litestar.response import Redirect
from litestar.status_codes import HTTP_200_OK, HTTP_303_SEE_OTHER, HTTP_422_UNPROCESSABLE_ENTITY
from pydantic import ValidationError

from kamhub.kit.errors import Refusal
from kamhub.kit.text import mark
from kamhub.platform.access.pages import render_office
from kamhub.platform.api_key import actions as keys
from kamhub.platform.i18n.catalogue import translator
from kamhub.platform.i18n.form_errors import form_errors
from kamhub.platform.i18n.request import locale_of
from kamhub.platform.organisation import actions, invitation_pages
from kamhub.platform.organisation.forms import InvitationForm, RoleForm
from kamhub.platform.organisation.rules import status_of
from kamhub.platform.organisation.types import AlreadyMember, InvitationOver, LastOwner, OwnerOnly
from kamhub.platform.organisation.words import role_names, role_uses
from kamhub.platform.person.services import People
from kamhub.platform.person.types import Staff
from kamhub.platform.web.rules import rule
from kamhub.platform.web.schemas import PageParameters

Asked = Request[Any, Any, Any]
Done = Annotated[str, QueryParameter(max_length=30)]
PageNumber = Annotated[int, QueryParameter(ge=1, le=10_000)]
MEMBERS = "/office/members"
_DONE: Mapping[str, str] = {
    "role": mark("The new role is in force."),
    "removed": mark("That person does not work here any more."),
    "invited": mark("The invitation is on its way."),
    "resent": mark("The invitation is on its way again."),
    "withdrawn": mark("The invitation is withdrawn; its link does not work any more."),
}


@get(MEMBERS, opt=rule(access="staff", rate="page", permission=actions.MANAGE, reply="page"))
async def members(request: Asked, people: People, staff: Staff, done: Done = "", page: PageNumber = 1) -> Response[Any]:
    """Who works here, who is invited, and the form that invites."""
    return await _members(request, people, staff, done=done, page=page)


@post(
    f"{MEMBERS}/{{person_id:uuid}}/role",
    status_code=HTTP_303_SEE_OTHER,
    opt=rule(
        access="staff",
        rate="page",
        csrf="form",
        permission=actions.MANAGE,
        body=RoleForm,
        reply="page",
        refusals=(404,),
        audit="member.role_changed",
    ),
)
async def change_role(request: Asked, people: People, staff: Staff, person_id: UUID) -> Response[Any]:
    """Give a member another role."""
    try:
        form = RoleForm.model_validate(await _sent(request, "role"))
        await actions.change_role(people, staff, person_id, form.role)
    except ValidationError as error:
        await actions.require_member(people, staff, person_id)
        return await _members(request, people, staff, errors={str(person_id): _first(request, error)}, status=422)
    except (LastOwner, OwnerOnly) as refusal:
        return await _members_refused(request, people, staff, str(person_id), refusal)
    return _back("role")


@post(
    f"{MEMBERS}/{{person_id:uuid}}/remove",
    status_code=HTTP_303_SEE_OTHER,
    opt=rule(
        access="staff",
        rate="page",
        csrf="form",
        permission=actions.MANAGE,
        body="none",
        reply="page",
        audit="member.removed",
    ),
)
async def remove_member(request: Asked, people: People, staff: Staff, person_id: UUID) -> Response[Any]:
    """Take a member out."""
    try:
        await actions.remove(people, staff, person_id)
    except (LastOwner, OwnerOnly) as refusal:
        return await _members_refused(request, people, staff, str(person_id), refusal)
    if person_id == staff.person_id:
        return Redirect("/signin", status_code=HTTP_303_SEE_OTHER)
    return _back("removed")


@post(
    "/office/invitations",
    status_code=HTTP_303_SEE_OTHER,
    opt=rule(
        access="staff",
        rate="creation",
        csrf="form",
        permission=actions.MANAGE,
        body=InvitationForm,
        reply="page",
        audit="invitation.created",
    ),
)
async def invite(request: Asked, people: People, staff: Staff) -> Response[Any]:
    """Invite somebody by mail."""
    sent = await _sent(request, "email", "role", "locale")
    try:
        form = InvitationForm.model_validate({name: value for name, value in sent.items() if value})
        await actions.invite(people, staff, form.wanted(locale_of(request)))
    except ValidationError as error:
        errors = form_errors(error, locale_of(request))
        return await _members(request, people, staff, values=sent, errors=errors, status=HTTP_422_UNPROCESSABLE_ENTITY)
    except (AlreadyMember, OwnerOnly) as refusal:
        field = "email" if isinstance(refusal, AlreadyMember) else "role"
        return await _members_refused(request, people, staff, field, refusal, values=sent)
    return _back("invited")


@post(
    "/office/invitations/{invitation_id:uuid}/resend",
    status_code=HTTP_303_SEE_OTHER,
    opt=rule(
        access="staff",
        rate="creation",
        csrf="form",
        permission=actions.MANAGE,
        body="none",
        reply="page",
        audit="invitation.resent",
    ),
)
async def resend(request: Asked, people: People, staff: Staff, invitation_id: UUID) -> Response[Any]:
    """Mail an invitation once more."""
    try:
        await actions.resend(people, staff, invitation_id)
    except (AlreadyMember, OwnerOnly, InvitationOver) as refusal:
        return await _members_refused(request, people, staff, str(invitation_id), refusal)
    return _back("resent")


@post(
    "/office/invitations/{invitation_id:uuid}/revoke",
    status_code=HTTP_303_SEE_OTHER,
    opt=rule(
        access="staff",
        rate="page",
        csrf="form",
        permission=actions.MANAGE,
        body="none",
        reply="page",
        audit="invitation.revoked",
    ),
)
async def revoke(request: Asked, people: People, staff: Staff, invitation_id: UUID) -> Response[Any]:
    """Withdraw an invitation."""
    try:
        await actions.revoke(people, staff, invitation_id)
    except InvitationOver as refusal:
        return await _members_refused(request, people, staff, str(invitation_id), refusal)
    return _back("withdrawn")


async def _members(
    request: Asked,
    people: People,
    staff: Staff,
    *,
    done: str = "",
    page: int = 1,
    values: Mapping[str, str] | None = None,
    errors: Mapping[str, str] | None = None,
    status: int = HTTP_200_OK,
) -> Response[Any]:
    """The page, with what was typed, and what was wrong by field, or by the member or invitation it is about."""
    locale, now = locale_of(request), people.clock.now()
    place = PageParameters(page=page)
    found, total = await actions.members(people, staff, offset=place.offset, limit=place.page_size)
    pending = await actions.pending_invitations(people, staff)
    live_keys = await keys.live_keys_by_maker(people, staff)
    zone = await actions.zone_of(people, staff.organisation_id)
    return await render_office(
        request,
        "organisation/members.html",
        section=MEMBERS,
        status_code=status,
        done=_done(request, done),
        members=found,
        total=total,
        place=place,
        invitations=[(each, status_of(each, now), each.expires_at.astimezone(zone)) for each in pending],
        keys_of=live_keys,
        zone=zone,
        own_id=staff.person_id,
        is_owner=staff.role == "owner",
        roles=role_names(locale),
        uses=role_uses(locale),
        values=values or {},
        errors=errors or {},
        url_path=MEMBERS,
    )


async def _members_refused(
    request: Asked,
    people: People,
    staff: Staff,
    about: str,
    refusal: Refusal,
    *,
    values: Mapping[str, str] | None = None,
) -> Response[Any]:
    errors = {about: _words(request, refusal)}
    return await _members(request, people, staff, values=values, errors=errors, status=refusal.status)


def _words(request: Asked, refusal: Refusal) -> str:
    return translator(locale_of(request)).gettext(refusal.title) + "."


def _first(request: Asked, error: ValidationError) -> str:
    return next(iter(form_errors(error, locale_of(request)).values()))


def _done(request: Asked, done: str) -> str | None:
    return translator(locale_of(request)).gettext(_DONE[done]) if done in _DONE else None


def _back(done: str) -> Redirect:
    return Redirect(f"{MEMBERS}?done={done}", status_code=HTTP_303_SEE_OTHER)


async def _sent(request: Asked, *names: str) -> dict[str, str]:
    form = await request.form()
    return {name: str(form.get(name, "")) for name in names}


HANDLERS = (
    members,
    change_role,
    remove_member,
    invite,
    resend,
    revoke,
    *invitation_pages.HANDLERS,
)
