"""Pages at the door: the manifest to read and print, and boarding by scan."""

import asyncio
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any
from uuid import UUID

from litestar import Request, Response, get, post
from litestar.handlers import HTTPRouteHandler
from litestar.params import QueryParameter
from litestar.response import Redirect
from litestar.status_codes import HTTP_200_OK, HTTP_303_SEE_OTHER
from litestar.types import ASGIApp
from pydantic import ValidationError

from kamhub.hub.booking.types import BookingNotFound
from kamhub.hub.departure import words as departure_words
from kamhub.hub.departure.types import DepartureCancelled
from kamhub.hub.manifest import actions
from kamhub.hub.manifest.api import BOARD, READ, file_name
from kamhub.hub.manifest.forms import CodeForm, MissingForm
from kamhub.hub.manifest.types import AlreadyBoarded, BoardingTooEarly, BookingHasNoSeats, Manifest, NotMissedYet
from kamhub.hub.manifest.views import CSV_COLUMNS, csv_row
from kamhub.hub.manifest.words import kind_name, manifest_text
from kamhub.hub.services import Hub
from kamhub.kit.errors import Refusal
from kamhub.kit.text import mark
from kamhub.platform.access.pages import render_office
from kamhub.platform.i18n.catalogue import translator
from kamhub.platform.i18n.form_errors import form_errors
from kamhub.platform.i18n.request import locale_of
from kamhub.platform.person.types import Staff
from kamhub.platform.web.csv import csv_reply
from kamhub.platform.web.json import validate
from kamhub.platform.web.rules import rule

Asked = Request[Any, Any, Any]
SECTION = "/office/departures"
_ONE = f"{SECTION}/{{departure_id:uuid}}"
_BOARDED = mark("%(code)s is on board.")
_DONE = {"missed": mark("They are noted as not having come."), "came": mark("The note is taken back.")}
_AT_THE_DOOR = (BookingNotFound, BookingHasNoSeats, BoardingTooEarly, DepartureCancelled)
_WORKER = (Path(__file__).parent / "boarding-worker.js").read_bytes()
_OPEN = rule(access="staff", rate="page", permission=READ, reply="page", refusals=(404,))


@get(f"{_ONE}/manifest", opt=_OPEN)
async def manifest(
    request: Asked,
    hub: Hub,
    staff: Staff,
    departure_id: UUID,
    done: Annotated[str, QueryParameter(max_length=30)] = "",
) -> Response[Any]:
    """Who rides, to read and to print."""
    return await _manifest(request, hub, staff, departure_id, done=done)


async def _manifest(
    request: Asked, hub: Hub, staff: Staff, departure_id: UUID, *, done: str = "", refused: Refusal | None = None
) -> Response[Any]:
    found = await actions.manifest(hub, staff, departure_id)
    gettext = translator(locale_of(request)).gettext
    return await render_office(
        request,
        "manifest/manifest.html",
        section=SECTION,
        status_code=refused.status if refused else HTTP_200_OK,
        done=gettext(_DONE[done]) if done in _DONE else None,
        refused=gettext(refused.title) + "." if refused else None,
        may_board=BOARD in staff.permissions,
        left=found.departure.departs_at <= hub.clock.now(),
        **_context(request, hub, found),
    )


def _context(request: Asked, hub: Hub, found: Manifest) -> dict[str, Any]:
    locale, now = locale_of(request), hub.clock.now()
    state = departure_words.state_of(found.departure, now)
    return {
        "manifest": found,
        "departure": found.departure,
        "state": state,
        "state_name": departure_words.state_name(state, locale),
        "state_tone": departure_words.state_tone(state),
        "kind_name": lambda kind: kind_name(kind, locale),
        "url_path": f"{SECTION}/{found.departure.id}/manifest",
    }


@get(f"{_ONE}/manifest.pdf", opt=rule(access="staff", rate="page", permission=READ, reply="pdf", refusals=(404,)))
async def pdf(request: Asked, hub: Hub, staff: Staff, departure_id: UUID) -> Response[bytes]:
    """The same on sheets of A4."""
    from kamhub.hub.manifest.pdf import draw_manifest

    found = await actions.manifest(hub, staff, departure_id)
    text = manifest_text(found, locale_of(request), hub.clock.now().astimezone(found.departure.zone))
    content = await asyncio.to_thread(draw_manifest, text)
    return Response(content, media_type="application/pdf", headers=_file(found.departure.stops[0].at, "pdf"))


@get(f"{_ONE}/manifest.csv", opt=rule(access="staff", rate="page", permission=READ, reply="csv", refusals=(404,)))
async def csv(request: Asked, hub: Hub, staff: Staff, departure_id: UUID) -> ASGIApp:
    """The same for a spreadsheet."""
    found = await actions.manifest(hub, staff, departure_id)
    return csv_reply(request, file_name(found.departure.stops[0].at, "csv"), CSV_COLUMNS, map(csv_row, found.rows))


