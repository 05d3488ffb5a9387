"""Prices and promo codes over HTTP."""

from typing import Any
from uuid import UUID

from litestar import Request, delete, get, patch, post
from litestar.status_codes import HTTP_201_CREATED, HTTP_204_NO_CONTENT
from litestar.types import ASGIApp

from kamhub.hub.price import actions
from kamhub.hub.price.forms import PromoCodeChangeForm, PromoCodeForm, PromoCodeParameters, QuoteParameters
from kamhub.hub.price.replies import (
    PromoCodeListReply,
    PromoCodeReply,
    PromoUseListReply,
    QuoteReply,
    TariffListReply,
)
from kamhub.hub.price.views import (
    COLUMNS,
    promo_code_cells,
    promo_code_json,
    promo_use_json,
    quote_json,
    tariff_json,
)
from kamhub.hub.services import Hub
from kamhub.platform.person.types import Staff
from kamhub.platform.web.csv import MOST_ROWS, csv_reply, wants_csv
from kamhub.platform.web.json import json_reply, list_reply, parse_json, read_body, read_json, validate
from kamhub.platform.web.rules import rule
from kamhub.platform.web.schemas import PageParameters
from kamhub.platform.web.versions import asked_version, etag, require_version

Asked = Request[Any, Any, Any]
READ, WRITE = "prices.read", "prices.write"
_CODES = "/api/promo-codes"
_CODE = f"{_CODES}/{{promo_code_id:uuid}}"


@get(
    _CODES,
    opt=rule(access="staff", rate="api", permission=READ, body=PromoCodeParameters, reply=PromoCodeListReply),
)
async def codes(request: Asked, hub: Hub, staff: Staff) -> ASGIApp:
    """The promo codes with their uses, the newest first; as CSV all of them."""
    asked = validate(PromoCodeParameters, request.query_params)
    if wants_csv(request):
        found, _ = await actions.codes(hub, staff, archived=asked.archived, limit=MOST_ROWS)
        return csv_reply(request, "promo-codes.csv", COLUMNS, map(promo_code_cells, found))
    found, total = await actions.codes(hub, staff, archived=asked.archived, offset=asked.offset, limit=asked.page_size)
    return list_reply([promo_code_json(code) for code in found], asked, total)


@post(
    _CODES,
    status_code=HTTP_201_CREATED,
    opt=rule(
        access="staff",
        rate="api",
        csrf="token",
        permission=WRITE,
        body=PromoCodeForm,
        reply=PromoCodeReply,
        refusals=(409,),
        audit="promo_code.created",
    ),
)
async def add(request: Asked, hub: Hub, staff: Staff) -> ASGIApp:
    """Make a promo code."""
    form = await read_json(request, PromoCodeForm)
    made = await actions.add(hub, staff, form.terms())
    return json_reply(promo_code_json(made), HTTP_201_CREATED, etag(made.version))


@get(_CODE, opt=rule(access="staff", rate="api", permission=READ, reply=PromoCodeReply))
async def show(hub: Hub, staff: Staff, promo_code_id: UUID) -> ASGIApp:
    """One promo code."""
    found = await actions.code(hub, staff, promo_code_id)
    return json_reply(promo_code_json(found), headers=etag(found.version))


@patch(
    _CODE,
    opt=rule(
        access="staff",
        rate="api",
        csrf="token",
        permission=WRITE,
        body=PromoCodeChangeForm,
        reply=PromoCodeReply,
        refusals=(409, 412),
        audit="promo_code.changed",
    ),
)
async def change(request: Asked, hub: Hub, staff: Staff, promo_code_id: UUID) -> ASGIApp:
    """Change a promo code; bookings keep what it took off."""
    asked = asked_version(request)
    body = await read_body(request)
    present = await actions.code(hub, staff, promo_code_id)
    require_version(asked, present.version)
    form = parse_json(body, PromoCodeChangeForm)
    terms = validate(PromoCodeForm, form.applied(present.terms)).terms()
    # What was merged with the terms just read must meet those very terms.
    changed = await actions.change(hub, staff, promo_code_id, terms, asked or present.version, archived=form.archives())
    return json_reply(promo_code_json(changed), headers=etag(changed.version))


@delete(
    _CODE,
    status_code=HTTP_204_NO_CONTENT,
    opt=rule(
        access="staff",
        rate="api",
        csrf="token",
        permission=WRITE,
        body="none",
        reply="none",
        refusals=(412,),
        audit="promo_code.archived",
    ),
)
async def archive(request: Asked, hub: Hub, staff: Staff, promo_code_id: UUID) -> None:
    """Put a promo code away: nobody may use it any more."""
    await actions.archive(hub, staff, promo_code_id, asked_version(request))


@get(
    f"{_CODE}/uses",
    opt=rule(access="staff", rate="api", permission=READ, body=PageParameters, reply=PromoUseListReply),
)
async def uses(request: Asked, hub: Hub, staff: Staff, promo_code_id: UUID) -> ASGIApp:
    """The bookings that used a code, the latest first."""
    await actions.code(hub, staff, promo_code_id)
    asked = validate(PageParameters, request.query_params)
    found, total = await actions.uses(hub, staff, promo_code_id, offset=asked.offset, limit=asked.page_size)
    return list_reply([promo_use_json(use) for use in found], asked, total)


@get(
    "/api/routes/{route_id:uuid}/prices",
    opt=rule(access="staff", rate="api", permission=READ, reply=TariffListReply),
)
async def prices_of_route(hub: Hub, staff: Staff, route_id: UUID) -> ASGIApp:
    """The tariffs that the route's timetables and the departures to come go by."""
    found = await actions.tariffs_of_route(hub, staff, route_id)
    page = PageParameters(page_size=max(1, min(len(found), 200)))
    return list_reply([tariff_json(tariff) for tariff in found[:200]], page, len(found))


@get(
    "/api/price-quotes",
    opt=rule(
        access="staff",
        rate="api",
        permission="bookings.read",
        body=QuoteParameters,
        reply=QuoteReply,
        refusals=(404,),
    ),
)
async def quote(request: Asked, hub: Hub, staff: Staff) -> ASGIApp:
    """What a party would pay this moment, with its breakdown; nothing is held."""
    asked = validate(QuoteParameters, request.query_params)
    return json_reply(quote_json(await actions.quote(hub, staff, asked.asked())))


HANDLERS = (codes, add, show, change, archive, uses, prices_of_route, quote)
