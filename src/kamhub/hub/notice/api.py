"""Messages over HTTP: the log, operators' own words, how an organisation speaks, and what its bot hears."""

from uuid import UUID

from litestar import Request, delete, get, patch, post
from litestar.status_codes import HTTP_200_OK, HTTP_201_CREATED, HTTP_204_NO_CONTENT
from litestar.types import ASGIApp

from kamhub.hub.notice import rules
from kamhub.hub.notice.actions import bots, log, settings, templates
from kamhub.hub.notice.forms import (
    BotUpdate,
    MessageParameters,
    MessagePreviewForm,
    MessageTemplateForm,
    MessageTemplateKeyForm,
    MessageTemplateParameters,
    MessageTemplateReference,
    NoticeSettingsForm,
)
from kamhub.hub.notice.replies import (
    BotReply,
    MessageDetailReply,
    MessageListReply,
    MessagePreviewReply,
    MessageTemplateListReply,
    MessageTemplateReply,
    NoticeSettingsReply,
    ResentReply,
)
from kamhub.hub.notice.store.log import MOST_COUNTED
from kamhub.hub.notice.types import Template
from kamhub.hub.notice.views import (
    MESSAGE_COLUMNS,
    detail_json,
    message_cells,
    message_json,
    rendered_json,
    settings_json,
    template_json,
)
from kamhub.hub.services import Hub
from kamhub.platform.person.types import Staff
from kamhub.platform.session.api import NOT_STORED
from kamhub.platform.web.csv import csv_reply, wants_csv
from kamhub.platform.web.json import json_reply, list_reply, parse_json, read_body, read_json, validate
from kamhub.platform.web.rules import rule
from kamhub.platform.web.schemas import Documented
from kamhub.platform.web.versions import asked_version, etag, require_version

READ, WRITE = "notices.read", "notices.write"
_MESSAGES, _TEMPLATES, _SETTINGS = "/api/messages", "/api/message-templates", "/api/notice-settings"
_SECRET_HEADER = "x-telegram-bot-api-secret-token"  # noqa: S105 - the name of a header


@get(
    _MESSAGES,
    opt=rule(
        access="staff",
        rate="api",
        permission=READ,
        body=MessageParameters,
        reply=MessageListReply,
        refusals=(401, 403, 422),
    ),
)
async def messages(request: Request, hub: Hub, staff: Staff) -> ASGIApp:
    """Messages to travellers, the newest first; all of them in a file for whoever asks for ``text/csv``."""
    asked = validate(MessageParameters, request.query_params)
    if wants_csv(request):
        found, _ = await log.messages(hub, staff, asked.wanted(), offset=0, limit=MOST_COUNTED)
        return csv_reply(request, "messages.csv", MESSAGE_COLUMNS, [message_cells(one) for one in found])
    found, total = await log.messages(hub, staff, asked.wanted(), offset=asked.offset, limit=asked.page_size)
    return list_reply([message_json(one) for one in found], asked, total, NOT_STORED)


@get(
    f"{_MESSAGES}/{{message_id:uuid}}",
    opt=rule(access="staff", rate="api", permission=READ, reply=MessageDetailReply, refusals=(401, 403, 404)),
)
async def message(hub: Hub, staff: Staff, message_id: UUID) -> ASGIApp:
    """One message: what it said (or would say now) and every try to send it."""
    return json_reply(detail_json(*await log.message(hub, staff, message_id)), headers=NOT_STORED)


@post(
    f"{_MESSAGES}/{{message_id:uuid}}/resend",
    status_code=HTTP_201_CREATED,
    opt=rule(
        access="staff",
        rate="creation",
        csrf="token",
        permission=WRITE,
        body="none",
        reply=ResentReply,
        refusals=(401, 403, 404, 409),
        audit="message.resent",
    ),
)
async def resend(hub: Hub, staff: Staff, message_id: UUID) -> ASGIApp:
    """Send a message that went out, or failed for good, once more to whom the booking belongs now."""
    return json_reply({"id": await log.resend(hub, staff, message_id)}, HTTP_201_CREATED, NOT_STORED)


@get(
    _TEMPLATES,
    opt=rule(
        access="staff",
        rate="api",
        permission=READ,
        body=MessageTemplateParameters,
        reply=MessageTemplateListReply,
        refusals=(401, 403, 422),
    ),
)
async def words(request: Request, hub: Hub, staff: Staff) -> ASGIApp:
    """Every message with its words; named by kind, channel and locale it is one, with its version as ``ETag``."""
    asked = validate(MessageTemplateParameters, request.query_params)
    wanted = {"kind": asked.kind, "channel": asked.channel, "locale": asked.locale}
    found = [
        (key, words)
        for key, words in await templates.all_words(hub, staff)
        if all(value is None or getattr(key, name) == value for name, value in wanted.items())
    ]
    # Their number is fixed and small: they are one page.
    items = [template_json(key, words) for key, words in found]
    content = {"items": items, "page": 1, "page_size": len(templates.KEYS), "total": len(items)}
    tag = etag(found[0][1].version) if len(found) == 1 else {}
    return json_reply({**content, "placeholders": list(rules.PLACEHOLDERS)}, headers={**NOT_STORED, **tag})


