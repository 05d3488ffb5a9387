"""How a traveller hears of their booking."""

from typing import Annotated, Any
from uuid import UUID

from litestar import Response, get, post
from litestar.datastructures import CacheControlHeader
from litestar.params import QueryParameter
from litestar.response import Redirect
from litestar.status_codes import HTTP_303_SEE_OTHER

from kamhub.hub.booking import actions as bookings
from kamhub.hub.booking.door import access_of
from kamhub.hub.notice.actions import bots
from kamhub.hub.notice.pages.base import Asked
from kamhub.hub.services import Hub
from kamhub.platform.i18n.catalogue import translator
from kamhub.platform.i18n.request import locale_of
from kamhub.platform.web.pages import render
from kamhub.platform.web.rules import rule

_NO_STORE = CacheControlHeader(no_store=True)
_PATH = "/booking/{booking_id:uuid}/messages"


@get(_PATH, opt=rule(access="page", rate="page", reply="page"), cache_control=_NO_STORE)
async def show(
    request: Asked, hub: Hub, booking_id: UUID, done: Annotated[str, QueryParameter(max_length=30)] = ""
) -> Response[Any]:
    """By which ways news of the booking come, and the button that opens the operator's bot."""
    access = access_of(request, hub, booking_id)
    booking = await bookings.load(hub, access)
    link, linked = await bots.link_of(hub, access)
    said = translator(locale_of(request)).gettext("No more messages go to Telegram.") if done == "off" else None
    return render(
        request,
        "notice/traveller.html",
        booking=booking,
        link=link,
        linked=linked,
        done=said,
        url_path=f"/booking/{booking_id}/messages",
    )


@post(
    f"{_PATH}/telegram-off",
    opt=rule(access="page", rate="page", csrf="form", body="none", reply="none"),
    status_code=HTTP_303_SEE_OTHER,
)
async def telegram_off(request: Asked, hub: Hub, booking_id: UUID) -> Redirect:
    """No more messages of this booking in its chat."""
    access = access_of(request, hub, booking_id)
    await bots.unlink(hub, access)
    return Redirect(f"/booking/{booking_id}/messages?done=off", status_code=HTTP_303_SEE_OTHER)


HANDLERS = (show, telegram_off)
