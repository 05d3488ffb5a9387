"""The page where people of an operator sign in."""

from typing import Any

from litestar import Request, Response, get, post
from litestar.datastructures import CacheControlHeader
from litestar.status_codes import HTTP_200_OK, HTTP_401_UNAUTHORIZED
from pydantic import ValidationError

from kamhub.platform.person import actions
from kamhub.platform.person.forms import SignInForm
from kamhub.platform.person.services import People
from kamhub.platform.person.types import InvalidCredentials
from kamhub.platform.web.pages import render
from kamhub.platform.web.rules import rule

_NO_STORE = CacheControlHeader(no_store=True)
Asked = Request[Any, Any, Any]


@get("/signin", opt=rule(access="page", rate="page"))
async def sign_in_form(request: Asked) -> Response[Any]:
    """Ask for e-mail and password."""
    return render(request, "person/sign_in.html", email="", failed=False)


@post(
    "/signin",
    status_code=HTTP_200_OK,
    opt=rule(access="page", rate="authentication", csrf="form"),
    cache_control=_NO_STORE,
)
async def sign_in(request: Asked, people: People) -> Response[Any]:
    """Show who that is and where they work, or say one and the same sentence whatever was wrong.

    No session begins here: there is no page yet that would need one.
    """
    sent = {name: str((await request.form()).get(name, "")) for name in ("email", "password")}
    try:
        form = SignInForm.model_validate(sent)
        person, place = await actions.recognise(people, email=form.email, password=form.password)
    except (ValidationError, InvalidCredentials):
        return render(
            request,
            "person/sign_in.html",
            status_code=HTTP_401_UNAUTHORIZED,
            email=sent["email"],
            failed=True,
        )
    return render(request, "person/signed_in.html", person=person, place=place, url_path="/signin")


HANDLERS = (sign_in_form, sign_in)
