"""The buttons of a timetable's page: ending it, making what is missing, dates of their own."""

from datetime import date
from typing import Any
from uuid import UUID

from litestar import Response, post
from litestar.response import Redirect
from litestar.status_codes import HTTP_303_SEE_OTHER
from pydantic import ValidationError

from kamhub.hub.services import Hub
from kamhub.hub.timetable import actions
from kamhub.hub.timetable.page_forms import ExceptionPageForm, VersionPageForm
from kamhub.hub.timetable.page_frame import ONE, Asked, back, faulty, read_form, show
from kamhub.hub.timetable.rights import WRITE
from kamhub.platform.person.types import Staff
from kamhub.platform.web.problems import InputInvalid
from kamhub.platform.web.rules import rule
from kamhub.platform.web.versions import VersionStale


@post(
    f"{ONE}/archive",
    status_code=HTTP_303_SEE_OTHER,
    opt=rule(
        access="staff",
        rate="page",
        csrf="form",
        permission=WRITE,
        body=VersionPageForm,
        reply="page",
        refusals=(404, 412),
        audit="timetable.archived",
    ),
)
async def archive(request: Asked, hub: Hub, staff: Staff, timetable_id: UUID) -> Response[Any]:
    """End the timetable."""
    await actions.require(hub, staff, timetable_id, None)
    sent, _ = await read_form(request)
    try:
        form = VersionPageForm.model_validate(sent.values)
        outcome = await actions.archive(hub, staff, timetable_id, form.version)
    except (ValidationError, VersionStale) as error:
        return await show(request, hub, staff, timetable_id, faulty(request, sent, error))
    return back("archived", outcome, outcome.view)


@post(
    f"{ONE}/generate",
    status_code=HTTP_303_SEE_OTHER,
    opt=rule(
        access="staff",
        rate="page",
        csrf="form",
        permission=WRITE,
        body="none",
        reply="page",
        refusals=(404, 409),
        audit="timetable.extended",
    ),
)
async def generate(hub: Hub, staff: Staff, timetable_id: UUID) -> Redirect:
    """Make what is missing."""
    outcome = await actions.extend(hub, staff, timetable_id)
    return back("generated", outcome, outcome.view)


@post(
    f"{ONE}/exceptions",
    status_code=HTTP_303_SEE_OTHER,
    opt=rule(
        access="staff",
        rate="page",
        csrf="form",
        permission=WRITE,
        body=ExceptionPageForm,
        reply="page",
        refusals=(404, 409),
        audit="timetable.date_excepted",
    ),
)
async def except_date(request: Asked, hub: Hub, staff: Staff, timetable_id: UUID) -> Response[Any]:
    """Other times on one date."""
    await actions.require(hub, staff, timetable_id, None)
    sent, _ = await read_form(request)
    try:
        form = ExceptionPageForm.model_validate(sent.values)
        outcome = await actions.except_date(hub, staff, timetable_id, form.exception(), None)
    except (ValidationError, InputInvalid) as error:
        return await show(request, hub, staff, timetable_id, faulty(request, sent, error))
    return back("excepted", outcome, outcome.view)


@post(
    f"{ONE}/exceptions/{{on_date:date}}/remove",
    status_code=HTTP_303_SEE_OTHER,
    opt=rule(
        access="staff",
        rate="page",
        csrf="form",
        permission=WRITE,
        body="none",
        reply="page",
        refusals=(404, 409),
        audit="timetable.date_kept",
    ),
)
async def keep_date(hub: Hub, staff: Staff, timetable_id: UUID, on_date: date) -> Redirect:
    """Let the pattern hold on that date again."""
    outcome = await actions.keep_date(hub, staff, timetable_id, on_date, None)
    return back("kept", outcome, outcome.view)


HANDLERS = (archive, generate, except_date, keep_date)
