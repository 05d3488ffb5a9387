"""Following an invitation in a browser."""

from collections.abc import Mapping
from typing import Annotated, Any

from litestar import Request, Response, get, post
from litestar.params import QueryParameter
from litestar.response import Redirect
from litestar.status_codes import HTTP_200_OK, HTTP_303_SEE_OTHER, HTTP_401_UNAUTHORIZED, HTTP_410_GONE

from kamhub.kit.text import mark
from kamhub.platform.i18n.catalogue import translator
from kamhub.platform.i18n.request import locale_of
from kamhub.platform.organisation import joining
from kamhub.platform.organisation.api import joiner_of
from kamhub.platform.organisation.forms import JoinForm
from kamhub.platform.organisation.types import InvitationOver, InvitationShown
from kamhub.platform.organisation.words import role_names
from kamhub.platform.person.services import People
from kamhub.platform.person.types import EmailTaken, InvalidCredentials
from kamhub.platform.second_factor.types import SecondFactorInvalid, SecondFactorRequired
from kamhub.platform.session import actions as sessions
from kamhub.platform.session.cookie import session_token
from kamhub.platform.session.pages import NO_STORE, let_in, session_cookies
from kamhub.platform.session.types import Identity
from kamhub.platform.session.visit import visit_of
from kamhub.platform.web.json import validate
from kamhub.platform.web.pages import render
from kamhub.platform.web.problems import InputInvalid
from kamhub.platform.web.rules import rule

Asked = Request[Any, Any, Any]
TokenGiven = Annotated[str, QueryParameter(max_length=200)]
_WELCOME = "/office?done=joined"
_WRONG_PASSWORD = mark("This is not the password of that account.")
_WRONG_CODE = mark("This code is not right or has been used.")
_CODE_NEEDED = mark("Type the code your authenticator shows, and the password again.")


@get("/invitation", opt=rule(access="page", rate="page", reply="page"), cache_control=NO_STORE)
async def show(request: Asked, people: People, token: TokenGiven = "") -> Response[Any]:
    """Who invites as what, and what is needed to join."""
    try:
        invited = await joining.shown(people, token)
    except InvitationOver:
        return _over(request)
    return await _page(request, people, token, invited)


@post(
    "/invitation",
    status_code=HTTP_303_SEE_OTHER,
    opt=rule(access="page", rate="authentication", csrf="form", body=JoinForm, reply="page", refusals=(410,)),
    cache_control=NO_STORE,
)
async def join(request: Asked, people: People) -> Response[Any]:
    """Become a member and go to the back office, or show what is missing."""
    sent = await request.form()
    fields = {name: str(sent.get(name, "")) for name in ("token", "name", "password", "code")}
    token = fields["token"]
    try:
        invited = await joining.shown(people, token)
        here = await joining.signed_in_as(people, invited, session_token(request))
        if here is not None:
            return await _join_signed_in(request, people, invited, here)
        return await _join(request, people, invited, fields)
    except InvitationOver:
        return _over(request)
    except InputInvalid as refusal:
        errors = {error["field"]: error["message"] for error in refusal.errors(locale_of(request))}
        return await _page(request, people, token, invited, fields, errors, refusal.status)
    except (InvalidCredentials, SecondFactorInvalid, SecondFactorRequired) as refusal:
        errors = _sign_in_errors(request, refusal)
        return await _page(request, people, token, invited, fields, errors, HTTP_401_UNAUTHORIZED)
    except EmailTaken:
        # The account was made since the page was shown: now it asks for its password.
        return await _page(request, people, token, await joining.shown(people, token), fields)


async def _join(request: Asked, people: People, invited: InvitationShown, fields: Mapping[str, str]) -> Redirect:
    form = validate(JoinForm, fields)
    signed_in = await joining.accept_browser(people, invited, joiner_of(form, invited), visit_of(request))
    return await let_in(request, signed_in, _WELCOME)


async def _join_signed_in(request: Asked, people: People, invited: InvitationShown, here: Identity) -> Redirect:
    await joining.accept_signed_in(people, invited, here, visit_of(request))
    token = await sessions.switch_browser(people, here, invited.organisation.id, visit_of(request))
    return Redirect(_WELCOME, status_code=HTTP_303_SEE_OTHER, cookies=session_cookies(request, token))


def _sign_in_errors(request: Asked, refusal: Exception) -> dict[str, str]:
    words = translator(locale_of(request))
    if isinstance(refusal, InvalidCredentials):
        return {"password": words.gettext(_WRONG_PASSWORD)}
    text = _CODE_NEEDED if isinstance(refusal, SecondFactorRequired) else _WRONG_CODE
    return {"code": words.gettext(text)}


async def _page(
    request: Asked,
    people: People,
    token: str,
    invited: InvitationShown,
    values: Mapping[str, str] | None = None,
    errors: Mapping[str, str] | None = None,
    status: int = HTTP_200_OK,
) -> Response[Any]:
    here = await joining.signed_in_as(people, invited, session_token(request))
    page = render(
        request,
        "organisation/invitation.html",
        status_code=status,
        token=token,
        invited=invited,
        signed_in=here is not None,
        role=role_names(locale_of(request))[invited.invitation.role],
        values=values or {},
        errors=errors or {},
    )
    # The address holds the token: no page that is opened from here may learn it.
    # As with mailed links: "no-referrer" would make the browser send the form with the origin "null".
    page.headers["Referrer-Policy"] = "same-origin"
    return page


def _over(request: Asked) -> Response[Any]:
    return render(request, "organisation/invitation_over.html", status_code=HTTP_410_GONE, url_path="/")


HANDLERS = (show, join)
