"""The page on the state of the hub: whether what operators entrust to it is safe."""

from datetime import datetime
from typing import Any

from litestar import Request, Response, get

from kamhub.platform.access.pages import render_office
from kamhub.platform.backup.rules import is_overdue, newest_of
from kamhub.platform.backup.store import runs
from kamhub.platform.i18n.formats import Formats
from kamhub.platform.i18n.request import locale_of
from kamhub.platform.job.api import READ
from kamhub.platform.organisation.actions import zone_of
from kamhub.platform.person.services import People
from kamhub.platform.person.types import Staff
from kamhub.platform.web.rules import rule

SECTION = "/office/status"


@get(SECTION, opt=rule(access="staff", rate="page", permission=READ, reply="page"))
async def status(request: Request[Any, Any, Any], people: People, staff: Staff) -> Response[Any]:
    """When the last backup was made, and when one was last restored for trial. Of the whole hub: neither names nor sizes."""
    async with people.database.system() as connection:
        state = await runs.state(connection)
    zone = await zone_of(people, staff.organisation_id)
    formats, now = Formats(locale_of(request)), people.clock.now()

    def local(at: datetime) -> datetime:
        return at.astimezone(zone)

    return await render_office(
        request,
        "backup/status.html",
        section=SECTION,
        backups_on=request.app.state.settings.backups == "on",
        state=state,
        overdue=is_overdue(state, now),
        age=formats.duration(now - newest_of(state)),
        local=local,
    )


HANDLERS = (status,)
