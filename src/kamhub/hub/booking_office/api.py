"""Bookings over HTTP, for the office."""

from typing import Any
from uuid import UUID

from litestar import Request, delete, get, patch, post
from litestar.status_codes import HTTP_200_OK, HTTP_201_CREATED, HTTP_204_NO_CONTENT
from litestar.types import ASGIApp

from kamhub.hub.booking import actions as bookings
from kamhub.hub.booking.api import idempotency_key
from kamhub.hub.booking.replies import QuoteReply
from kamhub.hub.booking.tokens import BookingAccess
from kamhub.hub.booking.views import quote_json
from kamhub.hub.booking_office.actions import calls, changes, lists
from kamhub.hub.booking_office.forms import (
    BookingChangeForm,
    BookingParameters,
    NoteForm,
    StaffBookForm,
    StaffCancelForm,
)
from kamhub.hub.booking_office.replies import (
    ListedBookingListReply,
    NoteListReply,
    NoteReply,
    OfficeBookingReply,
    StaffCancelledReply,
    TimelineReply,
)
from kamhub.hub.booking_office.types import BookingFilter
from kamhub.hub.booking_office.views import CSV_COLUMNS, csv_rows, listed_json, note_json, office_json, timeline_json
from kamhub.hub.services import Hub
from kamhub.platform.organisation.actions import zone_of
from kamhub.platform.person.services import People
from kamhub.platform.person.types import Staff
from kamhub.platform.session.api import NOT_STORED
from kamhub.platform.web.csv import csv_stream, wants_csv
from kamhub.platform.web.json import json_reply, list_reply, read_json, validate
from kamhub.platform.web.rules import rule
from kamhub.platform.web.schemas import Documented, PageParameters
from kamhub.platform.web.versions import asked_version, etag, require_version

Asked = Request[Any, Any, Any]
READ = "bookings.read"
WRITE = "bookings.write"
BOOKINGS = "/api/bookings"
ONE = f"{BOOKINGS}/{{booking_id:uuid}}"


@get(
    BOOKINGS,
    opt=rule(
        access="staff",
        rate="api",
        permission=READ,
        body=BookingParameters,
        reply=ListedBookingListReply,
        refusals=(401, 403, 422),
    ),
)
async def bookings_list(request: Asked, hub: Hub, people: People, staff: Staff) -> ASGIApp:
    """The bookings that fit: in the order of travel when days or a route are asked for, else the newest first.

    ``Accept: text/csv`` gives all of them as a file. A text alone finds the newest 100; with a departure, or days up to a
    week, all of those.
    """
    asked = validate(BookingParameters, request.query_params)
    zone = await zone_of(people, staff.organisation_id)
    wanted = await lists.with_routes(hub, staff, asked.wanted(zone), asked.route)
    if wants_csv(request):
        return await file_of(request, hub, people, staff, wanted)
    found = await lists.bookings(hub, staff, wanted, offset=asked.offset, limit=asked.page_size)
    items = [listed_json(one, hub.public_url) for one in found.bookings]
    return list_reply(items, asked, found.total, NOT_STORED)


async def file_of(request: Asked, hub: Hub, people: People, staff: Staff, wanted: BookingFilter) -> ASGIApp:
    """The list as a file, sent as it is read."""

    zone = await zone_of(people, staff.organisation_id)
    return csv_stream(
        request,
        f"bookings-{hub.clock.now():%Y-%m-%d}.csv",
        CSV_COLUMNS,
        lists.export(hub, staff, wanted),
        lambda batch: csv_rows(batch, zone),
    )


async def _whole(hub: Hub, staff: Staff, booking_id: UUID) -> tuple[dict[str, object], dict[str, str]]:
    """A booking with the headers that name its version. What is read later is at least as new as the version says."""
    listed = await lists.one(hub, staff, booking_id)
    booking = await bookings.load(hub, BookingAccess(staff.organisation_id, booking_id))
    return office_json(booking, listed, hub.public_url), {**NOT_STORED, **etag(listed.version)}


@get(
    ONE,
    opt=rule(access="staff", rate="api", permission=READ, reply=OfficeBookingReply, refusals=(401, 403, 404)),
)
async def booking(hub: Hub, staff: Staff, booking_id: UUID) -> ASGIApp:
    """One booking; its ETag is asked back by whoever changes it."""
    content, headers = await _whole(hub, staff, booking_id)
    return json_reply(content, headers=headers)


@post(
    BOOKINGS,
    status_code=HTTP_201_CREATED,
    opt={
        **rule(
            access="staff",
            rate="api",
            csrf="token",
            permission=WRITE,
            body=StaffBookForm,
            reply=OfficeBookingReply,
            refusals=(400, 401, 403, 404, 409, 410, 415, 422),
            audit="booking.made",
        ),
        Documented.KEY: Documented(idempotency_key=True),
    },
)
async def make(request: Asked, hub: Hub, staff: Staff) -> ASGIApp:
    """Book for a caller. Paid online, the link goes out by message; on board or by invoice it is confirmed at once."""
    form = await read_json(request, StaffBookForm)
    made = await calls.make(hub, staff, form.wanted(), idempotency_key(request))
    content, headers = await _whole(hub, staff, made)
    return json_reply(content, HTTP_201_CREATED, headers)


