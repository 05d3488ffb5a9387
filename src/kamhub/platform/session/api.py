"""Signing in and out, tokens, and the list of one's sessions over HTTP."""

from typing import Any
from uuid import UUID

from litestar import Request, delete, get, post
from litestar.di import Provide
from litestar.status_codes import HTTP_200_OK, HTTP_201_CREATED, HTTP_204_NO_CONTENT
from litestar.types import ASGIApp

from kamhub.platform.access.guard import current_identity
from kamhub.platform.access.permissions import SELF
from kamhub.platform.person import actions as people_actions
from kamhub.platform.person.services import People
from kamhub.platform.person.trail import record_for_person
from kamhub.platform.person.views import SignedInView
from kamhub.platform.session import actions
from kamhub.platform.session import sign_in as sign_ins
from kamhub.platform.session.forms import RefreshForm, SignInForm, SwitchForm
from kamhub.platform.session.types import Identity, SignedIn
from kamhub.platform.session.views import SessionList, SessionView
from kamhub.platform.session.visit import visit_of
from kamhub.platform.web.json import json_reply, read_json
from kamhub.platform.web.rules import rule

Asked = Request[Any, Any, Any]
# Tokens and personal data must not stay in anybody's cache (RFC 6749, 5.1).
NOT_STORED = {"Cache-Control": "no-store"}
_IDENTITY = {"identity": Provide(current_identity)}
_LONGEST_LIST = 200


@post(
    "/api/auth/signin",
    status_code=HTTP_200_OK,
    opt=rule(
        access="public",
        rate="authentication",
        csrf="anonymous",
        body=SignInForm,
        reply=SignedInView,
        refusals=(400, 401, 415, 422),
    ),
)
async def sign_in(request: Asked, people: People) -> ASGIApp:
    """Exchange an e-mail and a password, and where it is on a code of the second factor, for tokens."""
    form = await read_json(request, SignInForm)
    return signed_in_reply(await sign_ins.sign_in(people, form.credentials(), visit_of(request)))


@post(
    "/api/auth/refresh",
    status_code=HTTP_200_OK,
    opt=rule(
        access="public",
        rate="public",
        csrf="token",
        body=RefreshForm,
        reply=SignedInView,
        refusals=(400, 401, 415, 422),
    ),
)
async def refresh(request: Asked, people: People) -> ASGIApp:
    """Exchange a refresh token for the next pair; using one twice ends its whole session."""
    form = await read_json(request, RefreshForm)
    return signed_in_reply(await actions.refresh(people, form.refresh_token))


@post(
    "/api/auth/signout",
    status_code=HTTP_204_NO_CONTENT,
    opt=rule(access="public", rate="public", csrf="token", body=RefreshForm, reply="none", refusals=(400, 415, 422)),
)
async def sign_out(request: Asked, people: People) -> None:
    """End the session of a refresh token; an unknown one is answered alike."""
    form = await read_json(request, RefreshForm)
    await actions.sign_out(people, form.refresh_token)


@post(
    "/api/auth/switch",
    status_code=HTTP_201_CREATED,
    dependencies=_IDENTITY,
    opt=rule(
        access="staff",
        rate="api",
        csrf="token",
        permission=SELF,
        body=SwitchForm,
        reply=SignedInView,
        refusals=(400, 401, 403, 404, 415, 422),
        audit="session.began",
    ),
)
async def switch(request: Asked, people: People, identity: Identity) -> ASGIApp:
    """A further session of the same person, in another of their organisations."""
    form = await read_json(request, SwitchForm)
    switched = await actions.switch_program(people, identity, form.organisation_id, visit_of(request))
    return signed_in_reply(switched, HTTP_201_CREATED)


@get(
    "/api/me/sessions",
    dependencies=_IDENTITY,
    opt=rule(access="staff", rate="api", permission=SELF, reply=SessionList, refusals=(401, 403)),
)
async def sessions(people: People, identity: Identity) -> ASGIApp:
    """Where one is signed in, last used first."""
    found = await actions.live_sessions(people, identity.person_id)
    items = [SessionView.of(session, identity.session_id) for session in found]
    view = SessionList(items=items, page=1, page_size=_LONGEST_LIST, total=len(items))
    return json_reply(view.model_dump(mode="json"), headers=NOT_STORED)


@delete(
    "/api/me/sessions/{session_id:uuid}",
    status_code=HTTP_204_NO_CONTENT,
    dependencies=_IDENTITY,
    opt=rule(
        access="staff",
        rate="api",
        csrf="token",
        permission=SELF,
        body="none",
        reply="none",
        refusals=(401, 403, 404),
        audit="session.ended",
    ),
)
async def end_session(request: Asked, people: People, identity: Identity, session_id: UUID) -> None:
    """End one of one's own sessions: its browser or program is signed out at once."""
    account, _ = await people_actions.me(people, identity)
    async with people.database.system() as connection:
        await actions.end(people, connection, identity.person_id, session_id)
        await record_for_person(people, connection, account.person, "session.ended", visit_of(request))


def signed_in_reply(signed_in: SignedIn, status: int = HTTP_200_OK) -> ASGIApp:
    """Tokens as a reply that nobody keeps."""
    view = SignedInView.of(signed_in)
    return json_reply(view.model_dump(mode="json", exclude_none=True), status, headers=NOT_STORED)


HANDLERS = (sign_in, refresh, sign_out, switch, sessions, end_session)
