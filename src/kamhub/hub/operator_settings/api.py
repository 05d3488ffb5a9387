"""Settings of an operator over HTTP."""

from typing import Any

from litestar import Request, get, patch
from litestar.types import ASGIApp

from kamhub.hub.operator_settings import actions
from kamhub.hub.operator_settings.forms import SettingsForm
from kamhub.hub.operator_settings.replies import SettingsReply
from kamhub.hub.operator_settings.rules import version_of
from kamhub.hub.operator_settings.types import OperatorSettings
from kamhub.hub.services import Hub
from kamhub.platform.person.types import Staff
from kamhub.platform.web.json import json_reply, parse_json, read_body
from kamhub.platform.web.rules import rule
from kamhub.platform.web.versions import asked_version, etag, require_version

Asked = Request[Any, Any, Any]
MANAGE = "organisation.manage"
_SETTINGS = "/api/organisation/settings"


@get(_SETTINGS, opt=rule(access="staff", rate="api", permission=MANAGE, reply=SettingsReply))
async def show(hub: Hub, staff: Staff) -> ASGIApp:
    """What the operator has set for the whole organisation."""
    return _reply(await actions.settings(hub, staff))


@patch(
    _SETTINGS,
    opt=rule(
        access="staff",
        rate="api",
        csrf="token",
        permission=MANAGE,
        body=SettingsForm,
        reply=SettingsReply,
        refusals=(412,),
        audit="organisation.settings_changed",
    ),
)
async def change(request: Asked, hub: Hub, staff: Staff) -> ASGIApp:
    """Change some of it; holds and departures that are there stay as they were made."""
    asked = asked_version(request)
    body = await read_body(request)
    if asked is not None:
        require_version(asked, version_of(await actions.settings(hub, staff)))
    form = parse_json(body, SettingsForm)
    return _reply(await actions.change(hub, staff, form.applied, asked))


def _reply(settings: OperatorSettings) -> ASGIApp:
    return json_reply(settings.as_json(), headers=etag(version_of(settings)))


HANDLERS = (show, change)
