"""Bookings as JSON: for travellers with the token of their booking, and the operator's decision."""

import asyncio
from uuid import UUID

from litestar import Request, Response, get, post
from litestar.types import ASGIApp

from kamhub.hub.booking import actions
from kamhub.hub.booking.forms import LIST_TOO_LONG, BookForm, BookingReference, CancelForm, DecisionForm, HoldForm
from kamhub.hub.booking.replies import BookedReply, BookingReply, CancelledReply, HeldReply, QuoteReply
from kamhub.hub.booking.tokens import BookingAccess
from kamhub.hub.booking.types import Booking, BookingNotFound, BookingTokenInvalid, TooManyHolds
from kamhub.hub.booking.views import booking_json, quote_json
from kamhub.hub.price.types import PromoCodeRefused
from kamhub.hub.services import Hub
from kamhub.hub.ticket.actions import ticket_ics, ticket_pdf
from kamhub.kit.text import mark
from kamhub.platform.i18n.request import locale_of
from kamhub.platform.limit.guard import count_seats
from kamhub.platform.person.types import Staff
from kamhub.platform.web.json import json_reply, parse_json, read_body, read_json
from kamhub.platform.web.problems import FieldError, InputInvalid
from kamhub.platform.web.rules import rule
from kamhub.platform.web.schemas import Documented

_SCHEME = "booking"
MAX_KEY_LENGTH = 200
_KEY_LENGTH = mark("Give the key 1 to 200 characters.")


@post(
    "/api/transfers/hold",
    status_code=201,
    opt={
        **rule(
            access="public", rate="hold", csrf="anonymous", body=HoldForm, reply=HeldReply, refusals=(404, 409, 410)
        ),
        Documented.KEY: Documented(idempotency_key=True),
    },
)
async def hold(request: Request) -> ASGIApp:
    """Hold seats for a party, all or none. A repeat with the same Idempotency-Key gives the same booking."""
    hub: Hub = request.app.state.hub  # not injected: this is the one route whose every microsecond is counted
    form = await read_json(request, HoldForm)
    await count_seats(request, form.passengers)
    held = await actions.hold(
        hub,
        departure_id=form.departure_id,
        passengers=form.passengers,
        from_place=form.from_place_id,
        to_place=form.to_place_id,
        key=idempotency_key(request),
        channel="api",
    )
    content = booking_json(held.booking, hub.public_url, held.token, held.departure_json)
    return json_reply(content, 201 if held.created else 200)


@post(
    "/api/transfers/book",
    status_code=201,
    opt={
        **rule(
            access="public",
            rate="hold",
            csrf="anonymous",
            body=BookForm,
            reply=BookedReply,
            refusals=(401, 404, 409, 410),
        ),
        Documented.KEY: Documented(idempotency_key=True, booking_token=True),
    },
)
async def book(request: Request, hub: Hub) -> ASGIApp:
    """Say who travels and get the link to pay by: on a hold (with its token), or holding the seats first."""
    body = await read_body(request)
    try:
        form = parse_json(body, BookForm)
    except InputInvalid:
        if (named := _booking_named(body)) is not None:
            actions.open_token(hub, booking_token(request), named)
        raise
    token, fresh = None, False
    if form.departure_id is not None and form.passengers is not None:
        await count_seats(request, form.passengers)
        held = await actions.hold(
            hub,
            departure_id=form.departure_id,
            passengers=form.passengers,
            from_place=form.from_place_id,
            to_place=form.to_place_id,
            key=idempotency_key(request),
            channel="api",
        )
        access, token, fresh = held.access, held.token, held.created
    else:
        access = hub.tokens.read(booking_token(request))
        if access.booking_id != form.booking_id:
            raise BookingNotFound
        await _require_room(hub, access, form)
    booking = await _book(hub, access, form, fresh=fresh)
    return json_reply(booking_json(booking, hub.public_url, token), 201)


async def _book(hub: Hub, access: BookingAccess, form: BookForm, *, fresh: bool) -> Booking:
    try:
        return await actions.book(
            hub,
            access,
            contact=form.contact.contact(),
            passenger_list=[person.passenger() for person in form.passenger_list],
            special_requests=form.special_requests or None,
            consent=form.consented(),
            promo_code=form.promo_code,
        )
    except (TooManyHolds, PromoCodeRefused) as refusal:
        if fresh:  # held by this very call, which gives nobody its token
            await actions.cancel(hub, access, refusal.code)
        raise


async def _require_room(hub: Hub, access: BookingAccess, form: BookForm) -> None:
    booking = await actions.load(hub, access)
    if len(form.passenger_list) > booking.passengers:
        raise InputInvalid([FieldError("passenger_list", LIST_TOO_LONG, "too_long")])


def _booking_named(body: bytes) -> UUID | None:
    """The booking a body speaks of: of two refusals, that it is another's goes before what is wrong with the rest."""
    try:
        return parse_json(body, BookingReference).booking_id
    except InputInvalid:
        return None


