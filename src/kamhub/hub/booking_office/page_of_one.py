"""The page of one booking in the office: everything about it, and what may be done now."""

import asyncio
from collections.abc import Mapping
from typing import Annotated, Any
from uuid import UUID

from litestar import Request, Response, get, post
from litestar.params import QueryParameter
from litestar.response import Redirect
from litestar.status_codes import HTTP_200_OK, HTTP_303_SEE_OTHER, HTTP_422_UNPROCESSABLE_ENTITY
from markupsafe import Markup
from pydantic import ValidationError

from kamhub.hub.booking import actions as bookings
from kamhub.hub.booking.page_forms import nested_passengers
from kamhub.hub.booking.tokens import BookingAccess
from kamhub.hub.booking.types import CancellationQuote
from kamhub.hub.booking_office import rules, words
from kamhub.hub.booking_office.actions import calls, changes, lists
from kamhub.hub.booking_office.api import READ, WRITE
from kamhub.hub.booking_office.page_forms import (
    ChangePageForm,
    DecidePageForm,
    NotePageForm,
    StaffCancelPageForm,
)
from kamhub.hub.booking_office.types import ListedBooking
from kamhub.hub.money import actions as money
from kamhub.hub.seats.types import SoldOut
from kamhub.hub.services import Hub
from kamhub.hub.ticket.actions import ticket_pdf
from kamhub.kit.errors import Refusal
from kamhub.kit.text import Locale, mark
from kamhub.platform.access.pages import render_office
from kamhub.platform.i18n.catalogue import translator
from kamhub.platform.i18n.request import locale_of
from kamhub.platform.organisation.actions import zone_of
from kamhub.platform.person.services import People
from kamhub.platform.person.types import Staff
from kamhub.platform.web.pages import errors_of
from kamhub.platform.web.parts import Load
from kamhub.platform.web.parts import part as make_part
from kamhub.platform.web.problems import InputInvalid
from kamhub.platform.web.rules import rule

Asked = Request[Any, Any, Any]
SECTION = "/office/bookings"
_ONE = f"{SECTION}/{{booking_id:uuid}}"
_DONE: Mapping[str, str] = {
    "made": mark("The booking is made."),
    "changed": mark("The changes are saved."),
    "noted": mark("The note is written down."),
    "cancelled": mark("The booking is cancelled; its seats are free again."),
    "collected": mark("The money is written down."),
    "linked": mark("The link to pay is on its way."),
    "decided": mark("The traveller gets your answer."),
    "moved": mark("The booking is on another departure now."),
}
_REFUSED = (404, 409, 410)


def said(done: str, locale: Locale) -> str | None:
    """What has just been done, as a sentence."""
    return translator(locale).gettext(_DONE[done]) if done in _DONE else None


def sentence(refusal: Refusal, locale: Locale) -> str:
    """A refusal as a sentence for the reader."""
    catalogue = translator(locale)
    if isinstance(refusal, SoldOut):
        left = int(str(refusal.extra["seats_available"]))
        return catalogue.ngettext(
            "Only %(num)s seat is left on this stretch.", "Only %(num)s seats are left on this stretch.", left
        ) % {"num": left}
    return f"{catalogue.gettext(refusal.title)}."


@get(_ONE, opt=rule(access="staff", rate="page", permission=READ, reply="page", refusals=(404,)))
async def show(
    request: Asked,
    hub: Hub,
    people: People,
    staff: Staff,
    booking_id: UUID,
    done: Annotated[str, QueryParameter(max_length=30)] = "",
) -> Response[Any]:
    """The booking as it stands."""
    return await _page(request, hub, people, staff, booking_id, done=said(done, locale_of(request)))


@post(
    _ONE,
    status_code=HTTP_303_SEE_OTHER,
    opt=rule(
        access="staff",
        rate="page",
        csrf="form",
        permission=WRITE,
        body=ChangePageForm,
        reply="page",
        refusals=(*_REFUSED, 412),
        audit="booking.changed",
    ),
)
async def save(request: Asked, hub: Hub, people: People, staff: Staff, booking_id: UUID) -> Response[Any]:
    """Save who travels; when somebody was faster, or a field is not right, show it with what was typed."""
    listed = await lists.one(hub, staff, booking_id)
    sent = await _sent(request)
    try:
        form = ChangePageForm.model_validate(nested_passengers(sent, listed.passengers))
        await changes.change(hub, staff, booking_id, form.changes(listed.passenger_list), form.version)
    except (ValidationError, Refusal) as error:
        return await _refused(request, hub, people, staff, booking_id, error, "people", sent)
    return _back(booking_id, "changed")


