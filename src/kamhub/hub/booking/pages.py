"""The pages of a booking: hold, passengers, payment, ticket, cancellation, and the look-up."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Annotated, Any
from urllib.parse import urlencode
from uuid import UUID

from litestar import Request, Response, get, post
from litestar.datastructures import CacheControlHeader, Cookie
from litestar.params import QueryParameter
from litestar.response import Redirect
from litestar.status_codes import (
    HTTP_200_OK,
    HTTP_303_SEE_OTHER,
    HTTP_404_NOT_FOUND,
    HTTP_409_CONFLICT,
    HTTP_422_UNPROCESSABLE_ENTITY,
)
from markupsafe import Markup
from pydantic import ValidationError

from kamhub.hub.booking import actions
from kamhub.hub.booking.page_forms import CancelPageForm, HoldPageForm, LookUpForm, PassengersForm, nested_passengers
from kamhub.hub.booking.page_view import booking_view
from kamhub.hub.booking.tokens import BookingAccess
from kamhub.hub.booking.types import Booking, BookingNotFound, BookingNotOpen, CancellationQuote, HoldExpired
from kamhub.hub.payment.types import PaymentUnavailable
from kamhub.hub.place.actions import photo_address
from kamhub.hub.price.types import PromoCodeRefused
from kamhub.hub.privacy.texts import CURRENT
from kamhub.hub.services import Hub
from kamhub.hub.ticket.actions import ticket_ics, ticket_pdf, ticket_qr_svg
from kamhub.kit.errors import Refusal
from kamhub.kit.text import Locale
from kamhub.platform.i18n.form_errors import form_errors
from kamhub.platform.i18n.request import locale_of
from kamhub.platform.limit.guard import count_seats
from kamhub.platform.web.pages import render
from kamhub.platform.web.rules import rule

_NO_STORE = CacheControlHeader(no_store=True)
_HALF_YEAR = 183 * 24 * 3600
Asked = Request[Any, Any, Any]
PAGE = rule(access="page", rate="page", reply="page")
PDF = rule(access="page", rate="page", reply="pdf")
ICS = rule(access="page", rate="page", reply="calendar")
HOLD = rule(access="page", rate="hold", csrf="form", body=HoldPageForm, reply="none")
FILL_IN = rule(access="page", rate="hold", csrf="form", body=PassengersForm, reply="page")
PAY = rule(access="page", rate="hold", csrf="form", body="none", reply="none")
CANCEL = rule(access="page", rate="hold", csrf="form", body=CancelPageForm, reply="page")
# As strict as signing in: whoever may guess codes without end finds one.
LOOK_UP = rule(access="page", rate="authentication", csrf="form", body=LookUpForm, reply="page")
_MAX_TOKEN = 500


@post("/departures/{departure_id:uuid}/hold", opt=HOLD, cache_control=_NO_STORE)
async def hold(request: Asked, hub: Hub, departure_id: UUID) -> Redirect:
    """Hold the seats and go to the booking; a refusal leads back to the departure."""
    try:
        form = HoldPageForm.model_validate(dict(await request.form()))
    except ValidationError:
        return Redirect(f"/departures/{departure_id}", status_code=HTTP_303_SEE_OTHER)
    asked = {"from": form.origin, "to": form.destination, "passengers": form.passengers}
    with way_on(f"/departures/{departure_id}?{urlencode(asked)}"):
        await count_seats(request, form.passengers)
        held = await actions.hold(
            hub,
            departure_id=departure_id,
            passengers=form.passengers,
            from_place=form.origin,
            to_place=form.destination,
            key=str(form.key),
            channel="page",
        )
    return to_booking(hub, held.booking.id, held.token)


@get("/booking/{booking_id:uuid}", opt=PAGE, cache_control=_NO_STORE)
async def show(
    request: Asked,
    hub: Hub,
    booking_id: UUID,
    token: Annotated[str | None, QueryParameter(max_length=_MAX_TOKEN)] = None,
    payment: Annotated[str | None, QueryParameter(max_length=20)] = None,
    waited: Annotated[int, QueryParameter(ge=0, le=10_000)] = 0,
) -> Response[Any]:
    """The booking as it stands; with the token of the mail's link, a redirect to the address without it."""
    if token is not None:
        return to_booking(hub, actions.open_token(hub, token, booking_id).booking_id, token)
    booking = await actions.load(hub, access_of(request, hub, booking_id))
    if booking.disrupted is not None:  # its departure does not run: first of all that has to be settled
        return Redirect(f"/booking/{booking_id}/choice", status_code=HTTP_303_SEE_OTHER)
    photo = await photo_address(hub, booking.stretch.origin.place_id)
    return _booking_page(request, booking, payment=payment, waited=waited, photo=photo)


