"""What all pages of this section share."""

from datetime import datetime
from typing import Any

from litestar import Request, Response

from kamhub.hub.notice import words
from kamhub.hub.notice.api import WRITE
from kamhub.platform.access.pages import render_office
from kamhub.platform.i18n.request import locale_of
from kamhub.platform.organisation.actions import zone_of
from kamhub.platform.person.services import People
from kamhub.platform.person.types import Staff

Asked = Request[Any, Any, Any]
SECTION = "/office/messages"


async def render(request: Asked, people: People, staff: Staff, template: str, **context: Any) -> Response[Any]:
    """A page of this section with the words and the zone that all of them need."""
    locale = locale_of(request)
    zone = await zone_of(people, staff.organisation_id)

    def local(at: datetime) -> datetime:
        return at.astimezone(zone)

    return await render_office(
        request,
        template,
        section=SECTION,
        local=local,
        may_write=WRITE in staff.permissions,
        kind_names=words.kind_names(locale),
        channel_names=words.channel_names(locale),
        status_names=words.status_names(locale),
        outcome_names=words.outcome_names(locale),
        **context,
    )
