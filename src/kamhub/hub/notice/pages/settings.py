"""The page of how the organisation speaks to its travellers."""

from collections.abc import Mapping
from typing import Annotated, Any

from litestar import Response, get, post
from litestar.params import QueryParameter
from litestar.response import Redirect
from litestar.status_codes import HTTP_200_OK, HTTP_303_SEE_OTHER, HTTP_422_UNPROCESSABLE_ENTITY
from pydantic import ValidationError

from kamhub.hub.notice.actions import settings
from kamhub.hub.notice.api import READ, WRITE
from kamhub.hub.notice.forms import NoticeSettingsPageForm
from kamhub.hub.notice.pages.base import SECTION, Asked, render
from kamhub.hub.notice.views import settings_json
from kamhub.hub.services import Hub
from kamhub.kit.text import mark
from kamhub.platform.i18n.catalogue import translator
from kamhub.platform.i18n.form_errors import form_errors
from kamhub.platform.i18n.request import locale_of
from kamhub.platform.person.services import People
from kamhub.platform.person.types import Staff
from kamhub.platform.web.rules import rule
from kamhub.platform.web.versions import VersionStale

SETTINGS = f"{SECTION}/settings"
_SAVED = mark("The settings are saved.")
# Never shown again, not even to whoever has just typed them.
_SECRETS = frozenset({"telegram_token", "sms_key"})


@get(SETTINGS, opt=rule(access="staff", rate="page", permission=READ, reply="page"))
async def show(
    request: Asked,
    hub: Hub,
    people: People,
    staff: Staff,
    done: Annotated[str, QueryParameter(max_length=30)] = "",
) -> Response[Any]:
    """Sender, quiet hours, bot, short messages, reviews."""
    return await _page(request, hub, people, staff, done=done)


@post(
    SETTINGS,
    status_code=HTTP_303_SEE_OTHER,
    opt=rule(
        access="staff",
        rate="page",
        csrf="form",
        permission=WRITE,
        body=NoticeSettingsPageForm,
        reply="page",
        refusals=(412, 422),
        audit="notice_settings.changed",
    ),
)
async def save(request: Asked, hub: Hub, people: People, staff: Staff) -> Response[Any]:
    """Save what the form says, or show it again with what is wrong."""
    sent = {name: str(value) for name, value in (await request.form()).items()}
    locale = locale_of(request)
    try:
        form = NoticeSettingsPageForm.model_validate(sent)
        await settings.change(hub, staff, form.changes(), form.version)
    except ValidationError as error:
        found = form_errors(error, locale)
        return await _page(request, hub, people, staff, values=sent, errors={**found, "form": found.get("body", "")})
    except VersionStale as stale:
        errors = {"form": translator(locale).gettext(stale.title) + "."}
        return await _page(request, hub, people, staff, values=sent, errors=errors, status=stale.status)
    return Redirect(f"{SETTINGS}?done=saved", status_code=HTTP_303_SEE_OTHER)


async def _page(
    request: Asked,
    hub: Hub,
    people: People,
    staff: Staff,
    *,
    done: str = "",
    values: Mapping[str, str] | None = None,
    errors: Mapping[str, str] | None = None,
    status: int | None = None,
) -> Response[Any]:
    found = await settings.settings(hub, staff)
    present = {name: "" if value is None else str(value) for name, value in settings_json(found).items()}
    present["reviews"] = "yes" if found.reviews else ""
    if values is not None:  # a box that was not ticked is not sent
        present["reviews"] = ""
    typed = {name: text for name, text in (values or {}).items() if name not in _SECRETS}
    return await render(
        request,
        people,
        staff,
        "notice/settings.html",
        status_code=status or (HTTP_422_UNPROCESSABLE_ENTITY if errors else HTTP_200_OK),
        done=translator(locale_of(request)).gettext(_SAVED) if done == "saved" else None,
        settings=found,
        values={**present, **typed},
        errors=errors or {},
        url_path=SETTINGS,
    )


HANDLERS = (show, save)
