"""The pages on which timetables come in and go out as files."""

import asyncio
import base64
import binascii
import zlib
from typing import Annotated, Any
from urllib.parse import urlencode

import msgspec
from litestar import Response, get, post
from litestar.response import Redirect
from litestar.status_codes import HTTP_200_OK, HTTP_303_SEE_OTHER, HTTP_422_UNPROCESSABLE_ENTITY
from pydantic import Field, ValidationError

from kamhub.hub.place.uploads import read_file
from kamhub.hub.services import Hub
from kamhub.hub.timetable import actions
from kamhub.hub.timetable.exchange import reading
from kamhub.hub.timetable.exchange.types import MOST_BYTES, Feed, FileUnreadable
from kamhub.hub.timetable.exchange_api import ImportParameters, gtfs_reply
from kamhub.hub.timetable.page_forms import PagePrice
from kamhub.hub.timetable.page_frame import SECTION, Asked, Sent, faulty, page, read_form
from kamhub.hub.timetable.rights import READ, WRITE
from kamhub.kit.errors import Refusal
from kamhub.platform.i18n.catalogue import translator
from kamhub.platform.i18n.request import locale_of
from kamhub.platform.person.types import Staff
from kamhub.platform.web.rules import rule
from kamhub.platform.web.schemas import BlankIsNone, Documented, PageForm

_IMPORT = f"{SECTION}/import"
_MOST_PACKED = 600_000


class ImportPageForm(PageForm):
    """What goes with a file; ``feed`` is what was read of it, from the page that showed the report."""

    vehicle_id: Annotated[str | None, Field(max_length=40), BlankIsNone] = None
    leg_price: PagePrice = None
    feed: Annotated[str, Field(max_length=_MOST_PACKED)] = ""

    def options(self) -> actions.ImportOptions:
        """As actions take it. Raises ``ValidationError``."""
        return ImportParameters.model_validate(
            {"vehicle_id": self.vehicle_id or "", "leg_price": self.leg_price}
        ).options()


@get(_IMPORT, opt=rule(access="staff", rate="page", permission=WRITE, reply="page"))
async def import_form(request: Asked, hub: Hub, staff: Staff) -> Response[Any]:
    """Which file it is."""
    return await _form(request, hub, staff, Sent())


@post(
    f"{_IMPORT}/preview",
    status_code=HTTP_200_OK,
    opt={
        **rule(
            access="staff",
            rate="upload",
            csrf="form",
            permission=WRITE,
            body=ImportPageForm,
            reply="page",
            audit="timetable.previewed",
        ),
        Documented.KEY: Documented(media_types=("multipart/form-data",)),
    },
)
async def import_preview(request: Asked, hub: Hub, staff: Staff) -> Response[Any]:
    """What importing the file would make."""
    sent, _ = await read_form(request)
    sent = Sent({name: value for name, value in sent.values.items() if name != "file"})
    try:
        form = ImportPageForm.model_validate(sent.values)
        options = form.options()
        feed = await _feed(request, form)
        report = await actions.import_preview(hub, staff, feed, options)
    except (ValidationError, Refusal) as error:
        return await _form(request, hub, staff, faulty(request, sent, error))
    return await page(
        request,
        staff,
        "timetable/import_report.html",
        report=report,
        sent=sent,
        feed=pack(feed),
        told=_words(request),
    )


@post(
    _IMPORT,
    status_code=HTTP_303_SEE_OTHER,
    opt=rule(
        access="staff",
        rate="upload",
        csrf="form",
        permission=WRITE,
        body=ImportPageForm,
        reply="page",
        audit="timetable.imported",
    ),
)
async def import_confirmed(request: Asked, hub: Hub, staff: Staff) -> Response[Any]:
    """Make what the report has shown."""
    sent, _ = await read_form(request)
    sent = Sent({name: value for name, value in sent.values.items() if name != "file"})
    try:
        form = ImportPageForm.model_validate(sent.values)
        report = await actions.import_feed(hub, staff, await _feed(request, form), form.options())
    except (ValidationError, Refusal) as error:
        return await _form(request, hub, staff, faulty(request, sent, error))
    told = {
        "created": sum(len(one.plan.created) for one in report.outcomes),
        "conflicts": sum(len(one.plan.conflicts) for one in report.outcomes),
    }
    return Redirect(f"{SECTION}?{urlencode({'done': 'imported'} | told)}", status_code=HTTP_303_SEE_OTHER)


@get(f"{SECTION}/gtfs.zip", opt=rule(access="staff", rate="page", permission=READ, reply="zip"))
async def export(hub: Hub, staff: Staff) -> Response[bytes]:
    """The timetables that run, as a GTFS feed."""
    return gtfs_reply(await actions.export_gtfs(hub, staff))


async def _feed(request: Asked, form: ImportPageForm) -> Feed:
    """What was read of a file that came just now, or before. Raises ``FileUnreadable``."""
    if form.feed:
        return _unpack(form.feed)
    if "multipart" not in request.headers.get("content-type", ""):
        raise FileUnreadable
    return await asyncio.to_thread(reading.read, await read_file(request))


def pack(feed: Feed) -> str:
    """What was read, for the form that asks for a yes: small, because trips of a timetable are one line there."""
    return base64.b64encode(zlib.compress(msgspec.json.encode(feed))).decode()


def _unpack(text: str) -> Feed:
    """The same back; whoever sends another one could have sent another file. Raises ``FileUnreadable``."""
    try:
        content = zlib.decompressobj().decompress(base64.b64decode(text, validate=True), MOST_BYTES)
        return msgspec.json.decode(content, type=Feed)
    except (binascii.Error, zlib.error, msgspec.MsgspecError, ValueError):
        raise FileUnreadable from None


def _words(request: Asked) -> Any:
    return translator(locale_of(request)).gettext


async def _form(request: Asked, hub: Hub, staff: Staff, sent: Sent) -> Response[Any]:
    choices = await actions.choices(hub, staff)
    return await page(
        request,
        staff,
        "timetable/import.html",
        status_code=HTTP_422_UNPROCESSABLE_ENTITY if sent.errors else HTTP_200_OK,
        sent=sent,
        choices=choices,
    )


HANDLERS = (import_form, import_preview, import_confirmed, export)
