"""The page of figures."""

from typing import Any

from litestar import Request, Response, get
from litestar.status_codes import HTTP_200_OK, HTTP_422_UNPROCESSABLE_ENTITY
from litestar.types import ASGIApp
from pydantic import ValidationError

from kamhub.hub.dashboard import actions
from kamhub.hub.dashboard.api import READ
from kamhub.hub.dashboard.forms import PeriodParameters
from kamhub.hub.dashboard.rules import bars
from kamhub.hub.dashboard.types import Figures
from kamhub.hub.dashboard.views import COLUMNS, lines
from kamhub.hub.dashboard.words import channel_names
from kamhub.hub.fleet_document import pages as documents
from kamhub.hub.services import Hub
from kamhub.kit.money import Money
from kamhub.platform.access.pages import render_office
from kamhub.platform.i18n.form_errors import form_errors
from kamhub.platform.i18n.request import locale_of
from kamhub.platform.person.types import Staff
from kamhub.platform.web.csv import csv_reply
from kamhub.platform.web.json import validate
from kamhub.platform.web.rules import rule

Asked = Request[Any, Any, Any]
SECTION = "/office/dashboard"
WIDTH, HEIGHT = 640, 120  # of a chart; it is drawn as wide as there is room


@get(
    SECTION,
    opt=rule(access="staff", rate="page", permission=READ, body=PeriodParameters, reply="page", refusals=(422,)),
)
async def dashboard(request: Asked, hub: Hub, staff: Staff) -> Response[Any]:
    """How full the departures are, what is sold, where it comes from."""
    locale, errors = locale_of(request), {}
    values = {name: request.query_params.get(name, "") for name in ("from", "to")}
    try:
        asked = PeriodParameters.model_validate(dict(request.query_params))
    except ValidationError as error:
        errors, asked = form_errors(error, locale), PeriodParameters()
    figures, today = await actions.figures(hub, staff, asked.first, asked.last)
    return await render_office(
        request,
        "dashboard/dashboard.html",
        section=SECTION,
        status_code=HTTP_422_UNPROCESSABLE_ENTITY if errors else HTTP_200_OK,
        figures=figures,
        today=today,
        at_today=next((day for day in figures.days if day.date == today), None),
        values=values,
        errors=errors,
        charts=_charts(figures),
        width=WIDTH,
        height=HEIGHT,
        money=lambda amount: Money(amount, figures.currency),
        channel_names=channel_names(locale),
        due=await documents.due_part(request, hub, staff, SECTION),
    )


def _charts(figures: Figures) -> dict[str, object]:
    size = {"width": WIDTH, "height": HEIGHT}
    return {
        "occupancy": bars([day.running.occupancy or 0 for day in figures.days], highest=1, **size),
        "sold": bars([day.made.sold for day in figures.days], **size),
        "holds": bars([day.made.holds for day in figures.days], **size),
        "confirmed": bars(
            [day.made.confirmed for day in figures.days],
            highest=max((day.made.holds for day in figures.days), default=0),
            **size,
        ),
    }


@get(
    f"{SECTION}/export",
    opt=rule(access="staff", rate="page", permission=READ, body=PeriodParameters, reply="csv", refusals=(422,)),
)
async def export(request: Asked, hub: Hub, staff: Staff) -> ASGIApp:
    """The same days as a file for a spreadsheet."""
    asked = validate(PeriodParameters, request.query_params)
    figures, _ = await actions.figures(hub, staff, asked.first, asked.last)
    name = f"figures-{figures.days[0].date}-{figures.days[-1].date}.csv"
    return csv_reply(request, name, COLUMNS, lines(figures))


HANDLERS = (dashboard, export)
