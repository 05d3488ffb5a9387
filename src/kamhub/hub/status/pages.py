"""The page on the state of the hub."""

from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Any

from litestar import Request, Response, get, post
from litestar.params import QueryParameter
from litestar.response import Redirect
from litestar.status_codes import HTTP_200_OK, HTTP_303_SEE_OTHER
from markupsafe import Markup

from kamhub.hub.integrity import actions as integrity
from kamhub.hub.integrity.types import CheckedJustNow
from kamhub.hub.services import Hub
from kamhub.hub.status import actions, words
from kamhub.hub.status.api import looking
from kamhub.hub.status.types import PARTS, PartName, PartNotFound
from kamhub.kit.text import mark
from kamhub.platform.access.pages import render_office
from kamhub.platform.i18n.formats import Formats
from kamhub.platform.i18n.request import locale_of
from kamhub.platform.job import words as job_words
from kamhub.platform.job.api import READ
from kamhub.platform.organisation.actions import zone_of
from kamhub.platform.person.services import People
from kamhub.platform.person.types import Staff
from kamhub.platform.web.pages import said, sentence_of
from kamhub.platform.web.parts import part
from kamhub.platform.web.rules import rule

Asked = Request[Any, Any, Any]
SECTION = "/office/status"
ASK = "organisation.manage"
_DONE: Mapping[str, str] = {"asked": mark("The promises are being checked. Look again in a moment.")}


@get(SECTION, opt=rule(access="staff", rate="page", permission=READ, reply="page"))
async def status(
    request: Asked,
    hub: Hub,
    people: People,
    staff: Staff,
    done: Annotated[str, QueryParameter(max_length=30)] = "",
) -> Response[Any]:
    """How the hub is, part by part; a part that fails says so and leaves the others alone."""
    return await _page(request, hub, people, staff, done=said(request, _DONE, done))


@get(f"{SECTION}/{{name:str}}", opt=rule(access="staff", rate="page", permission=READ, reply="page", refusals=(404,)))
async def one_part(request: Asked, hub: Hub, people: People, staff: Staff, name: str) -> Response[Any]:
    """One part, for the page that shows it; without a script the page itself."""
    wanted = next((known for known in PARTS if known == name), None)
    if wanted is None:
        raise PartNotFound
    if "hx-request" not in request.headers:
        return Redirect(f"{SECTION}#part-{wanted}", status_code=HTTP_303_SEE_OTHER)
    shown = await _part(request, wanted, looking(request, hub, people, staff), await _shared(request, people, staff))
    headers = {"Cache-Control": "no-store", "Vary": "HX-Request"}
    return Response(shown.encode(), media_type="text/html", headers=headers)


@post(
    f"{SECTION}/check",
    status_code=HTTP_303_SEE_OTHER,
    opt=rule(
        access="staff",
        rate="creation",
        csrf="form",
        permission=ASK,
        body="none",
        reply="page",
        refusals=(409,),
        audit="integrity.asked",
    ),
)
async def check(request: Asked, hub: Hub, people: People, staff: Staff) -> Response[Any]:
    """Have the promises counted now."""
    try:
        await integrity.ask(hub, staff)
    except CheckedJustNow as refusal:
        sentence = sentence_of(request, refusal)
        return await _page(request, hub, people, staff, refused=sentence, code=refusal.status)
    return Redirect(f"{SECTION}?done=asked", status_code=HTTP_303_SEE_OTHER)


async def _page(
    request: Asked,
    hub: Hub,
    people: People,
    staff: Staff,
    *,
    done: str | None = None,
    refused: str | None = None,
    code: int = HTTP_200_OK,
) -> Response[Any]:
    look, shared = looking(request, hub, people, staff), await _shared(request, people, staff)
    return await render_office(
        request,
        "status/status.html",
        section=SECTION,
        status_code=code,
        done=done,
        refused=refused,
        parts=[await _part(request, name, look, shared) for name in PARTS],
        url_path=SECTION,
    )


async def _part(request: Asked, name: PartName, look: actions.Looking, shared: Mapping[str, object]) -> Markup:
    async def load() -> Mapping[str, object]:
        return {"found": await actions.LOADERS[name](look)}

    return await part(request, name, f"status/_{name}.html", load, again=f"{SECTION}/{name}", shared=shared)


async def _shared(request: Asked, people: People, staff: Staff) -> dict[str, object]:
    zone, locale = await zone_of(people, staff.organisation_id), locale_of(request)
    at = people.clock.now()

    def local(moment: datetime) -> datetime:
        return moment.astimezone(zone)

    return {
        "local": local,
        "age": lambda since: Formats(locale).duration(at - since),
        "lasting": lambda span: job_words.age(span.total_seconds(), locale),
        "promise": lambda name: words.promise(name, locale),
        "service_name": lambda service: words.service_name(service, locale),
        "may_ask": ASK in staff.permissions,
    }


HANDLERS = (status, one_part, check)