@patch(
    _TEMPLATES,
    opt=rule(
        access="staff",
        rate="api",
        csrf="token",
        permission=WRITE,
        body=MessageTemplateForm,
        reply=MessageTemplateReply,
        refusals=(400, 401, 403, 412, 415, 422),
        audit="message_template.changed",
    ),
)
async def change_words(request: Request, hub: Hub, staff: Staff) -> ASGIApp:
    """Put a message into one's own words; ``If-Match`` is the version of that message's words."""
    body, asked = await read_body(request), asked_version(request)
    key = parse_json(body, MessageTemplateReference).key()
    await templates.require_words_version(hub, staff, key, asked)
    form = parse_json(body, MessageTemplateForm)
    changed = await templates.change(hub, staff, key, form.subject, form.body, asked)
    return json_reply(template_json(key, changed), headers={**NOT_STORED, **etag(changed.version)})


@delete(
    _TEMPLATES,
    status_code=HTTP_204_NO_CONTENT,
    opt=rule(
        access="staff",
        rate="api",
        csrf="token",
        permission=WRITE,
        body=MessageTemplateKeyForm,
        reply="none",
        refusals=(401, 403, 404, 412, 422),
        audit="message_template.reset",
    ),
)
async def reset_words(request: Request, hub: Hub, staff: Staff) -> None:
    """Back to the hub's own words. Which message is in the address, or the body for those who can send one."""
    body = await read_body(request)
    key = (
        parse_json(body, MessageTemplateKeyForm) if body else validate(MessageTemplateReference, request.query_params)
    ).key()
    await templates.reset(hub, staff, key, asked_version(request))


@post(
    f"{_TEMPLATES}/preview",
    status_code=HTTP_200_OK,
    opt=rule(
        access="staff",
        rate="api",
        csrf="token",
        permission=READ,
        body=MessagePreviewForm,
        reply=MessagePreviewReply,
        refusals=(400, 401, 403, 404, 415, 422),
        audit="message_template.previewed",
    ),
)
async def preview(request: Request, hub: Hub, staff: Staff) -> ASGIApp:
    """How a message would look, in these words or in those that go out now; nothing is sent."""
    form = await read_json(request, MessagePreviewForm)
    own = await tried(hub, staff, form)
    return json_reply(
        rendered_json(await templates.preview(hub, staff, form.key(), own, form.booking)), headers=NOT_STORED
    )


async def tried(hub: Hub, staff: Staff, form: MessagePreviewForm) -> Template | None:
    """The words to look at; what was left out of them is as it goes out now."""
    if form.subject is None and form.body is None:
        return None
    present = await templates.words(hub, staff, form.key())
    return Template(form.subject or present.subject, form.body or present.body)


@get(
    _SETTINGS,
    opt=rule(access="staff", rate="api", permission=READ, reply=NoticeSettingsReply, refusals=(401, 403)),
)
async def show_settings(hub: Hub, staff: Staff) -> ASGIApp:
    """How the organisation speaks to its travellers."""
    found = await settings.settings(hub, staff)
    return json_reply(settings_json(found), headers={**NOT_STORED, **etag(found.version)})


@patch(
    _SETTINGS,
    opt=rule(
        access="staff",
        rate="api",
        csrf="token",
        permission=WRITE,
        body=NoticeSettingsForm,
        reply=NoticeSettingsReply,
        refusals=(400, 401, 403, 412, 415, 422),
        audit="notice_settings.changed",
    ),
)
async def change_settings(request: Request, hub: Hub, staff: Staff) -> ASGIApp:
    """Change what is sent; a secret set to null is taken away, one that is left out stays."""
    asked = asked_version(request)
    require_version(asked, (await settings.settings(hub, staff)).version)
    form = await read_json(request, NoticeSettingsForm)
    changed = await settings.change(hub, staff, form.changes(), asked)
    return json_reply(settings_json(changed), headers={**NOT_STORED, **etag(changed.version)})


@post(
    "/api/webhooks/telegram/{channel_id:uuid}",
    status_code=HTTP_200_OK,
    opt={
        **rule(
            access="webhook",
            rate="webhook",
            csrf="signature",
            body=BotUpdate,
            reply=BotReply,
            refusals=(400, 401, 415, 422),
        ),
        Documented.KEY: Documented(media_types=("application/json",)),
    },
)
async def bot_news(request: Request, hub: Hub, channel_id: UUID) -> ASGIApp:
    """News of an operator's bot; known by the secret of its header, compared in constant time before anything is read."""
    bot = await bots.require_bot(hub, channel_id, request.headers.get(_SECRET_HEADER, ""))
    return json_reply(await bots.hear(hub, bot, await read_json(request, BotUpdate)))


HANDLERS = (
    messages,
    message,
    resend,
    words,
    change_words,
    reset_words,
    preview,
    show_settings,
    change_settings,
    bot_news,
)
