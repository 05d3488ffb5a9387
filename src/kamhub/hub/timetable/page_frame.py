"""What the pages of timetables have in common: reading their forms, telling what is wrong, one timetable as it stands."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from litestar import Request, Response
from litestar.response import Redirect
from litestar.status_codes import HTTP_200_OK, HTTP_303_SEE_OTHER, HTTP_404_NOT_FOUND, HTTP_422_UNPROCESSABLE_ENTITY
from pydantic import ValidationError

from kamhub.hub.services import Hub
from kamhub.hub.timetable import actions, page_view
from kamhub.hub.timetable.rights import WRITE
from kamhub.hub.timetable.types import Outcome, TimetableView
from kamhub.hub.timetable.views import counts
from kamhub.kit.errors import Refusal
from kamhub.kit.money import Money
from kamhub.platform.access.pages import render_office
from kamhub.platform.i18n.catalogue import translator
from kamhub.platform.i18n.form_errors import form_errors
from kamhub.platform.i18n.request import locale_of
from kamhub.platform.person.types import Staff
from kamhub.platform.web.csrf import FIELD
from kamhub.platform.web.problems import InputInvalid

Asked = Request[Any, Any, Any]
SECTION = "/office/timetables"
ONE = f"{SECTION}/{{timetable_id:uuid}}"
_COUNTED = ("created", "moved", "changed", "removed", "kept_sold", "conflicts")


@dataclass(frozen=True, slots=True)
class Sent:
    """What a form was filled in with, and what is wrong with it."""

    values: Mapping[str, str] = field(default_factory=dict)
    weekdays: tuple[str, ...] = ()
    errors: Mapping[str, str] = field(default_factory=dict)
    missing: tuple[tuple[Any, Any], ...] = ()


async def read_form(request: Asked) -> tuple[Sent, bool]:
    """The fields of the form, and whether its reader wants to go on filling it in."""
    form = await request.form()
    days = tuple(str(day) for day in form.getall("weekdays", []))
    values = {name: str(value) for name, value in form.items() if name not in {"weekdays", "again", FIELD}}
    return Sent(values, days), "again" in form


def faulty(request: Asked, sent: Sent, error: ValidationError | Refusal) -> Sent:
    """The same with what is wrong; of a refusal that is about no field, in one sentence. What is not there at all is no
    matter of a form: that refusal is raised again."""
    if isinstance(error, Refusal) and error.status == HTTP_404_NOT_FOUND:
        raise error
    locale = locale_of(request)
    missing: tuple[tuple[Any, Any], ...] = ()
    if isinstance(error, ValidationError):
        errors = form_errors(error, locale)
        for name in ("weekdays", "times"):
            if nested_fault := next((text for path, text in errors.items() if path.startswith(f"{name}.")), None):
                errors.setdefault(name, nested_fault)
    elif isinstance(error, InputInvalid):
        errors = {fault.field: fault.sentence(locale) for fault in error.faults}
        missing = getattr(error, "pairs", ())
    else:
        errors = {"form": translator(locale).gettext(error.title) + "."}
    return Sent(sent.values, sent.weekdays, errors, missing)


def back(done: str, outcome: Outcome, view: TimetableView | None) -> Redirect:
    """To the page of the timetable, which says what was done."""
    told = {name: number for name, number in counts(outcome.plan).items() if number}
    address = f"{SECTION}/{view.timetable.id}" if view else SECTION
    return Redirect(f"{address}?{urlencode({'done': done} | told)}", status_code=HTTP_303_SEE_OTHER)


def said(request: Asked, done: str) -> str | None:
    """What has just been done, as sentences, from the address it was sent to."""
    sent = request.query_params
    told = {name: int(text) for name in _COUNTED if (text := sent.get(name, "")).isdecimal() and len(text) < 7}
    return page_view.said(done, told, locale_of(request))


async def show(
    request: Asked, hub: Hub, staff: Staff, timetable_id: UUID, sent: Sent | None = None, done: str = ""
) -> Response[Any]:
    """One timetable as it stands; with what is wrong with a form of its page."""
    details = await actions.details(hub, staff, timetable_id)
    return await page(
        request,
        staff,
        "timetable/timetable.html",
        status_code=HTTP_422_UNPROCESSABLE_ENTITY if sent and sent.errors else HTTP_200_OK,
        done=said(request, done),
        view=details.view,
        details=details,
        rows=page_view.price_rows(details.view.route),
        prices={(one.from_position, one.to_position): one for one in details.view.tariff.prices},
        zone=details.view.route.zone,
        money=lambda amount: Money(amount, details.view.tariff.currency),
        today=hub.clock.now().astimezone(details.view.route.zone).date(),
        sent=sent or Sent(),
    )


async def page(request: Asked, staff: Staff, template: str, **context: Any) -> Response[Any]:
    """A page of this section, with the words that all of them need."""
    return await render_office(
        request,
        template,
        section=SECTION,
        may_write=WRITE in staff.permissions,
        week=page_view.weekdays(),
        threshold_text=page_view.threshold_text,
        words=page_view.words(locale_of(request)),
        url_path=str(request.url.path) if request.method == "GET" else SECTION,
        **context,
    )
