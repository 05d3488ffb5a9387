"""Signing in and out on pages, and the sessions of one's account."""

from typing import Annotated, Any
from uuid import UUID

from litestar import Request, Response, get, post
from litestar.datastructures import CacheControlHeader, Cookie
from litestar.di import Provide
from litestar.params import QueryParameter
from litestar.response import Redirect
from litestar.status_codes import HTTP_200_OK, HTTP_303_SEE_OTHER, HTTP_401_UNAUTHORIZED
from pydantic import ValidationError

from kamhub.platform.access.guard import current_identity
from kamhub.platform.access.permissions import SELF
from kamhub.platform.i18n.pages import own_path
from kamhub.platform.person import actions as people_actions
from kamhub.platform.person.services import People
from kamhub.platform.person.trail import record_for_person
from kamhub.platform.person.types import InvalidCredentials, OrganisationNotFound
from kamhub.platform.second_factor.types import SecondFactorInvalid, SecondFactorRequired
from kamhub.platform.session import actions
from kamhub.platform.session import sign_in as sign_ins
from kamhub.platform.session.cookie import csrf_binding, ended_cookie, session_cookie, session_token
from kamhub.platform.session.forms import CodeForm, SignInForm, SwitchForm
from kamhub.platform.session.types import ChallengeOver, Identity, SignedInBrowser
from kamhub.platform.session.visit import visit_of
from kamhub.platform.web.csrf import Csrf
from kamhub.platform.web.pages import render
from kamhub.platform.web.rules import rule

NO_STORE = CacheControlHeader(no_store=True)
OFFICE = "/office"
_DEVICE = "device"
_YEAR = 365 * 24 * 3600
_IDENTITY = {"identity": Provide(current_identity)}
Asked = Request[Any, Any, Any]
WayOn = Annotated[str, QueryParameter(name="next", max_length=500)]


@get("/signin", opt=rule(access="page", rate="page", reply="page"), cache_control=NO_STORE)
async def sign_in_form(request: Asked, people: People, way_on: WayOn = "") -> Response[Any]:
    """Ask for e-mail and password; whoever is signed in goes on."""
    token = session_token(request)
    if token is not None and await actions.is_live(people, token):
        return Redirect(own_path(way_on) if way_on else OFFICE, status_code=HTTP_303_SEE_OTHER)
    return render(request, "session/sign_in.html", email="", failed=False, way_on=own_path(way_on) if way_on else "")


@post(
    "/signin",
    status_code=HTTP_200_OK,
    opt=rule(access="page", rate="authentication", csrf="form", body=SignInForm, reply="page"),
    cache_control=NO_STORE,
)
async def sign_in(request: Asked, people: People) -> Response[Any]:
    """Begin a session, ask for the code where one is needed, or say one and the same sentence whatever was wrong."""
    sent = await _sent(request, "email", "password", "next")
    way_on = own_path(sent["next"]) if sent["next"] else ""
    try:
        form = SignInForm(email=sent["email"], password=sent["password"])
        credentials = form.credentials(request.cookies.get(_DEVICE))
        signed_in = await sign_ins.sign_in_browser(people, credentials, visit_of(request))
    except SecondFactorRequired as step:
        return _code_page(request, step.challenge, way_on)
    except (ValidationError, InvalidCredentials):
        return render(
            request,
            "session/sign_in.html",
            status_code=HTTP_401_UNAUTHORIZED,
            email=sent["email"],
            failed=True,
            way_on=way_on,
        )
    return await let_in(request, signed_in, way_on)


@post(
    "/signin/code",
    status_code=HTTP_200_OK,
    opt=rule(access="page", rate="authentication", csrf="form", body=CodeForm, reply="page"),
    cache_control=NO_STORE,
)
async def give_code(request: Asked, people: People) -> Response[Any]:
    """The second step: a code by time, or a recovery code."""
    sent = await _sent(request, "challenge", "code", "next")
    way_on = own_path(sent["next"]) if sent["next"] else ""
    try:
        form = CodeForm(challenge=sent["challenge"], code=sent["code"])
        signed_in = await sign_ins.complete(
            people, form.challenge, form.code, visit_of(request), request.cookies.get(_DEVICE)
        )
    except ChallengeOver:
        return Redirect("/signin", status_code=HTTP_303_SEE_OTHER)
    except (ValidationError, SecondFactorInvalid):
        return _code_page(request, sent["challenge"], way_on, failed=True)
    return await let_in(request, signed_in, way_on)