@get(
    "/api/transfers/bookings/{booking_id:uuid}",
    opt=rule(access="booking", rate="api", reply=BookingReply),
)
async def show(request: Request, hub: Hub, booking_id: UUID) -> ASGIApp:
    """The booking."""
    access = actions.open_token(hub, booking_token(request), booking_id)
    return json_reply(booking_json(await actions.load(hub, access), hub.public_url))


@get(
    "/api/transfers/bookings/{booking_id:uuid}/cancellation",
    opt=rule(access="booking", rate="api", reply=QuoteReply, refusals=(409, 410)),
)
async def cancellation(request: Request, hub: Hub, booking_id: UUID) -> ASGIApp:
    """What cancelling now would give back."""
    access = actions.open_token(hub, booking_token(request), booking_id)
    return json_reply(quote_json(await actions.quote_cancellation(hub, access)))


@post(
    "/api/transfers/cancel",
    status_code=200,
    opt=rule(access="booking", rate="api", csrf="token", body=CancelForm, reply=CancelledReply, refusals=(409, 410)),
)
async def cancel(request: Request, hub: Hub) -> ASGIApp:
    """Cancel by the policy; the seats are free at once, the refund is on its way."""
    token = booking_token(request)
    hub.tokens.read(token)
    body = await read_body(request)
    try:
        form = parse_json(body, CancelForm)
    except InputInvalid:
        if (named := _booking_named(body)) is not None:
            actions.open_token(hub, token, named)
        raise
    access = actions.open_token(hub, token, form.booking_id)
    booking, refund = await actions.cancel(hub, access, form.reason or None)
    content = booking_json(booking, hub.public_url)
    return json_reply({**content, "booking": content, "refund": refund.as_json()})


@post(
    "/api/transfers/confirm",
    status_code=200,
    opt=rule(
        access="staff",
        permission="bookings.decide",
        rate="api",
        csrf="token",
        body=DecisionForm,
        reply=BookingReply,
        refusals=(404, 409, 410),
        audit="booking.decided",
    ),
)
async def confirm(request: Request, hub: Hub, staff: Staff) -> ASGIApp:
    """The operator confirms or rejects a booking that waits."""
    body = await read_body(request)
    try:
        form = parse_json(body, DecisionForm)
    except InputInvalid:
        if (named := _booking_named(body)) is not None:
            await actions.load(hub, BookingAccess(staff.organisation_id, named))
        raise
    access = BookingAccess(staff.organisation_id, form.booking_id, actor=staff.trail.actor)
    confirmed = form.action == "confirm"
    booking = await actions.decide(hub, access, trail=staff.trail, confirm=confirmed, message=form.message or None)
    return json_reply(booking_json(booking, hub.public_url))


@get(
    "/api/transfers/bookings/{booking_id:uuid}/ticket.pdf",
    opt=rule(access="booking", rate="api", reply="pdf", refusals=(409,)),
)
async def pdf(request: Request, hub: Hub, booking_id: UUID) -> Response[bytes]:
    """The ticket to print, once confirmed."""
    booking = await actions.load(hub, actions.open_token(hub, booking_token(request), booking_id))
    content = await asyncio.to_thread(ticket_pdf, booking, locale_of(request), f"{hub.public_url}/booking/{booking.id}")
    return Response(content, media_type="application/pdf", headers=_attachment(f"{booking.code}.pdf"))


@get(
    "/api/transfers/bookings/{booking_id:uuid}/ticket.ics",
    opt=rule(access="booking", rate="api", reply="calendar", refusals=(409,)),
)
async def ics(request: Request, hub: Hub, booking_id: UUID) -> Response[bytes]:
    """The trip for a calendar, once confirmed."""
    booking = await actions.load(hub, actions.open_token(hub, booking_token(request), booking_id))
    content = ticket_ics(booking, locale_of(request), f"{hub.public_url}/booking/{booking.id}")
    return Response(content, media_type="text/calendar", headers=_attachment(f"{booking.code}.ics"))


def _attachment(name: str) -> dict[str, str]:
    return {"Content-Disposition": f'attachment; filename="{name}"'}


def booking_token(request: Request) -> str:
    """The token of ``Authorization: Booking …``. Raises ``BookingTokenInvalid``."""
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() != _SCHEME:
        raise BookingTokenInvalid
    return token.strip()


def idempotency_key(request: Request) -> str | None:
    """The Idempotency-Key of the request, if any. Raises ``InputInvalid`` for one that is too long."""
    key = request.headers.get("idempotency-key")
    if key is not None and not 1 <= len(key) <= MAX_KEY_LENGTH:
        raise InputInvalid([FieldError("Idempotency-Key", _KEY_LENGTH, "length")])
    return key


HANDLERS = (hold, book, show, cancellation, cancel, confirm, pdf, ics)
