"""The page of the organisation's keys."""

from collections.abc import Mapping
from typing import Annotated, Any
from uuid import UUID

from litestar import Request, Response, get, post
from litestar.params import QueryParameter
from litestar.response import Redirect
from litestar.status_codes import HTTP_200_OK, HTTP_201_CREATED, HTTP_303_SEE_OTHER, HTTP_422_UNPROCESSABLE_ENTITY
from pydantic import ValidationError

from kamhub.kit.text import mark
from kamhub.platform.access.pages import render_office
from kamhub.platform.access.permissions import INTERFACE_SCOPES, KEY_SCOPES
from kamhub.platform.api_key import actions
from kamhub.platform.api_key.api import MANAGE
from kamhub.platform.api_key.forms import KeyForm
from kamhub.platform.api_key.rules import status_of
from kamhub.platform.api_key.types import KeyMade, ScopeNotYours, TooManyKeys
from kamhub.platform.api_key.words import scope_names
from kamhub.platform.i18n.catalogue import translator
from kamhub.platform.i18n.form_errors import form_errors
from kamhub.platform.i18n.request import locale_of
from kamhub.platform.organisation.actions import zone_of
from kamhub.platform.person.services import People
from kamhub.platform.person.types import Staff
from kamhub.platform.web.rules import rule
from kamhub.platform.web.schemas import PageParameters

Asked = Request[Any, Any, Any]
_SECTION = "/office/keys"
_WITHOUT_END = "never"
_REVOKED = mark("The key does not work any more.")


@get(_SECTION, opt=rule(access="staff", rate="page", permission=MANAGE, reply="page"))
async def keys(
    request: Asked,
    people: People,
    staff: Staff,
    done: Annotated[str, QueryParameter(max_length=30)] = "",
    page: Annotated[int, QueryParameter(ge=1, le=10_000)] = 1,
) -> Response[Any]:
    """The keys there are, and the form that makes one."""
    return await _page(request, people, staff, done=done, page=page)


@post(
    _SECTION,
    status_code=HTTP_201_CREATED,
    opt=rule(
        access="staff",
        rate="creation",
        csrf="form",
        permission=MANAGE,
        body=KeyForm,
        reply="page",
        audit="api_key.created",
    ),
)
async def make(request: Asked, people: People, staff: Staff) -> Response[Any]:
    """Make a key and show it, this once: there is no address that would show it again."""
    sent = await request.form()
    days = str(sent.get("expires_in_days", ""))
    values = {"name": str(sent.get("name", "")), "expires_in_days": days}
    scopes = [str(scope) for scope in sent.getall("scopes", [])]
    try:
        form = KeyForm.model_validate(
            {"name": values["name"], "scopes": scopes, "expires_in_days": None if days == _WITHOUT_END else days}
        )
        made = await actions.make(people, staff, form.wanted())
    except ValidationError as error:
        # Which of the boxes it was is of no use to the reader.
        errors = {field.partition(".")[0]: text for field, text in form_errors(error, locale_of(request)).items()}
        if "scopes" in errors and not scopes:
            errors["scopes"] = translator(locale_of(request)).gettext("Choose at least one right.")
        return await _page(request, people, staff, values=values, scopes=scopes, errors=errors)
    except (TooManyKeys, ScopeNotYours) as refusal:
        text = translator(locale_of(request)).gettext(refusal.title) + "."
        return await _page(
            request, people, staff, values=values, scopes=scopes, errors={"form": text}, status=refusal.status
        )
    return await _page(request, people, staff, made=made, status=HTTP_201_CREATED)


@post(
    f"{_SECTION}/{{key_id:uuid}}/revoke",
    status_code=HTTP_303_SEE_OTHER,
    opt=rule(
        access="staff",
        rate="page",
        csrf="form",
        permission=MANAGE,
        body="none",
        reply="none",
        refusals=(404,),
        audit="api_key.revoked",
    ),
)
async def revoke(people: People, staff: Staff, key_id: UUID) -> Redirect:
    """End a key."""
    await actions.revoke(people, staff, key_id)
    return Redirect(f"{_SECTION}?done=revoked", status_code=HTTP_303_SEE_OTHER)


async def _page(
    request: Asked,
    people: People,
    staff: Staff,
    *,
    done: str = "",
    page: int = 1,
    made: KeyMade | None = None,
    values: Mapping[str, str] | None = None,
    scopes: list[str] | None = None,
    errors: Mapping[str, str] | None = None,
    status: int | None = None,
) -> Response[Any]:
    locale, now, place = locale_of(request), people.clock.now(), PageParameters(page=page)
    found, total = await actions.keys(people, staff, offset=place.offset, limit=place.page_size)
    return await render_office(
        request,
        "api_key/keys.html",
        section=_SECTION,
        status_code=status or (HTTP_422_UNPROCESSABLE_ENTITY if errors else HTTP_200_OK),
        done=translator(locale).gettext(_REVOKED) if done == "revoked" else None,
        keys=[(key, status_of(key, now)) for key in found],
        total=total,
        place=place,
        zone=await zone_of(people, staff.organisation_id),
        made=made,
        names=scope_names(KEY_SCOPES, locale),
        offered=scope_names(KEY_SCOPES & (INTERFACE_SCOPES | staff.permissions), locale),
        values=values or {},
        chosen=scopes or [],
        errors=errors or {},
        url_path=_SECTION,
    )


HANDLERS = (keys, make, revoke)