@post(
    "/signout",
    status_code=HTTP_303_SEE_OTHER,
    opt=rule(access="page", rate="page", csrf="form", body="none", reply="none"),
    cache_control=NO_STORE,
)
async def sign_out(request: Asked, people: People) -> Redirect:
    """End the session of this browser."""
    token = session_token(request)
    if token is not None:
        await actions.sign_out_browser(people, token)
    csrf: Csrf = request.app.state.csrf
    cookies = [ended_cookie(production=people.production), csrf.fresh()[1]]
    return Redirect("/signin", status_code=HTTP_303_SEE_OTHER, cookies=cookies)


@post(
    "/account/sessions/{session_id:uuid}/end",
    status_code=HTTP_303_SEE_OTHER,
    dependencies=_IDENTITY,
    opt=rule(
        access="staff", rate="page", csrf="form", permission=SELF, body="none", reply="none", audit="session.ended"
    ),
)
async def end_session(request: Asked, people: People, identity: Identity, session_id: UUID) -> Redirect:
    """End one of one's own sessions; one that is over already is no fault."""
    account, _ = await people_actions.me(people, identity)
    async with people.database.system() as connection:
        await actions.end(people, connection, identity.person_id, session_id)
        await record_for_person(people, connection, account.person, "session.ended", visit_of(request))
    return Redirect("/account?done=session_ended", status_code=HTTP_303_SEE_OTHER)


@post(
    "/account/organisation",
    status_code=HTTP_303_SEE_OTHER,
    dependencies=_IDENTITY,
    opt=rule(
        access="staff",
        rate="page",
        csrf="form",
        permission=SELF,
        body=SwitchForm,
        reply="none",
        refusals=(404,),
        audit="session.began",
    ),
)
async def switch(request: Asked, people: People, identity: Identity) -> Redirect:
    """Go on in another of one's organisations, by a new session."""
    try:
        form = SwitchForm.model_validate(await _sent(request, "organisation_id"))
    except ValidationError:
        raise OrganisationNotFound from None  # what is no id is nobody's organisation
    token = await actions.switch_browser(people, identity, form.organisation_id, visit_of(request))
    return Redirect(OFFICE, status_code=HTTP_303_SEE_OTHER, cookies=session_cookies(request, token))


async def let_in(request: Asked, signed_in: SignedInBrowser, way_on: str = "") -> Redirect:
    """Into the back office, or where the reader wanted to go, with the session's cookies; an earlier session ends."""
    people: People = request.app.state.people
    earlier = session_token(request)
    if earlier is not None:
        await actions.sign_out_browser(people, earlier)
    production = people.production
    known = Cookie(
        key=_DEVICE,
        value=signed_in.device,
        path="/signin",
        max_age=_YEAR,
        httponly=True,
        samesite="lax",
        secure=production,
    )
    cookies = [*session_cookies(request, signed_in.token), known]
    return Redirect(way_on or OFFICE, status_code=HTTP_303_SEE_OTHER, cookies=cookies)


def session_cookies(request: Asked, token: str) -> list[Cookie]:
    """The session's cookie, and a new token for forms that is tied to it."""
    csrf: Csrf = request.app.state.csrf
    production: bool = request.app.state.settings.production
    return [session_cookie(token, production=production), csrf.fresh(csrf_binding(token))[1]]


def _code_page(request: Asked, challenge: str, way_on: str, *, failed: bool = False) -> Response[Any]:
    return render(
        request,
        "session/code.html",
        status_code=HTTP_401_UNAUTHORIZED if failed else HTTP_200_OK,
        challenge=challenge,
        failed=failed,
        way_on=way_on,
        url_path="/signin",
    )


async def _sent(request: Asked, *names: str) -> dict[str, str]:
    form = await request.form()
    return {name: str(form.get(name, "")) for name in names}


HANDLERS = (sign_in_form, sign_in, give_code, sign_out, end_session, switch)