@patch(
    ONE,
    opt=rule(
        access="staff",
        rate="api",
        csrf="token",
        permission=WRITE,
        body=BookingChangeForm,
        reply=OfficeBookingReply,
        refusals=(400, 401, 403, 404, 409, 410, 412, 415, 422),
        audit="booking.changed",
    ),
)
async def change(request: Asked, hub: Hub, staff: Staff, booking_id: UUID) -> ASGIApp:
    """Change who travels, the contact, the remarks; not how many, and not what was paid for."""
    listed = await lists.one(hub, staff, booking_id)
    asked = asked_version(request)
    require_version(asked, listed.version)
    form = await read_json(request, BookingChangeForm)
    await changes.change(hub, staff, booking_id, form.changes(), asked)
    content, headers = await _whole(hub, staff, booking_id)
    return json_reply(content, headers=headers)


@get(
    f"{ONE}/cancellation",
    opt=rule(access="staff", rate="api", permission=READ, reply=QuoteReply, refusals=(401, 403, 404, 409, 410)),
)
async def cancellation(hub: Hub, staff: Staff, booking_id: UUID) -> ASGIApp:
    """What cancelling by the policy would give back now."""
    return json_reply(quote_json(await changes.quote(hub, staff, booking_id)), headers=NOT_STORED)


@post(
    f"{ONE}/cancel",
    status_code=HTTP_200_OK,
    opt=rule(
        access="staff",
        rate="api",
        csrf="token",
        permission=WRITE,
        body=StaffCancelForm,
        reply=StaffCancelledReply,
        refusals=(400, 401, 403, 404, 409, 410, 415, 422),
        audit="booking.cancelled",
    ),
)
async def cancel(request: Asked, hub: Hub, staff: Staff, booking_id: UUID) -> ASGIApp:
    """Cancel with the refund of the policy; all, nothing or another amount for those who may return money."""
    await lists.one(hub, staff, booking_id)
    form = await read_json(request, StaffCancelForm)
    back = await changes.cancel(hub, staff, booking_id, form.reason or None, form.refund, form.amount)
    content, headers = await _whole(hub, staff, booking_id)
    return json_reply({**content, "refund": back.as_json()}, headers=headers)


@delete(
    ONE,
    status_code=HTTP_204_NO_CONTENT,
    opt=rule(
        access="staff",
        rate="api",
        csrf="token",
        permission=WRITE,
        body="none",
        reply="none",
        refusals=(401, 403, 404, 409, 410, 412),
        audit="booking.cancelled",
    ),
)
async def remove(request: Asked, hub: Hub, staff: Staff, booking_id: UUID) -> None:
    """Cancel by the policy; the booking itself stays for the books. It may be said twice."""
    listed = await lists.one(hub, staff, booking_id)
    if listed.status != "cancelled":
        await changes.cancel(hub, staff, booking_id, None, asked=asked_version(request))


@post(
    f"{ONE}/payment-link",
    status_code=HTTP_200_OK,
    opt=rule(
        access="staff",
        rate="api",
        csrf="token",
        permission=WRITE,
        body="none",
        reply=OfficeBookingReply,
        refusals=(401, 403, 404, 409, 410),
        audit="booking.payment_link_sent",
    ),
)
async def payment_link(hub: Hub, staff: Staff, booking_id: UUID) -> ASGIApp:
    """Send the link to pay by once more."""
    await calls.send_link(hub, staff, booking_id)
    content, headers = await _whole(hub, staff, booking_id)
    return json_reply(content, headers=headers)


@get(
    f"{ONE}/notes",
    opt=rule(access="staff", rate="api", permission=READ, reply=NoteListReply, refusals=(401, 403, 404)),
)
async def notes(hub: Hub, staff: Staff, booking_id: UUID) -> ASGIApp:
    """The remarks of colleagues on a booking."""
    found = await lists.notes(hub, staff, booking_id)
    return _all([note_json(note) for note in found])


@post(
    f"{ONE}/notes",
    status_code=HTTP_201_CREATED,
    opt=rule(
        access="staff",
        rate="api",
        csrf="token",
        permission=WRITE,
        body=NoteForm,
        reply=NoteReply,
        refusals=(400, 401, 403, 404, 415, 422),
        audit="booking.noted",
    ),
)
async def add_note(request: Asked, hub: Hub, staff: Staff, booking_id: UUID) -> ASGIApp:
    """Write a remark that no traveller sees."""
    await lists.one(hub, staff, booking_id)
    form = await read_json(request, NoteForm)
    note = await changes.add_note(hub, staff, booking_id, form.text)
    return json_reply(note_json(note), HTTP_201_CREATED, NOT_STORED)


@get(
    f"{ONE}/timeline",
    opt=rule(access="staff", rate="api", permission=READ, reply=TimelineReply, refusals=(401, 403, 404)),
)
async def timeline(hub: Hub, staff: Staff, booking_id: UUID) -> ASGIApp:
    """Everything that happened to a booking: states, moves, payments, refunds, messages, remarks."""
    found = await lists.timeline(hub, staff, booking_id)
    return _all([timeline_json(item) for item in found])


def _all(items: list[dict[str, object]]) -> ASGIApp:
    """A list that always comes whole."""
    return list_reply(items, PageParameters(page_size=max(1, min(200, len(items)))), len(items), NOT_STORED)


HANDLERS = (bookings_list, booking, make, change, remove, cancellation, cancel, payment_link, notes, add_note, timeline)
