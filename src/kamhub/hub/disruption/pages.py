"""The weather day in the back office: what is called off, what is offered, what that would do, and how far it is."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Annotated, Any
from uuid import UUID

from litestar import Request, Response, get, post
from litestar.datastructures import FormMultiDict
from litestar.params import QueryParameter
from litestar.response import Redirect
from litestar.status_codes import HTTP_200_OK, HTTP_303_SEE_OTHER, HTTP_422_UNPROCESSABLE_ENTITY
from litestar.types import ASGIApp
from pydantic import ValidationError

from kamhub.hub.departure.types import DepartureNotFound
from kamhub.hub.disruption import actions, choice_pages
from kamhub.hub.disruption.api import MOST_IN_A_FILE, READ, READ_BOOKINGS, WRITE
from kamhub.hub.disruption.forms import DisruptedBookingParameters, DisruptionPageForm, DisruptionParameters
from kamhub.hub.disruption.types import OUTCOMES, AffectedDeparture, Decision, Effect, NothingToCancel
from kamhub.hub.disruption.views import COLUMNS, booking_row
from kamhub.hub.disruption.words import outcome_names, rebook_names
from kamhub.hub.move.types import DepartureLeft
from kamhub.hub.services import Hub
from kamhub.kit.text import mark
from kamhub.platform.access.pages import render_office
from kamhub.platform.i18n.catalogue import translator
from kamhub.platform.i18n.request import locale_of
from kamhub.platform.organisation.actions import zone_of
from kamhub.platform.person.services import People
from kamhub.platform.person.types import Staff
from kamhub.platform.web.csv import csv_reply
from kamhub.platform.web.pages import errors_of
from kamhub.platform.web.rules import rule
from kamhub.platform.web.schemas import PageParameters

Asked = Request[Any, Any, Any]
SECTION = "/office/disruptions"
_NEW = f"{SECTION}/new"
_MADE = mark("These departures are cancelled and sell nothing any more. Everybody on them is being told.")
_CHOOSE = mark("Choose at least one departure.")


@get(
    SECTION,
    opt=rule(access="staff", rate="page", permission=READ, body=PageParameters, reply="page", refusals=(422,)),
)
async def disruptions(
    request: Asked,
    hub: Hub,
    people: People,
    staff: Staff,
    page: Annotated[int, QueryParameter(ge=1, le=10_000)] = 1,
) -> Response[Any]:
    """Decisions, the newest first, and how far each is."""
    place = PageParameters(page=page)
    found, total = await actions.disruptions(hub, staff, offset=place.offset, limit=place.page_size)
    return await render_office(
        request,
        "disruption/disruptions.html",
        section=SECTION,
        found=found,
        total=total,
        place=place,
        rebooks=rebook_names(locale_of(request)),
        zone=await zone_of(people, staff.organisation_id),
    )


@get(
    _NEW,
    opt=rule(
        access="staff", rate="page", permission=WRITE, body=DisruptionParameters, reply="page", refusals=(404, 422)
    ),
)
async def prepare(request: Asked, hub: Hub, people: People, staff: Staff) -> Response[Any]:
    """Choose a day and its departures, what is offered, and see what it would do; nothing is changed yet."""
    errors: dict[str, str] = {}
    try:
        asked = DisruptionParameters.model_validate(_sent_to_prepare(request))
    except ValidationError as error:
        errors = errors_of(error, locale_of(request))
        asked = DisruptionParameters.model_validate({})
    return await _prepare(request, hub, people, staff, asked, errors=errors)


@post(
    SECTION,
    status_code=HTTP_303_SEE_OTHER,
    opt=rule(
        access="staff",
        rate="page",
        csrf="form",
        permission=WRITE,
        body=DisruptionPageForm,
        reply="page",
        refusals=(404, 409, 422),
        audit="disruption.decided",
    ),
)
async def decide(request: Asked, hub: Hub, people: People, staff: Staff) -> Response[Any]:
    """Call them off, and go to where its progress is seen."""
    sent = await request.form()
    values = {name: str(sent.get(name, "")) for name in ("reason", "weather", "rebook")}
    departures = [str(one) for one in sent.getall("departures", [])]
    try:
        form = DisruptionPageForm.model_validate(
            {**_plain(sent), "departures": departures, "weather": "weather" in sent}
        )
        made = await actions.decide(hub, staff, form.decision())
    except ValidationError as error:
        errors = {name.partition(".")[0]: text for name, text in errors_of(error, locale_of(request)).items()}
        return await _again(request, hub, people, staff, departures, values, errors)
    except (NothingToCancel, DepartureLeft) as refusal:
        errors = {"departures": f"{translator(locale_of(request)).gettext(refusal.title)}."}
        return await _again(request, hub, people, staff, departures, values, errors, status=refusal.status)
    return Redirect(f"{SECTION}/{made.id}?done=made", status_code=HTTP_303_SEE_OTHER)


@get(
    f"{SECTION}/{{disruption_id:uuid}}",
    opt=rule(
        access="staff", rate="page", permission=READ, body=DisruptedBookingParameters, reply="page", refusals=(404, 422)
    ),
)
async def disruption(
    request: Asked,
    hub: Hub,
    people: People,
    staff: Staff,
    disruption_id: UUID,
    done: Annotated[str, QueryParameter(max_length=30)] = "",
) -> Response[Any]:
    """How far a decision is, and what became of everybody; the page looks again by itself."""
    found = await actions.disruption(hub, staff, disruption_id)
    locale, errors = locale_of(request), dict[str, str]()
    try:
        asked = DisruptedBookingParameters.model_validate(dict(request.query_params))
    except ValidationError as error:
        errors, asked = errors_of(error, locale), DisruptedBookingParameters()
    bookings, total = await actions.bookings(
        hub, staff, disruption_id, outcome=asked.outcome, offset=asked.offset, limit=asked.page_size
    )
    return await render_office(
        request,
        "disruption/disruption.html",
        section=SECTION,
        status_code=HTTP_422_UNPROCESSABLE_ENTITY if errors else HTTP_200_OK,
        done=translator(locale).gettext(_MADE) if done == "made" else None,
        found=found,
        bookings=bookings,
        total=total,
        place=asked,
        errors=errors,
        rebooks=rebook_names(locale),
        outcomes=outcome_names(locale),
        order=OUTCOMES,
        zone=await zone_of(people, staff.organisation_id),
    )


@get(
    f"{SECTION}/{{disruption_id:uuid}}/bookings.csv",
    opt=rule(access="staff", rate="page", permission=READ_BOOKINGS, reply="csv", refusals=(404,)),
)
async def as_file(request: Asked, hub: Hub, staff: Staff, disruption_id: UUID) -> ASGIApp:
    """Everybody a decision met, for a spreadsheet."""
    every, _ = await actions.bookings(hub, staff, disruption_id, offset=0, limit=MOST_IN_A_FILE)
    return csv_reply(request, f"disruption-{disruption_id}.csv", COLUMNS, map(booking_row, every))


def _sent_to_prepare(request: Asked) -> dict[str, object]:
    """The address as the form takes it: departures may be repeated or parted by commas, as links of other pages have them."""
    query = request.query_params
    named = [part for name in ("departures", "departure") for part in query.getall(name, [])]
    departures = [one for part in named for one in str(part).split(",") if one]
    rest = {name: query[name] for name in ("date", "route_id", "rebook") if query.get(name)}
    return {**rest, "departures": departures}


def _plain(sent: FormMultiDict) -> dict[str, object]:
    return {name: sent[name] for name in sent if name not in {"departures", "weather"}}


async def _again(
    request: Asked,
    hub: Hub,
    people: People,
    staff: Staff,
    departures: Sequence[str],
    values: Mapping[str, str],
    errors: Mapping[str, str],
    status: int | None = None,
) -> Response[Any]:
    """The page that was sent, with what was wrong; what of it is readable stays chosen."""
    try:
        asked = DisruptionParameters.model_validate(
            {"departures": list(departures), "rebook": values["rebook"] or None}
        )
    except ValidationError:
        asked = DisruptionParameters.model_validate({})
    if "departures" in errors and not departures:
        errors = {**errors, "departures": translator(locale_of(request)).gettext(_CHOOSE)}
    return await _prepare(request, hub, people, staff, asked, values=values, errors=errors, status=status)


@dataclass(frozen=True, slots=True)
class _Prepared:
    """What the page of a decision shows."""

    day: date
    offered: Sequence[AffectedDeparture]
    chosen: frozenset[UUID]
    effects: Sequence[Effect]


async def _prepared(hub: Hub, staff: Staff, asked: DisruptionParameters, today: date) -> _Prepared:
    chosen = frozenset(asked.departures)
    if chosen:
        offered = await actions.affected(hub, staff, Decision("nearest", tuple(chosen)))
        if asked.date is not None:  # somebody goes on choosing on that day
            day = await actions.affected(hub, staff, Decision("nearest", day=asked.date, route_id=asked.route_id))
            offered = sorted({one.id: one for one in (*offered, *day)}.values(), key=lambda one: one.departs_at)
    else:
        offered = await actions.affected(
            hub, staff, Decision("nearest", day=asked.date or today, route_id=asked.route_id)
        )
    effects = []
    if chosen and asked.rebook is not None:
        effects = await actions.preview(hub, staff, Decision(asked.rebook, tuple(chosen)))
    first = offered[0].departs_at.date() if offered and chosen and asked.date is None else asked.date or today
    return _Prepared(first, offered, chosen, effects)


async def _prepare(
    request: Asked,
    hub: Hub,
    people: People,
    staff: Staff,
    asked: DisruptionParameters,
    *,
    values: Mapping[str, str] | None = None,
    errors: Mapping[str, str] | None = None,
    status: int | None = None,
) -> Response[Any]:
    today = hub.clock.now().astimezone(await zone_of(people, staff.organisation_id)).date()
    try:
        shown = await _prepared(hub, staff, asked, today)
    except DepartureNotFound:
        if not errors:
            raise
        shown = await _prepared(hub, staff, DisruptionParameters.model_validate({}), today)
    return await render_office(
        request,
        "disruption/new.html",
        section=SECTION,
        status_code=status or (HTTP_422_UNPROCESSABLE_ENTITY if errors else HTTP_200_OK),
        shown=shown,
        day=shown.day,
        today=today,
        all_chosen="all" in request.query_params,
        rebook=asked.rebook,
        rebooks=rebook_names(locale_of(request)),
        values=values or {},
        errors=errors or {},
    )


HANDLERS = (disruptions, prepare, decide, disruption, as_file, *choice_pages.HANDLERS)
