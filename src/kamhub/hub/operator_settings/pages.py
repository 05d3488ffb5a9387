"""The page of what an operator sets for the whole organisation."""

from collections.abc import Mapping
from typing import Annotated, Any

from litestar import Request, Response, get, post
from litestar.params import QueryParameter
from litestar.response import Redirect
from litestar.status_codes import HTTP_200_OK, HTTP_303_SEE_OTHER, HTTP_422_UNPROCESSABLE_ENTITY
from pydantic import ValidationError

from kamhub.hub.operator_settings import actions
from kamhub.hub.operator_settings.api import MANAGE
from kamhub.hub.operator_settings.forms import SettingsPageForm
from kamhub.hub.operator_settings.rules import version_of
from kamhub.hub.services import Hub
from kamhub.kit.text import mark
from kamhub.platform.access.pages import render_office
from kamhub.platform.i18n.request import locale_of
from kamhub.platform.person.types import Staff
from kamhub.platform.web.pages import errors_of, said, sentence_of
from kamhub.platform.web.rules import rule
from kamhub.platform.web.versions import VersionStale

Asked = Request[Any, Any, Any]
_SECTION = "/office/settings"
_DONE: Mapping[str, str] = {"changed": mark("The changes are saved.")}
_NAMES = ("rest_minutes", "hold_minutes", "sales_cutoff_minutes")


@get(_SECTION, opt=rule(access="staff", rate="page", permission=MANAGE, reply="page"))
async def show(
    request: Asked, hub: Hub, staff: Staff, done: Annotated[str, QueryParameter(max_length=30)] = ""
) -> Response[Any]:
    """What is set, to be changed."""
    return await _page(request, hub, staff, done=done)


@post(
    _SECTION,
    status_code=HTTP_303_SEE_OTHER,
    opt=rule(
        access="staff",
        rate="page",
        csrf="form",
        permission=MANAGE,
        body=SettingsPageForm,
        reply="page",
        refusals=(412, 422),
        audit="organisation.settings_changed",
    ),
)
async def change(request: Asked, hub: Hub, staff: Staff) -> Response[Any]:
    """Save what was changed."""
    sent = await request.form()
    values = {name: str(sent.get(name, "")) for name in (*_NAMES, "version")}
    try:
        form = SettingsPageForm.model_validate(values)
        await actions.change(hub, staff, lambda _: form.settings(), form.version)
    except ValidationError as error:
        return await _page(request, hub, staff, values=values, errors=errors_of(error, locale_of(request)))
    except VersionStale as refusal:
        errors = {"form": sentence_of(request, refusal)}
        return await _page(request, hub, staff, values=values, errors=errors, status=refusal.status)
    return Redirect(f"{_SECTION}?done=changed", status_code=HTTP_303_SEE_OTHER)


async def _page(
    request: Asked,
    hub: Hub,
    staff: Staff,
    *,
    done: str = "",
    values: Mapping[str, str] | None = None,
    errors: Mapping[str, str] | None = None,
    status: int | None = None,
) -> Response[Any]:
    present = await actions.settings(hub, staff)
    return await render_office(
        request,
        "operator_settings/settings.html",
        section=_SECTION,
        status_code=status or (HTTP_422_UNPROCESSABLE_ENTITY if errors else HTTP_200_OK),
        done=said(request, _DONE, done),
        values=values or {name: str(value) for name, value in present.as_json().items()},
        version=version_of(present),
        errors=errors or {},
        url_path=_SECTION,
    )


HANDLERS = (show, change)