def _file(at: datetime, ending: str) -> dict[str, str]:
    return {"Cache-Control": "no-store", "Content-Disposition": f'inline; filename="{file_name(at, ending)}"'}


@post(
    f"{_ONE}/bookings/{{booking_id:uuid}}/no-show",
    status_code=HTTP_303_SEE_OTHER,
    opt=rule(
        access="staff",
        rate="page",
        csrf="form",
        permission=BOARD,
        body=MissingForm,
        reply="page",
        refusals=(404, 409, 422),
        audit="booking.missed",
    ),
)
async def missing(
    request: Asked, hub: Hub, staff: Staff, departure_id: UUID, booking_id: UUID
) -> Response[Any] | Redirect:
    """Note that a party did not come, or take that back."""
    await actions.find_party(hub, staff, booking_id)
    sent = {name: str(value) for name, value in (await request.form()).items()}
    noted = validate(MissingForm, sent).missing == "yes"
    try:
        if noted:
            await actions.miss(hub, staff, booking_id)
        else:
            await actions.unmiss(hub, staff, booking_id)
    except (AlreadyBoarded, BookingHasNoSeats, NotMissedYet) as refused:
        return await _manifest(request, hub, staff, departure_id, refused=refused)
    done = "missed" if noted else "came"
    return Redirect(f"{SECTION}/{departure_id}/manifest?done={done}", status_code=HTTP_303_SEE_OTHER)


@get(f"{_ONE}/boarding", opt=rule(access="staff", rate="page", permission=BOARD, reply="page", refusals=(404,)))
async def boarding(
    request: Asked,
    hub: Hub,
    staff: Staff,
    departure_id: UUID,
    boarded: Annotated[str, QueryParameter(max_length=60)] = "",
) -> Response[Any]:
    """Boarding by scan or by code; with a script it works on without a connection."""
    return await _boarding(request, hub, staff, departure_id, boarded=boarded)


@post(
    f"{_ONE}/boarding",
    status_code=HTTP_303_SEE_OTHER,
    opt=rule(
        access="staff",
        rate="page",
        csrf="form",
        permission=BOARD,
        body=CodeForm,
        reply="page",
        refusals=(404, 409, 422),
        audit="booking.boarded",
    ),
)
async def board(request: Asked, hub: Hub, staff: Staff, departure_id: UUID) -> Response[Any] | Redirect:
    """Board by the code that was typed."""
    locale = locale_of(request)
    await actions.manifest(hub, staff, departure_id)
    sent = {name: str(value) for name, value in (await request.form()).items()}
    try:
        party = await actions.board_by_code(hub, staff, departure_id, CodeForm.model_validate(sent).code)
    except ValidationError as error:
        text = form_errors(error, locale).get("code", "")
        return await _boarding(request, hub, staff, departure_id, code=sent.get("code", ""), error=text, status=422)
    except _AT_THE_DOOR as refused:
        text = translator(locale).gettext(refused.detail) + "."
        return await _boarding(
            request, hub, staff, departure_id, code=sent.get("code", ""), error=text, status=refused.status
        )
    return Redirect(f"{SECTION}/{departure_id}/boarding?boarded={party.code}", status_code=HTTP_303_SEE_OTHER)


async def _boarding(
    request: Asked,
    hub: Hub,
    staff: Staff,
    departure_id: UUID,
    *,
    boarded: str = "",
    code: str = "",
    error: str = "",
    status: int = HTTP_200_OK,
) -> Response[Any]:
    found = await actions.manifest(hub, staff, departure_id)
    known = next((party for party in found.parties if party.code == boarded and party.boarded_at), None)
    gettext = translator(locale_of(request)).gettext
    return await render_office(
        request,
        "manifest/boarding.html",
        section=SECTION,
        status_code=status,
        done=gettext(_BOARDED) % {"code": known.code} if known else None,
        code=code,
        error=error,
        **_context(request, hub, found) | {"url_path": f"{SECTION}/{departure_id}/boarding"},
    )


@get(
    f"{SECTION}/boarding-worker.js",
    opt=rule(access="page", rate="page", reply="file"),
)
async def worker() -> Response[bytes]:
    """The service worker of boarding: it may serve the pages beside its own address alone, so it is no static file."""
    return Response(_WORKER, media_type="text/javascript", headers={"Cache-Control": "no-cache"})


HANDLERS: tuple[HTTPRouteHandler, ...] = (manifest, pdf, csv, missing, boarding, board, worker)
