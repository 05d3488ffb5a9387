"""Signing up, and the page of one's own account."""

from collections.abc import Mapping
from typing import Annotated, Any

from litestar import Request, Response, get, post
from litestar.di import Provide
from litestar.params import QueryParameter
from litestar.response import Redirect
from litestar.status_codes import HTTP_200_OK, HTTP_303_SEE_OTHER, HTTP_409_CONFLICT, HTTP_422_UNPROCESSABLE_ENTITY
from pydantic import ValidationError

from kamhub.kit.text import mark
from kamhub.platform.access.guard import current_identity
from kamhub.platform.access.pages import render_office
from kamhub.platform.access.permissions import SELF
from kamhub.platform.i18n.catalogue import translator
from kamhub.platform.i18n.request import locale_of
from kamhub.platform.person import actions
from kamhub.platform.person.forms import PasswordForm, ProfileForm, SignUpForm
from kamhub.platform.person.new_password import PasswordGuessable
from kamhub.platform.person.services import People
from kamhub.platform.person.types import EmailTaken, PasswordWrong
from kamhub.platform.second_factor import own as second_factor
from kamhub.platform.session import actions as sessions
from kamhub.platform.session.pages import NO_STORE, let_in
from kamhub.platform.session.rules import agent_name
from kamhub.platform.session.types import Identity
from kamhub.platform.session.visit import visit_of
from kamhub.platform.web.pages import errors_of, render
from kamhub.platform.web.rules import rule

_IDENTITY = {"identity": Provide(current_identity)}
_SECTION = "/account"
_DONE: Mapping[str, str] = {
    "saved": mark("Saved."),
    "password": mark("The new password is in force. Everywhere else you are signed out."),
    "session_ended": mark("That session has ended."),
    "mailed": mark("We have sent the mail. Open the link in it."),
    "factor_off": mark("The second step is off."),
}
Asked = Request[Any, Any, Any]


@get("/signup", opt=rule(access="page", rate="page", reply="page"))
async def sign_up_form(request: Asked) -> Response[Any]:
    """Ask for what an account needs."""
    return render(request, "person/sign_up.html", values={}, errors={})


@post(
    "/signup",
    status_code=HTTP_303_SEE_OTHER,
    opt=rule(access="page", rate="authentication", csrf="form", body=SignUpForm, reply="page"),
    cache_control=NO_STORE,
)
async def sign_up(request: Asked, people: People) -> Response[Any]:
    """Make the account with its organisation and go to the back office, or show the form again."""
    sent = await _sent(request, "email", "name", "organisation_name", "password")
    locale = locale_of(request)
    try:
        form = SignUpForm.model_validate({**sent, "locale": locale})
        signed_up = await actions.sign_up_browser(people, form.account(locale), visit_of(request))
    except (ValidationError, PasswordGuessable) as error:
        return _sign_up_again(request, sent, errors_of(error, locale), HTTP_422_UNPROCESSABLE_ENTITY)
    except EmailTaken:
        taken = translator(locale).gettext(
            "There is an account with this e-mail already. Sign in, or set a new password."
        )
        return _sign_up_again(request, sent, {"email": taken}, HTTP_409_CONFLICT)
    return await let_in(request, signed_up)


@get(
    "/account",
    dependencies=_IDENTITY,
    opt=rule(access="staff", rate="page", permission=SELF, reply="page"),
)
async def account(
    request: Asked,
    people: People,
    identity: Identity,
    done: Annotated[str, QueryParameter(max_length=30)] = "",
) -> Response[Any]:
    """Name, password, second step, sessions and organisations of oneself."""
    return await account_page(request, people, identity, done=done)


@post(
    "/account/profile",
    status_code=HTTP_303_SEE_OTHER,
    dependencies=_IDENTITY,
    opt=rule(
        access="staff",
        rate="page",
        csrf="form",
        permission=SELF,
        body=ProfileForm,
        reply="page",
        audit="profile.changed",
    ),
)
async def change_profile(request: Asked, people: People, identity: Identity) -> Response[Any]:
    """Save name and language."""
    sent = await _sent(request, "name", "locale")
    try:
        form = ProfileForm.model_validate(sent)
    except ValidationError as error:
        return await account_page(request, people, identity, values=sent, errors=errors_of(error, locale_of(request)))
    await actions.change_profile(people, identity, form.name, form.locale, visit_of(request))
    return _back("saved")


@post(
    "/account/password",
    status_code=HTTP_303_SEE_OTHER,
    dependencies=_IDENTITY,
    opt=rule(
        access="staff",
        rate="authentication",
        csrf="form",
        permission=SELF,
        body=PasswordForm,
        reply="page",
        audit="password.changed",
    ),
)
async def change_password(request: Asked, people: People, identity: Identity) -> Response[Any]:
    """Save the new password; every other session ends."""
    locale = locale_of(request)
    try:
        form = PasswordForm.model_validate(await _sent(request, "current_password", "new_password"))
        await actions.change_password(people, identity, form.current_password, form.new_password, visit_of(request))
    except (ValidationError, PasswordGuessable) as error:
        return await account_page(request, people, identity, errors=errors_of(error, locale))
    except PasswordWrong:
        wrong = {"current_password": translator(locale).gettext("This is not your password.")}
        return await account_page(request, people, identity, errors=wrong)
    return _back("password")


@post(
    "/account/email-confirmation",
    status_code=HTTP_303_SEE_OTHER,
    dependencies=_IDENTITY,
    opt=rule(
        access="staff",
        rate="authentication",
        csrf="form",
        permission=SELF,
        body="none",
        reply="none",
        audit="email_confirmation.asked",
    ),
)
async def ask_to_confirm(request: Asked, people: People, identity: Identity) -> Redirect:
    """Mail the link that confirms the address once more."""
    await actions.ask_to_confirm_email(people, identity, visit_of(request))
    return _back("mailed")


async def account_page(
    request: Asked,
    people: People,
    identity: Identity,
    *,
    done: str = "",
    values: Mapping[str, str] | None = None,
    errors: Mapping[str, str] | None = None,
) -> Response[Any]:
    """The page of one's account, with what was typed and what was wrong with it."""
    words = translator(locale_of(request))
    return await render_office(
        request,
        "person/account.html",
        section=_SECTION,
        status_code=HTTP_422_UNPROCESSABLE_ENTITY if errors else HTTP_200_OK,
        done=words.gettext(_DONE[done]) if done in _DONE else None,
        sessions=await sessions.live_sessions(people, identity.person_id),
        current_session=identity.session_id,
        agent_name=agent_name,
        recovery_codes_left=await second_factor.recovery_codes_left(people, identity),
        values=values or {},
        errors=errors or {},
        url_path=_SECTION,
    )


def _sign_up_again(request: Asked, sent: Mapping[str, str], errors: Mapping[str, str], status: int) -> Response[Any]:
    return render(request, "person/sign_up.html", status_code=status, values=sent, errors=errors, url_path="/signup")


def _back(done: str) -> Redirect:
    return Redirect(f"{_SECTION}?done={done}", status_code=HTTP_303_SEE_OTHER)


async def _sent(request: Asked, *names: str) -> dict[str, str]:
    form = await request.form()
    return {name: str(form.get(name, "")) for name in names}


HANDLERS = (sign_up_form, sign_up, account, change_profile, change_password, ask_to_confirm)