@post(
    f"{_ONE}/notes",
    status_code=HTTP_303_SEE_OTHER,
    opt=rule(
        access="staff",
        rate="page",
        csrf="form",
        permission=WRITE,
        body=NotePageForm,
        reply="page",
        refusals=(404,),
        audit="booking.noted",
    ),
)
async def note(request: Asked, hub: Hub, people: People, staff: Staff, booking_id: UUID) -> Response[Any]:
    """Write a remark."""
    await lists.one(hub, staff, booking_id)
    sent = await _sent(request)
    try:
        await changes.add_note(hub, staff, booking_id, NotePageForm.model_validate(sent).text)
    except ValidationError as error:
        return await _refused(request, hub, people, staff, booking_id, error, "note", sent)
    return _back(booking_id, "noted")


@post(
    f"{_ONE}/cancel",
    status_code=HTTP_303_SEE_OTHER,
    opt=rule(
        access="staff",
        rate="page",
        csrf="form",
        permission=WRITE,
        body=StaffCancelPageForm,
        reply="page",
        refusals=(403, *_REFUSED),
        audit="booking.cancelled",
    ),
)
async def cancel(request: Asked, hub: Hub, people: People, staff: Staff, booking_id: UUID) -> Response[Any]:
    """Cancel with the refund that was chosen."""
    await lists.one(hub, staff, booking_id)
    sent = await _sent(request)
    try:
        form = StaffCancelPageForm.model_validate(sent)
        await changes.cancel(hub, staff, booking_id, form.reason, form.refund, form.minor)
    except (ValidationError, Refusal) as error:
        return await _refused(request, hub, people, staff, booking_id, error, "cancel", sent)
    return _back(booking_id, "cancelled")


@post(
    f"{_ONE}/payment-link",
    status_code=HTTP_303_SEE_OTHER,
    opt=rule(
        access="staff",
        rate="page",
        csrf="form",
        permission=WRITE,
        body="none",
        reply="page",
        refusals=_REFUSED,
        audit="booking.payment_link_sent",
    ),
)
async def payment_link(request: Asked, hub: Hub, people: People, staff: Staff, booking_id: UUID) -> Response[Any]:
    """Send the link to pay by once more."""
    await lists.one(hub, staff, booking_id)
    try:
        await calls.send_link(hub, staff, booking_id)
    except Refusal as refusal:
        return await _refused(request, hub, people, staff, booking_id, refusal, "form", {})
    return _back(booking_id, "linked")


@post(
    f"{_ONE}/collected",
    status_code=HTTP_303_SEE_OTHER,
    opt=rule(
        access="staff",
        rate="page",
        csrf="form",
        permission=WRITE,
        body="none",
        reply="page",
        refusals=(404, 409),
        audit="booking.collected",
    ),
)
async def collected(request: Asked, hub: Hub, people: People, staff: Staff, booking_id: UUID) -> Response[Any]:
    """Write down that all that was due has been taken: in cash, or an invoice that was paid."""
    await lists.one(hub, staff, booking_id)
    try:
        await money.collect(hub, staff, booking_id, amount=None, till=None)
    except Refusal as refusal:
        return await _refused(request, hub, people, staff, booking_id, refusal, "form", {})
    return _back(booking_id, "collected")


@post(
    f"{_ONE}/decide",
    status_code=HTTP_303_SEE_OTHER,
    opt=rule(
        access="staff",
        rate="page",
        csrf="form",
        permission="bookings.decide",
        body=DecidePageForm,
        reply="page",
        refusals=_REFUSED,
        audit="booking.decided",
    ),
)
async def decide(request: Asked, hub: Hub, people: People, staff: Staff, booking_id: UUID) -> Response[Any]:
    """Confirm or reject a booking that waits."""
    await lists.one(hub, staff, booking_id)
    sent = await _sent(request)
    access = BookingAccess(staff.organisation_id, booking_id, actor=staff.trail.actor)
    try:
        form = DecidePageForm.model_validate(sent)
        confirmed = form.action == "confirm"
        await bookings.decide(hub, access, trail=staff.trail, confirm=confirmed, message=form.message)
    except (ValidationError, Refusal) as error:
        return await _refused(request, hub, people, staff, booking_id, error, "decide", sent)
    return _back(booking_id, "decided")


