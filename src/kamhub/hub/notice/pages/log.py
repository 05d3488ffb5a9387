"""The log of messages, and one of them."""

from typing import Annotated, Any
from urllib.parse import urlencode
from uuid import UUID

from litestar import Response, get, post
from litestar.params import QueryParameter
from litestar.response import Redirect
from litestar.status_codes import HTTP_200_OK, HTTP_303_SEE_OTHER, HTTP_422_UNPROCESSABLE_ENTITY
from pydantic import ValidationError

from kamhub.hub.notice.actions import log
from kamhub.hub.notice.api import READ, WRITE
from kamhub.hub.notice.forms import MessageParameters
from kamhub.hub.notice.pages.base import SECTION, Asked, render
from kamhub.hub.notice.store.log import MOST_COUNTED
from kamhub.hub.services import Hub
from kamhub.kit.errors import Refusal
from kamhub.kit.text import mark
from kamhub.platform.i18n.catalogue import translator
from kamhub.platform.i18n.form_errors import form_errors
from kamhub.platform.i18n.request import locale_of
from kamhub.platform.person.services import People
from kamhub.platform.person.types import Staff
from kamhub.platform.web.rules import rule

_FILTERS = ("status", "kind", "channel", "booking")
_RESENT = mark("The message goes out once more.")


@get(
    SECTION,
    opt=rule(access="staff", rate="page", permission=READ, body=MessageParameters, reply="page", refusals=(422,)),
)
async def messages(request: Asked, hub: Hub, people: People, staff: Staff) -> Response[Any]:
    """What was told to travellers, and what waits or failed."""
    values = {name: request.query_params.get(name, "") for name in _FILTERS}
    errors: dict[str, str] = {}
    try:
        asked = MessageParameters.model_validate(dict(request.query_params))
    except ValidationError as error:
        errors, asked = form_errors(error, locale_of(request)), MessageParameters()
    found, total = await log.messages(hub, staff, asked.wanted(), offset=asked.offset, limit=asked.page_size)
    return await render(
        request,
        people,
        staff,
        "notice/messages.html",
        status_code=HTTP_422_UNPROCESSABLE_ENTITY if errors else HTTP_200_OK,
        messages=found,
        total=total,
        most=MOST_COUNTED,
        place=asked,
        values=values,
        errors=errors,
        narrowed=urlencode({name: value for name, value in values.items() if value and not errors}),
    )


@get(
    f"{SECTION}/{{message_id:uuid}}",
    opt=rule(access="staff", rate="page", permission=READ, reply="page", refusals=(404,)),
)
async def message(
    request: Asked,
    hub: Hub,
    people: People,
    staff: Staff,
    message_id: UUID,
    done: Annotated[str, QueryParameter(max_length=30)] = "",
) -> Response[Any]:
    """One message: what it says, and every try to send it."""
    return await _message(request, hub, people, staff, message_id, done=done)


@post(
    f"{SECTION}/{{message_id:uuid}}/resend",
    status_code=HTTP_303_SEE_OTHER,
    opt=rule(
        access="staff",
        rate="creation",
        csrf="form",
        permission=WRITE,
        body="none",
        reply="page",
        refusals=(404,),
        audit="message.resent",
    ),
)
async def resend(request: Asked, hub: Hub, people: People, staff: Staff, message_id: UUID) -> Response[Any]:
    """Send it once more."""
    try:
        number = await log.resend(hub, staff, message_id)
    except Refusal as refusal:
        if refusal.status != 409:
            raise
        text = translator(locale_of(request)).gettext(refusal.title) + "."
        return await _message(request, hub, people, staff, message_id, error=text, status=refusal.status)
    return Redirect(f"{SECTION}/{number}?done=resent", status_code=HTTP_303_SEE_OTHER)


async def _message(
    request: Asked,
    hub: Hub,
    people: People,
    staff: Staff,
    message_id: UUID,
    *,
    done: str = "",
    error: str | None = None,
    status: int = HTTP_200_OK,
) -> Response[Any]:
    found, tries, rendered = await log.message(hub, staff, message_id)
    return await render(
        request,
        people,
        staff,
        "notice/message.html",
        status_code=status,
        done=translator(locale_of(request)).gettext(_RESENT) if done == "resent" else None,
        message=found,
        tries=tries,
        subject=found.subject if rendered is None else rendered.subject,
        text=found.body if rendered is None else rendered.text,
        error=error,
        url_path=f"{SECTION}/{message_id}",
    )


HANDLERS = (messages, message, resend)
