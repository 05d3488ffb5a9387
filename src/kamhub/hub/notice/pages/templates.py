"""The operator's own words."""

from collections.abc import Mapping
from typing import Annotated, Any
from urllib.parse import urlencode

from litestar import Response, get, post
from litestar.params import QueryParameter
from litestar.response import Redirect
from litestar.status_codes import HTTP_200_OK, HTTP_303_SEE_OTHER, HTTP_422_UNPROCESSABLE_ENTITY
from pydantic import ValidationError

from kamhub.hub.notice import rules
from kamhub.hub.notice.actions import templates
from kamhub.hub.notice.api import READ, WRITE
from kamhub.hub.notice.forms import MessageTemplateKeyPageForm, MessageTemplatePageForm, MessageTemplateReference
from kamhub.hub.notice.pages.base import SECTION, Asked, render
from kamhub.hub.notice.types import Rendered, Template, TemplateKey, TemplateOwnMissing
from kamhub.hub.services import Hub
from kamhub.kit.text import mark
from kamhub.platform.access.pages import viewer_of
from kamhub.platform.i18n.catalogue import translator
from kamhub.platform.i18n.form_errors import form_errors
from kamhub.platform.i18n.request import locale_of
from kamhub.platform.person.services import People
from kamhub.platform.person.types import Staff
from kamhub.platform.web.json import validate
from kamhub.platform.web.rules import rule
from kamhub.platform.web.versions import VersionStale

TEMPLATES = f"{SECTION}/templates"
EDIT = f"{TEMPLATES}/edit"
Done = Annotated[str, QueryParameter(max_length=30)]
_DONE = {"saved": mark("The words are saved."), "reset": mark("The message speaks in the hub's words again.")}


@get(TEMPLATES, opt=rule(access="staff", rate="page", permission=READ, reply="page"))
async def all_templates(request: Asked, hub: Hub, people: People, staff: Staff) -> Response[Any]:
    """Every message, and which of them speak in own words."""
    own = {key for key, words in await templates.all_words(hub, staff) if words.version}
    rows = [(kind, [key for key in templates.KEYS if key.kind == kind]) for kind in templates.kinds()]
    return await render(request, people, staff, "notice/templates.html", rows=rows, own=own)


@get(
    EDIT,
    opt=rule(
        access="staff", rate="page", permission=READ, body=MessageTemplateReference, reply="page", refusals=(422,)
    ),
)
async def edit(request: Asked, hub: Hub, people: People, staff: Staff, done: Done = "") -> Response[Any]:
    """The words of one message, to change."""
    await viewer_of(request)  # a page is for a person, whatever else is wrong
    key = validate(MessageTemplateReference, request.query_params).key()
    return await _page(request, hub, people, staff, key, done=done)


@post(
    EDIT,
    status_code=HTTP_303_SEE_OTHER,
    opt=rule(
        access="staff",
        rate="page",
        csrf="form",
        permission=WRITE,
        body=MessageTemplatePageForm,
        reply="page",
        refusals=(412, 422),
        audit="message_template.changed",
    ),
)
async def save(request: Asked, hub: Hub, people: People, staff: Staff) -> Response[Any]:
    """Save own words, or show the form again with what was typed."""
    await viewer_of(request)
    sent = await _sent(request)
    key = validate(MessageTemplateReference, sent).key()
    try:
        form = MessageTemplatePageForm.model_validate(sent)
        await templates.change(hub, staff, key, form.subject, form.body, form.version)
    except ValidationError as error:
        return await _page(request, hub, people, staff, key, values=sent, errors=form_errors(error, locale_of(request)))
    except VersionStale as stale:
        text = translator(locale_of(request)).gettext(stale.title) + "."
        return await _page(request, hub, people, staff, key, values=sent, errors={"form": text}, status=stale.status)
    return _back(key, "saved")


@post(
    f"{TEMPLATES}/preview",
    status_code=HTTP_200_OK,
    opt=rule(
        access="staff",
        rate="page",
        csrf="form",
        permission=READ,
        body=MessageTemplatePageForm,
        reply="page",
        refusals=(422,),
        audit="message_template.previewed",
    ),
)
async def preview(request: Asked, hub: Hub, people: People, staff: Staff) -> Response[Any]:
    """How the words in the form would look; nothing is saved."""
    await viewer_of(request)
    sent = await _sent(request)
    key = validate(MessageTemplateReference, sent).key()
    try:
        form = MessageTemplatePageForm.model_validate(sent)
    except ValidationError as error:
        return await _page(request, hub, people, staff, key, values=sent, errors=form_errors(error, locale_of(request)))
    shown = await templates.preview(hub, staff, key, Template(form.subject, form.body), None)
    return await _page(request, hub, people, staff, key, values=sent, shown=shown)


@post(
    f"{TEMPLATES}/reset",
    status_code=HTTP_303_SEE_OTHER,
    opt=rule(
        access="staff",
        rate="page",
        csrf="form",
        permission=WRITE,
        body=MessageTemplateKeyPageForm,
        reply="none",
        refusals=(404, 422),
        audit="message_template.reset",
    ),
)
async def reset(request: Asked, hub: Hub, staff: Staff) -> Redirect:
    """Back to the hub's words; saying it twice is no fault."""
    key = validate(MessageTemplateKeyPageForm, await _sent(request)).key()
    try:
        await templates.reset(hub, staff, key, None)
    except TemplateOwnMissing:
        return _back(key, "")
    return _back(key, "reset")


async def _sent(request: Asked) -> dict[str, str]:
    return {name: str(value) for name, value in (await request.form()).items()}


def _back(key: TemplateKey, done: str) -> Redirect:
    asked = {"kind": key.kind, "channel": key.channel, "locale": key.locale} | ({"done": done} if done else {})
    return Redirect(f"{EDIT}?{urlencode(asked)}", status_code=HTTP_303_SEE_OTHER)


async def _page(
    request: Asked,
    hub: Hub,
    people: People,
    staff: Staff,
    key: TemplateKey,
    *,
    done: str = "",
    values: Mapping[str, str] | None = None,
    errors: Mapping[str, str] | None = None,
    shown: Rendered | None = None,
    status: int | None = None,
) -> Response[Any]:
    words = await templates.words(hub, staff, key)
    said = _DONE.get(done)
    present = {"subject": words.subject, "body": words.body, "version": str(words.version)}
    return await render(
        request,
        people,
        staff,
        "notice/template.html",
        status_code=status or (HTTP_422_UNPROCESSABLE_ENTITY if errors else HTTP_200_OK),
        done=translator(locale_of(request)).gettext(said) if said else None,
        key=key,
        words=words,
        values={**present, **(values or {})},
        errors=errors or {},
        shown=shown,
        placeholders=rules.PLACEHOLDERS,
        url_path=f"{EDIT}?{urlencode({'kind': key.kind, 'channel': key.channel, 'locale': key.locale})}",
    )


HANDLERS = (all_templates, edit, save, preview, reset)
