"""The page on which the traveller of a cancelled departure chooses, with one tap."""

from typing import Annotated, Any
from uuid import UUID

from litestar import Request, Response, get, post
from litestar.datastructures import CacheControlHeader
from litestar.params import QueryParameter
from litestar.response import Redirect
from litestar.status_codes import HTTP_200_OK, HTTP_303_SEE_OTHER, HTTP_422_UNPROCESSABLE_ENTITY
from pydantic import ValidationError

from kamhub.hub.booking import actions as bookings
from kamhub.hub.booking.pages import access_of, to_booking
from kamhub.hub.booking.tokens import BookingAccess
from kamhub.hub.disruption import choice
from kamhub.hub.disruption.forms import ChoicePageForm
from kamhub.hub.disruption.types import ChoiceOver, OptionGone
from kamhub.hub.seats.types import SoldOut
from kamhub.hub.services import Hub
from kamhub.kit.text import mark
from kamhub.platform.i18n.catalogue import translator
from kamhub.platform.i18n.request import locale_of
from kamhub.platform.web.pages import render
from kamhub.platform.web.rules import rule

_NO_STORE = CacheControlHeader(no_store=True)
_MAX_TOKEN = 500
Asked = Request[Any, Any, Any]
_CHOICE = "/booking/{booking_id:uuid}/choice"
_GONE = mark("That departure can no longer be had, and nothing was changed. Please choose again.")
_ONE = mark("Choose one of these.")


@get(_CHOICE, opt=rule(access="page", rate="page", reply="page"), cache_control=_NO_STORE)
async def ask(
    request: Asked,
    hub: Hub,
    booking_id: UUID,
    token: Annotated[str | None, QueryParameter(max_length=_MAX_TOKEN)] = None,
) -> Response[Any]:
    """The next departures with room, and the money back; with the token of the message, first a redirect without it."""
    if token is not None:
        opened = bookings.open_token(hub, token, booking_id)
        return to_booking(hub, opened.booking_id, token, f"/booking/{booking_id}/choice")
    access = access_of(request, hub, booking_id)
    try:
        return await _page(request, hub, access)
    except ChoiceOver:
        return Redirect(f"/booking/{booking_id}", status_code=HTTP_303_SEE_OTHER)


@post(
    _CHOICE,
    status_code=HTTP_303_SEE_OTHER,
    opt=rule(access="page", rate="hold", csrf="form", body=ChoicePageForm, reply="page", refusals=(409, 422)),
    cache_control=_NO_STORE,
)
async def answer(request: Asked, hub: Hub, booking_id: UUID) -> Response[Any]:
    """Do what was chosen and show the booking; what is gone meanwhile is said, with what there is now."""
    access = access_of(request, hub, booking_id)
    words = translator(locale_of(request))
    try:
        form = ChoicePageForm.model_validate({name: str(value) for name, value in (await request.form()).items()})
    except ValidationError:
        return await _page(request, hub, access, error=words.gettext(_ONE), status=HTTP_422_UNPROCESSABLE_ENTITY)
    try:
        if isinstance(form.choice, UUID):
            await choice.go_on(hub, access, form.choice)
        else:
            await choice.take_money(hub, access)
    except ChoiceOver:
        pass  # tapped twice, or too late: the booking says what became of it
    except (OptionGone, SoldOut) as refusal:
        return await _page(request, hub, access, error=words.gettext(_GONE), status=refusal.status)
    return Redirect(f"/booking/{booking_id}", status_code=HTTP_303_SEE_OTHER)


async def _page(
    request: Asked, hub: Hub, access: BookingAccess, *, error: str | None = None, status: int = HTTP_200_OK
) -> Response[Any]:
    asked = await choice.question(hub, access)
    return render(
        request,
        "disruption/choice.html",
        status_code=status,
        booking=await bookings.load(hub, access),
        question=asked,
        error=error,
        url_path=f"/booking/{access.booking_id}/choice",
    )


HANDLERS = (ask, answer)
