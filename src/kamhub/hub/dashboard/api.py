"""Figures over HTTP."""

from typing import Any

from litestar import Request, get
from litestar.types import ASGIApp

from kamhub.hub.dashboard import actions
from kamhub.hub.dashboard.forms import PeriodParameters
from kamhub.hub.dashboard.replies import DashboardReply
from kamhub.hub.dashboard.views import COLUMNS, figures_json, lines
from kamhub.hub.services import Hub
from kamhub.platform.person.types import Staff
from kamhub.platform.session.api import NOT_STORED
from kamhub.platform.web.csv import csv_reply, wants_csv
from kamhub.platform.web.json import json_reply, validate
from kamhub.platform.web.rules import rule

READ = "dashboard.read"


@get(
    "/api/dashboard",
    opt=rule(
        access="staff",
        rate="api",
        permission=READ,
        body=PeriodParameters,
        reply=DashboardReply,
        refusals=(401, 403, 422),
    ),
)
async def dashboard(request: Request[Any, Any, Any], hub: Hub, staff: Staff) -> ASGIApp:
    """Occupancy, sales and where they come from, day by day; ``Accept: text/csv`` gives a file."""
    asked = validate(PeriodParameters, request.query_params)
    figures, today = await actions.figures(hub, staff, asked.first, asked.last)
    if wants_csv(request):
        name = f"figures-{figures.days[0].date}-{figures.days[-1].date}.csv"
        return csv_reply(request, name, COLUMNS, lines(figures))
    return json_reply(figures_json(figures, today), headers=NOT_STORED)


HANDLERS = (dashboard,)