@post("/booking/{booking_id:uuid}/passengers", opt=FILL_IN, cache_control=_NO_STORE)
async def fill_in(request: Asked, hub: Hub, booking_id: UUID) -> Response[Any]:
    """Save who travels and go on to payment, or show the form again with what was typed."""
    access = access_of(request, hub, booking_id)
    booking = await actions.load(hub, access)
    sent = {name: str(value) for name, value in (await request.form()).items()}
    locale = locale_of(request)
    try:
        form = PassengersForm.model_validate(nested_passengers(sent, booking.passengers))
    except ValidationError as error:
        return _booking_page(request, booking, values=sent, errors=form_errors(error, locale))
    try:
        await _book(hub, access, form, locale)
    except PromoCodeRefused as refusal:
        errors = {fault.field: fault.sentence(locale) for fault in refusal.faults}
        return _booking_page(request, booking, values=sent, errors=errors)
    return _back(booking_id)


async def _book(hub: Hub, access: BookingAccess, form: PassengersForm, locale: Locale) -> None:
    # What became of the booking its page tells better than an error.
    with suppress(HoldExpired, BookingNotOpen), way_on(f"/booking/{access.booking_id}"):
        await actions.book(
            hub,
            access,
            contact=form.contact(locale),
            passenger_list=form.passengers(),
            special_requests=form.special_requests,
            consent=form.consented(locale),
            promo_code=form.promo_code,
        )


@post("/booking/{booking_id:uuid}/payment", opt=PAY, status_code=HTTP_303_SEE_OTHER)
async def ask_for_payment(request: Asked, hub: Hub, booking_id: UUID) -> Redirect:
    """Ask the payment service once more for the page to pay on."""
    access = access_of(request, hub, booking_id)
    with suppress(HoldExpired, BookingNotOpen, PaymentUnavailable):
        await actions.request_payment(hub, access)
    return _back(booking_id)


@get("/booking/{booking_id:uuid}/cancel", opt=PAGE, cache_control=_NO_STORE)
async def ask_to_cancel(request: Asked, hub: Hub, booking_id: UUID) -> Response[Any]:
    """What would come back, by which rule, before anything is asked."""
    access = access_of(request, hub, booking_id)
    booking = await actions.load(hub, access)
    with way_on(f"/booking/{booking_id}"):
        quote = await actions.quote_cancellation(hub, access)
    return _cancel_page(request, booking, quote)


@post("/booking/{booking_id:uuid}/cancel", opt=CANCEL, cache_control=_NO_STORE)
async def cancel(request: Asked, hub: Hub, booking_id: UUID) -> Response[Any]:
    """Cancel at the refund that was shown; when it has changed since, show the new one instead."""
    access = access_of(request, hub, booking_id)
    booking = await actions.load(hub, access)
    with way_on(f"/booking/{booking_id}"):
        quote = await actions.quote_cancellation(hub, access)
    try:
        form = CancelPageForm.model_validate(dict(await request.form()))
    except ValidationError as error:
        return _cancel_page(request, booking, quote, errors=form_errors(error, locale_of(request)))
    if form.refund != quote.refund.amount:
        return _cancel_page(request, booking, quote, changed=True)
    with way_on(f"/booking/{booking_id}"):
        await actions.cancel(hub, access, form.reason)
    return _back(booking_id)


@get("/booking/{booking_id:uuid}/ticket.pdf", opt=PDF, cache_control=_NO_STORE)
async def pdf(request: Asked, hub: Hub, booking_id: UUID) -> Response[bytes]:
    """The ticket to print."""
    booking = await actions.load(hub, access_of(request, hub, booking_id))
    with way_on(f"/booking/{booking_id}"):
        content = await asyncio.to_thread(ticket_pdf, booking, locale_of(request), _address(hub, booking_id))
    return _download(content, "application/pdf", f"{booking.code}.pdf")


@get("/booking/{booking_id:uuid}/ticket.ics", opt=ICS, cache_control=_NO_STORE)
async def ics(request: Asked, hub: Hub, booking_id: UUID) -> Response[bytes]:
    """The trip for a calendar."""
    booking = await actions.load(hub, access_of(request, hub, booking_id))
    with way_on(f"/booking/{booking_id}"):
        content = ticket_ics(booking, locale_of(request), _address(hub, booking_id))
    return _download(content, "text/calendar; charset=utf-8", f"{booking.code}.ics")


