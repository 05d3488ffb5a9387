"""Setting a new password and confirming an address, by the links in mails.

Opening a link changes nothing, because mail scanners open them too: the page has a button. The token stays out of what
other sites see, and of caches.
"""

from typing import Annotated, Any

from litestar import Request, Response, get, post
from litestar.params import QueryParameter
from litestar.status_codes import HTTP_200_OK, HTTP_202_ACCEPTED, HTTP_410_GONE, HTTP_422_UNPROCESSABLE_ENTITY
from pydantic import ValidationError

from kamhub.platform.i18n.form_errors import form_errors
from kamhub.platform.i18n.request import locale_of
from kamhub.platform.mailed_link import actions
from kamhub.platform.mailed_link.forms import LinkForm, NewPasswordForm, ResetForm
from kamhub.platform.mailed_link.types import LinkOver
from kamhub.platform.person.new_password import PasswordGuessable
from kamhub.platform.person.services import People
from kamhub.platform.session.pages import NO_STORE
from kamhub.platform.session.visit import visit_of
from kamhub.platform.web.pages import errors_of, render
from kamhub.platform.web.rules import rule

Asked = Request[Any, Any, Any]
TokenGiven = Annotated[str, QueryParameter(max_length=200)]
_PAGE = rule(access="page", rate="page", reply="page")


@get("/password-reset", opt=_PAGE)
async def ask_form(request: Asked) -> Response[Any]:
    """Ask whose password it is."""
    return render(request, "mailed_link/ask.html", email="", errors={})


@post(
    "/password-reset",
    status_code=HTTP_202_ACCEPTED,
    opt=rule(access="page", rate="authentication", csrf="form", body=ResetForm, reply="page"),
    cache_control=NO_STORE,
)
async def ask(request: Asked, people: People) -> Response[Any]:
    """Say that a mail is on its way if there is an account, whether there is or not."""
    email = str((await request.form()).get("email", ""))
    try:
        form = ResetForm(email=email)
    except ValidationError as error:
        errors = form_errors(error, locale_of(request))
        return render(
            request, "mailed_link/ask.html", status_code=HTTP_422_UNPROCESSABLE_ENTITY, email=email, errors=errors
        )
    await actions.ask_for_password_reset(people, form.email)
    return render(request, "mailed_link/asked.html", status_code=HTTP_202_ACCEPTED, url_path="/password-reset")


@get("/password-reset/new", opt=_PAGE, cache_control=NO_STORE)
async def new_password_form(request: Asked, people: People, token: TokenGiven = "") -> Response[Any]:
    """Ask for the new password, if the link is still good."""
    if not await actions.is_open(people, "password_reset", token):
        return _over(request)
    return _private(
        render(request, "mailed_link/new_password.html", token=token, errors={}, url_path="/password-reset")
    )


@post(
    "/password-reset/new",
    status_code=HTTP_200_OK,
    opt=rule(access="page", rate="authentication", csrf="form", body=NewPasswordForm, reply="page"),
    cache_control=NO_STORE,
)
async def new_password(request: Asked, people: People) -> Response[Any]:
    """Save it; every session of the person ends."""
    sent = await request.form()
    token = str(sent.get("token", ""))
    try:
        form = NewPasswordForm(token=token, password=str(sent.get("password", "")))
        await actions.set_new_password(people, form.token, form.password, visit_of(request))
    except (ValidationError, PasswordGuessable) as error:
        errors = errors_of(error, locale_of(request))
        page = render(
            request,
            "mailed_link/new_password.html",
            status_code=HTTP_422_UNPROCESSABLE_ENTITY,
            token=token,
            errors=errors,
            url_path="/password-reset",
        )
        return _private(page)
    except LinkOver:
        return _over(request)
    return render(request, "mailed_link/password_set.html", url_path="/signin")


@get("/email-confirmation", opt=_PAGE, cache_control=NO_STORE)
async def confirm_form(request: Asked, people: People, token: TokenGiven = "") -> Response[Any]:
    """Ask whether it is the reader's address, if the link is still good."""
    if not await actions.is_open(people, "email_confirmation", token):
        return _over(request)
    return _private(render(request, "mailed_link/confirm.html", token=token, confirmed=False, url_path="/"))


@post(
    "/email-confirmation",
    status_code=HTTP_200_OK,
    opt=rule(access="page", rate="authentication", csrf="form", body=LinkForm, reply="page"),
    cache_control=NO_STORE,
)
async def confirm(request: Asked, people: People) -> Response[Any]:
    """Take the address as confirmed."""
    try:
        form = LinkForm(token=str((await request.form()).get("token", "")))
        await actions.confirm_email(people, form.token)
    except (ValidationError, LinkOver):
        return _over(request)
    return render(request, "mailed_link/confirm.html", token="", confirmed=True, url_path="/")


def _over(request: Asked) -> Response[Any]:
    return render(request, "mailed_link/over.html", status_code=HTTP_410_GONE, url_path="/password-reset")


def _private(page: Response[bytes]) -> Response[bytes]:
    # Not "no-referrer": a browser then sends the form with the origin "null", which the wall before it refuses.
    page.headers["Referrer-Policy"] = "same-origin"
    return page


HANDLERS = (ask_form, ask, new_password_form, new_password, confirm_form, confirm)