@get(
    f"{_ONE}/ticket.pdf",
    opt=rule(access="staff", rate="page", permission=READ, reply="pdf", refusals=(404, 409)),
)
async def ticket(request: Asked, hub: Hub, staff: Staff, booking_id: UUID) -> Response[bytes]:
    """The ticket to print, in the language of whoever travels."""
    booking = await bookings.load(hub, BookingAccess(staff.organisation_id, booking_id))
    locale = booking.contact.locale if booking.contact else locale_of(request)
    page = f"{hub.public_url}/booking/{booking.id}"
    content = await asyncio.to_thread(ticket_pdf, booking, locale, page)
    headers = {"Content-Disposition": f'inline; filename="{booking.code}.pdf"'}
    return Response(content, media_type="application/pdf", headers=headers)


async def _sent(request: Asked) -> dict[str, str]:
    return {name: str(value) for name, value in (await request.form()).items()}


def _back(booking_id: UUID, done: str) -> Redirect:
    return Redirect(f"{SECTION}/{booking_id}?done={done}", status_code=HTTP_303_SEE_OTHER)


async def _refused(
    request: Asked,
    hub: Hub,
    people: People,
    staff: Staff,
    booking_id: UUID,
    error: ValidationError | Refusal,
    part: str,
    sent: Mapping[str, str],
) -> Response[Any]:
    """The page again, with what was typed into that part of it, and what is wrong with it."""
    locale = locale_of(request)
    if isinstance(error, ValidationError | InputInvalid):
        errors, status = errors_of(error, locale), HTTP_422_UNPROCESSABLE_ENTITY
    else:
        errors, status = {"form": sentence(error, locale)}, error.status
    return await _page(request, hub, people, staff, booking_id, part=part, values=sent, errors=errors, status=status)


async def _page(
    request: Asked,
    hub: Hub,
    people: People,
    staff: Staff,
    booking_id: UUID,
    *,
    done: str | None = None,
    part: str = "",
    values: Mapping[str, str] | None = None,
    errors: Mapping[str, str] | None = None,
    status: int = HTTP_200_OK,
) -> Response[Any]:
    locale, address = locale_of(request), f"{SECTION}/{booking_id}"
    listed = await lists.one(hub, staff, booking_id)
    booking = await bookings.load(hub, BookingAccess(staff.organisation_id, booking_id))
    zone = await zone_of(people, staff.organisation_id)
    shown = {
        "booking": booking,
        "listed": listed,
        "changeable": listed.status in rules.CHANGEABLE and WRITE in staff.permissions,
        "writes": WRITE in staff.permissions,
        "waits": listed.status in ("on_hold", "pending"),
        "permissions": staff.permissions,
        "local": lambda at: at.astimezone(zone),
        "part": part,
        "values": values or {},
        "errors": errors or {},
        "address": address,
    }
    return await render_office(
        request,
        "booking_office/booking.html",
        section=SECTION,
        status_code=status,
        done=done,
        panels=await _panels(request, hub, staff, listed, shown),
        **shown,
        **_names(locale),
        url_path=address,
    )


async def _panels(
    request: Asked, hub: Hub, staff: Staff, listed: ListedBooking, shown: Mapping[str, Any]
) -> dict[str, Markup]:
    """What can be done, and what happened; each is asked for by itself."""
    locale = locale_of(request)

    async def do() -> Mapping[str, object]:
        return {"quote": await _quote(hub, staff, listed)}

    async def story() -> Mapping[str, object]:
        timeline = await lists.timeline(hub, staff, listed.id)
        told = [
            (item, words.told(item, locale), words.actor(item, listed.channel, locale), words.reason(item))
            for item in reversed(timeline)
        ]
        return {"timeline": told, "notes": [item for item in timeline if item.kind == "note"]}

    loads: Mapping[str, Load] = {"do": do, "story": story}
    return {
        name: await make_part(request, name, f"booking_office/_{name}.html", load, again=shown["address"], shared=shown)
        for name, load in loads.items()
    }


def _names(locale: Locale) -> dict[str, Any]:
    """What states, ways to pay and ways of booking are called in that language."""
    return {
        "statuses": words.names(words.STATUSES, locale),
        "tones": words.TONES,
        "pay_by": words.names(words.PAY_BY, locale),
        "channels": words.names(words.CHANNELS, locale),
    }


async def _quote(hub: Hub, staff: Staff, listed: ListedBooking) -> CancellationQuote | None:
    """What cancelling would give back; None when it cannot be cancelled any more, or not by this reader."""
    if WRITE not in staff.permissions or listed.status not in rules.CHANGEABLE:
        return None
    try:
        return await changes.quote(hub, staff, listed.id)
    except Refusal:
        return None


HANDLERS = (show, save, note, cancel, payment_link, collected, decide, ticket)
