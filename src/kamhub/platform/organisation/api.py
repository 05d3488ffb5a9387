"""Members and invitations over HTTP."""

from typing import Any
from uuid import UUID

from litestar import Request, delete, get, patch, post
from litestar.status_codes import HTTP_200_OK, HTTP_201_CREATED, HTTP_204_NO_CONTENT
from litestar.types import ASGIApp

from kamhub.platform.access.permissions import SELF
from kamhub.platform.i18n.request import locale_of
from kamhub.platform.organisation import actions, joining
from kamhub.platform.organisation.forms import InvitationForm, JoinForm, RoleForm
from kamhub.platform.organisation.replies import InvitationListReply, InvitationReply, MemberListReply, MemberReply
from kamhub.platform.organisation.types import InvitationShown
from kamhub.platform.organisation.views import invitation_json, member_json
from kamhub.platform.person.forms import SignUpForm
from kamhub.platform.person.services import People
from kamhub.platform.person.types import Staff
from kamhub.platform.person.views import SignedInView
from kamhub.platform.session.api import NOT_STORED, signed_in_reply
from kamhub.platform.session.visit import visit_of
from kamhub.platform.web.json import json_reply, list_reply, read_json, validate
from kamhub.platform.web.problems import InputInvalid
from kamhub.platform.web.rules import rule
from kamhub.platform.web.schemas import PageParameters

Asked = Request[Any, Any, Any]
_MEMBERS = "/api/organisation/members"
_INVITATIONS = "/api/organisation/invitations"


@get(
    _MEMBERS,
    opt=rule(
        access="staff",
        rate="api",
        permission=actions.MANAGE,
        body=PageParameters,
        reply=MemberListReply,
        refusals=(401, 403, 422),
    ),
)
async def members(request: Asked, people: People, staff: Staff) -> ASGIApp:
    """Who belongs to the organisation, and as what."""
    page = validate(PageParameters, request.query_params)
    found, total = await actions.members(people, staff, offset=page.offset, limit=page.page_size)
    return list_reply([member_json(member) for member in found], page, total, NOT_STORED)


@patch(
    f"{_MEMBERS}/{{person_id:uuid}}",
    opt=rule(
        access="staff",
        rate="api",
        csrf="token",
        permission=actions.MANAGE,
        body=RoleForm,
        reply=MemberReply,
        refusals=(400, 401, 403, 404, 409, 415, 422),
        audit="member.role_changed",
    ),
)
async def change_role(request: Asked, people: People, staff: Staff, person_id: UUID) -> ASGIApp:
    """Give a member another role; it counts from their next request on."""
    try:
        form = await read_json(request, RoleForm)
    except InputInvalid:
        await actions.require_member(people, staff, person_id)
        raise
    member = await actions.change_role(people, staff, person_id, form.role)
    return json_reply(member_json(member), headers=NOT_STORED)


@delete(
    f"{_MEMBERS}/{{person_id:uuid}}",
    status_code=HTTP_204_NO_CONTENT,
    opt=rule(
        access="staff",
        rate="api",
        csrf="token",
        permission=actions.MANAGE,
        body="none",
        reply="none",
        refusals=(401, 403, 404, 409),
        audit="member.removed",
    ),
)
async def remove_member(people: People, staff: Staff, person_id: UUID) -> None:
    """Take a member out of the organisation; they are signed out of it at once."""
    await actions.remove(people, staff, person_id)


@delete(
    "/api/organisation/membership",
    status_code=HTTP_204_NO_CONTENT,
    opt=rule(
        access="staff",
        rate="api",
        csrf="token",
        permission=SELF,
        body="none",
        reply="none",
        refusals=(401, 403, 404, 409),
        audit="member.left",
    ),
)
async def leave(people: People, staff: Staff) -> None:
    """Leave the organisation one works in."""
    await actions.leave(people, staff)


@get(
    _INVITATIONS,
    opt=rule(
        access="staff",
        rate="api",
        permission=actions.MANAGE,
        body=PageParameters,
        reply=InvitationListReply,
        refusals=(401, 403, 422),
    ),
)
async def invitations(request: Asked, people: People, staff: Staff) -> ASGIApp:
    """Every invitation there was, the newest first."""
    page = validate(PageParameters, request.query_params)
    found, total = await actions.invitations(people, staff, offset=page.offset, limit=page.page_size)
    now = people.clock.now()
    return list_reply([invitation_json(invitation, now) for invitation in found], page, total, NOT_STORED)


@post(
    _INVITATIONS,
    status_code=HTTP_201_CREATED,
    opt=rule(
        access="staff",
        rate="creation",
        csrf="token",
        permission=actions.MANAGE,
        body=InvitationForm,
        reply=InvitationReply,
        refusals=(400, 401, 403, 409, 415, 422),
        audit="invitation.created",
    ),
)
async def invite(request: Asked, people: People, staff: Staff) -> ASGIApp:
    """Invite somebody by mail, for seven days; an open invitation to the same address is withdrawn."""
    form = await read_json(request, InvitationForm)
    invitation = await actions.invite(people, staff, form.wanted(locale_of(request)))
    return json_reply(invitation_json(invitation, people.clock.now()), HTTP_201_CREATED, NOT_STORED)


@delete(
    f"{_INVITATIONS}/{{invitation_id:uuid}}",
    status_code=HTTP_204_NO_CONTENT,
    opt=rule(
        access="staff",
        rate="api",
        csrf="token",
        permission=actions.MANAGE,
        body="none",
        reply="none",
        refusals=(401, 403, 404, 410),
        audit="invitation.revoked",
    ),
)
async def revoke(people: People, staff: Staff, invitation_id: UUID) -> None:
    """Withdraw an invitation: its link stops working at once."""
    await actions.revoke(people, staff, invitation_id)


@post(
    f"{_INVITATIONS}/{{invitation_id:uuid}}/resend",
    status_code=HTTP_200_OK,
    opt=rule(
        access="staff",
        rate="creation",
        csrf="token",
        permission=actions.MANAGE,
        body="none",
        reply=InvitationReply,
        refusals=(401, 403, 404, 409, 410),
        audit="invitation.resent",
    ),
)
async def resend(people: People, staff: Staff, invitation_id: UUID) -> ASGIApp:
    """Mail an invitation once more; it is good for seven days again."""
    invitation = await actions.resend(people, staff, invitation_id)
    return json_reply(invitation_json(invitation, people.clock.now()), headers=NOT_STORED)


@post(
    "/api/auth/invitation",
    status_code=HTTP_200_OK,
    opt=rule(
        access="public",
        rate="authentication",
        csrf="anonymous",
        body=JoinForm,
        reply=SignedInView,
        refusals=(400, 401, 409, 410, 415, 422),
    ),
)
async def accept(request: Asked, people: People) -> ASGIApp:
    """Follow an invitation: with an account by its password, without one by a name and a new password."""
    form = await read_json(request, JoinForm)
    invited = await joining.shown(people, form.token)
    return signed_in_reply(await joining.accept(people, invited, joiner_of(form, invited), visit_of(request)))


def joiner_of(form: JoinForm, invited: InvitationShown) -> joining.Joiner:
    """Whoever has an account proves it; the others are judged as at sign-up. Raises ``InputInvalid``."""
    if invited.has_account:
        return form.credentials(invited)
    return validate(SignUpForm, form.sign_up(invited)).account(invited.invitation.locale)


HANDLERS = (members, change_role, remove_member, leave, invitations, invite, revoke, resend, accept)