@get("/booking", opt=PAGE)
async def look_up_form(request: Asked, code: Annotated[str, QueryParameter(max_length=40)] = "") -> Response[Any]:
    """Find a booking again by its code."""
    return render(request, "booking/look_up.html", values={"code": code, "email_or_phone": ""}, failed=False)


@post("/booking", opt=LOOK_UP, cache_control=_NO_STORE)
async def look_up(request: Asked, hub: Hub) -> Response[Any]:
    """Go to the booking, or say one and the same sentence whatever was wrong."""
    sent = {name: str(value) for name, value in (await request.form()).items()}
    try:
        form = LookUpForm.model_validate(sent)
        held = await actions.look_up(hub, form.code, form.email_or_phone)
    except (ValidationError, BookingNotFound):
        values = {"code": sent.get("code", ""), "email_or_phone": sent.get("email_or_phone", "")}
        return render(request, "booking/look_up.html", status_code=HTTP_404_NOT_FOUND, values=values, failed=True)
    return to_booking(hub, held.booking.id, held.token)


@contextmanager
def way_on(path: str) -> Iterator[None]:
    """A refusal inside leads the reader on to that page."""
    try:
        yield
    except Refusal as refusal:
        refusal.extra.setdefault("way_on", path)
        raise


def _booking_page(
    request: Asked,
    booking: Booking,
    *,
    payment: str | None = None,
    waited: int = 0,
    photo: str | None = None,
    values: dict[str, str] | None = None,
    errors: dict[str, str] | None = None,
) -> Response[Any]:
    view = booking_view(booking, payment)
    return render(
        request,
        "booking/booking.html",
        status_code=HTTP_422_UNPROCESSABLE_ENTITY if errors else HTTP_200_OK,
        booking=booking,
        view=view,
        payment=payment,
        waited=waited,
        photo=photo,
        values=values or {},
        errors=errors or {},
        text_version=CURRENT,
        qr_svg=Markup(ticket_qr_svg(booking)) if view == "ticket" else "",  # noqa: S704 - our own drawing
        url_path=f"/booking/{booking.id}",
    )


def _cancel_page(
    request: Asked,
    booking: Booking,
    quote: CancellationQuote,
    *,
    errors: dict[str, str] | None = None,
    changed: bool = False,
) -> Response[Any]:
    refused = HTTP_409_CONFLICT if changed else HTTP_422_UNPROCESSABLE_ENTITY
    return render(
        request,
        "booking/cancel.html",
        status_code=refused if changed or errors else HTTP_200_OK,
        booking=booking,
        quote=quote,
        errors=errors or {},
        changed=changed,
        url_path=f"/booking/{booking.id}/cancel",
    )


def _address(hub: Hub, booking_id: UUID) -> str:
    return f"{hub.public_url}/booking/{booking_id}"


def access_of(request: Asked, hub: Hub, booking_id: UUID) -> BookingAccess:
    """The right to the booking that this browser keeps. Raises ``BookingTokenInvalid`` or ``BookingNotFound``."""
    return actions.open_token(hub, request.cookies.get(actions.cookie_name(booking_id)), booking_id)


def to_booking(hub: Hub, booking_id: UUID, token: str, path: str | None = None) -> Redirect:
    """To the booking's page (or to ``path`` below it) with the right to see it in a cookie; no referrer may carry the token
    away."""
    cookie = Cookie(
        key=actions.cookie_name(booking_id),
        value=token,
        path=f"/booking/{booking_id}",
        max_age=_HALF_YEAR,
        httponly=True,
        samesite="lax",
        secure=hub.production,
    )
    headers = {"Referrer-Policy": "no-referrer"}
    address = path or f"/booking/{booking_id}"
    return Redirect(address, status_code=HTTP_303_SEE_OTHER, cookies=[cookie], headers=headers)


def _back(booking_id: UUID) -> Redirect:
    return Redirect(f"/booking/{booking_id}", status_code=HTTP_303_SEE_OTHER)


def _download(content: bytes, media_type: str, filename: str) -> Response[bytes]:
    headers = {"Content-Disposition": f'attachment; filename="{filename}"'}
    return Response(content, media_type=media_type, headers=headers)


HANDLERS = (
    hold,
    show,
    fill_in,
    ask_for_payment,
    ask_to_cancel,
    cancel,
    pdf,
    ics,
    look_up_form,
    look_up,
)
