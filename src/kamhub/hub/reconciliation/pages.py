"""The page of comparisons with the payment service."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Annotated, Any
from uuid import UUID

from litestar import Request, Response, get, post
from litestar.params import QueryParameter
from litestar.response import Redirect
from litestar.status_codes import HTTP_200_OK, HTTP_303_SEE_OTHER, HTTP_422_UNPROCESSABLE_ENTITY
from pydantic import ValidationError

from kamhub.hub.reconciliation import actions, api, store, words
from kamhub.hub.reconciliation.forms import ReconciliationPageForm
from kamhub.hub.reconciliation.types import DayToCome, NoPaymentAccount
from kamhub.hub.services import Hub
from kamhub.kit.money import Money
from kamhub.kit.text import mark
from kamhub.platform.access.pages import render_office
from kamhub.platform.i18n.catalogue import translator
from kamhub.platform.i18n.form_errors import form_errors
from kamhub.platform.i18n.request import locale_of
from kamhub.platform.organisation import store as organisations
from kamhub.platform.person.types import Staff
from kamhub.platform.web.json import validate
from kamhub.platform.web.rules import rule
from kamhub.platform.web.schemas import PageParameters

Asked = Request[Any, Any, Any]
SECTION = "/office/reconciliation"
_ASKED = mark("The day is being compared. Look again in a moment.")


@get(
    SECTION,
    opt=rule(access="staff", rate="page", permission=api.READ, body=PageParameters, reply="page", refusals=(422,)),
)
async def reconciliations(
    request: Asked, hub: Hub, staff: Staff, done: Annotated[str, QueryParameter(max_length=30)] = ""
) -> Response[Any]:
    """The days that were compared, and the form that compares one now."""
    place = validate(PageParameters, request.query_params)
    return await _page(request, hub, staff, place=place, done=done)


@get(
    f"{SECTION}/{{reconciliation_id:uuid}}",
    opt=rule(access="staff", rate="page", permission=api.READ, reply="page", refusals=(404,)),
)
async def reconciliation(request: Asked, hub: Hub, staff: Staff, reconciliation_id: UUID) -> Response[Any]:
    """One day, with what was found."""
    one = await actions.require(hub, staff.organisation_id, reconciliation_id)
    locale = locale_of(request)
    return await render_office(
        request,
        "reconciliation/day.html",
        section=SECTION,
        one=one,
        status_name=words.status_name(one.status, locale),
        findings=[
            (words.finding_name(str(found["finding"]), locale), found, _money(found["theirs"]), _money(found["ours"]))
            for found in one.differences
        ],
        url_path=f"{SECTION}/{reconciliation_id}",
    )


def _money(kept: object) -> Money | None:
    return Money(int(kept["amount"]), str(kept["currency"])) if isinstance(kept, Mapping) else None


@post(
    SECTION,
    status_code=HTTP_303_SEE_OTHER,
    opt=rule(
        access="staff",
        rate="creation",
        csrf="form",
        permission=api.WRITE,
        body=ReconciliationPageForm,
        reply="page",
        audit="reconciliation.asked",
    ),
)
async def compare(request: Asked, hub: Hub, staff: Staff) -> Response[Any]:
    """Compare a day now."""
    sent = await request.form()
    try:
        form = ReconciliationPageForm.model_validate(dict(sent))
        await actions.ask(hub, staff, form.date)
    except ValidationError as error:
        errors = form_errors(error, locale_of(request))
        return await _page(request, hub, staff, day=str(sent.get("date", "")), errors=errors)
    except (DayToCome, NoPaymentAccount) as refusal:
        errors = {"date": translator(locale_of(request)).gettext(refusal.title) + "."}
        return await _page(request, hub, staff, day=str(sent.get("date", "")), errors=errors)
    return Redirect(f"{SECTION}?done=asked", status_code=HTTP_303_SEE_OTHER)


async def _page(
    request: Asked,
    hub: Hub,
    staff: Staff,
    *,
    place: PageParameters | None = None,
    done: str = "",
    day: str | None = None,
    errors: Mapping[str, str] | None = None,
) -> Response[Any]:
    organisation_id, where, locale = staff.organisation_id, place or PageParameters(), locale_of(request)
    async with hub.database.tenant(organisation_id) as connection:
        found, total = await store.page(connection, organisation_id, offset=where.offset, limit=where.page_size)
        zone = await organisations.zone(connection, organisation_id)
    yesterday = hub.clock.now().astimezone(zone).date() - timedelta(days=1)
    return await render_office(
        request,
        "reconciliation/days.html",
        section=SECTION,
        status_code=HTTP_422_UNPROCESSABLE_ENTITY if errors else HTTP_200_OK,
        done=translator(locale).gettext(_ASKED) if done == "asked" else None,
        days=found,
        total=total,
        place=where,
        day=str(yesterday) if day is None else day,
        errors=errors or {},
        status_name=lambda status: words.status_name(status, locale),
        may_compare=api.WRITE in staff.permissions,
        url_path=SECTION,
    )


HANDLERS = (reconciliations, reconciliation, compare)
