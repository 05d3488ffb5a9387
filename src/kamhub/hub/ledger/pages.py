"""Pages of the books: entries and balances, the statement of a period, payouts."""

from collections.abc import Mapping
from typing import Annotated, Any
from urllib.parse import urlencode

from litestar import Request, Response, get, post
from litestar.params import QueryParameter
from litestar.response import Redirect
from litestar.status_codes import HTTP_200_OK, HTTP_303_SEE_OTHER, HTTP_422_UNPROCESSABLE_ENTITY
from litestar.types import ASGIApp
from pydantic import ValidationError

from kamhub.hub.ledger import actions, api, store, words
from kamhub.hub.ledger.forms import LedgerParameters, StatementParameters
from kamhub.hub.ledger.page_forms import PayoutPageForm, read_amount
from kamhub.hub.ledger.types import PayoutTooLarge
from kamhub.hub.ledger.views import STATEMENT_COLUMNS, statement_cells
from kamhub.hub.services import Hub
from kamhub.kit.money import Money
from kamhub.kit.text import mark
from kamhub.platform.access.pages import render_office
from kamhub.platform.i18n.catalogue import translator
from kamhub.platform.i18n.form_errors import form_errors
from kamhub.platform.i18n.request import locale_of
from kamhub.platform.organisation import store as organisations
from kamhub.platform.person.types import Staff
from kamhub.platform.web.csv import csv_reply
from kamhub.platform.web.json import validate
from kamhub.platform.web.rules import rule
from kamhub.platform.web.schemas import PageParameters

Asked = Request[Any, Any, Any]
SECTION = "/office/ledger"
_STATEMENT = f"{SECTION}/statement"
_PAYOUTS = f"{SECTION}/payouts"
_FILTERS = ("kind", "account", "from", "to", "booking_id", "payment_id")
_RECORDED = mark("The payout is written down.")


@get(
    SECTION,
    opt=rule(access="staff", rate="page", permission=api.READ, body=LedgerParameters, reply="page", refusals=(422,)),
)
async def ledger(request: Asked, hub: Hub, staff: Staff) -> Response[Any]:
    """What the accounts hold, and what was entered."""
    locale, organisation_id = locale_of(request), staff.organisation_id
    values = {name: request.query_params.get(name, "") for name in _FILTERS}
    errors: dict[str, str] = {}
    try:
        asked = LedgerParameters.model_validate(dict(request.query_params))
    except ValidationError as error:
        errors, asked = form_errors(error, locale), LedgerParameters()
    async with hub.database.tenant(organisation_id) as connection:
        zone = await organisations.zone(connection, organisation_id)
        wanted = asked.wanted(zone)
        balances = await store.balances(connection, organisation_id)
        found = await store.entries(connection, organisation_id, wanted, offset=asked.offset, limit=asked.page_size)
        total = await store.count_entries(connection, organisation_id, wanted)
    return await render_office(
        request,
        "ledger/ledger.html",
        section=SECTION,
        status_code=HTTP_422_UNPROCESSABLE_ENTITY if errors else HTTP_200_OK,
        balances=balances,
        entries=found,
        total=total,
        place=asked,
        values=values,
        errors=errors,
        narrowed=urlencode({name: value for name, value in values.items() if value and not errors}),
        zone=zone,
        money=Money,
        accounts=words.account_names(locale),
        account_text=lambda account: words.account_text(account, locale),
        kinds=words.kind_names(locale),
        url_path=SECTION,
    )


@get(
    f"{SECTION}/ledger.csv",
    opt=rule(access="staff", rate="page", permission=api.READ, body=LedgerParameters, reply="csv", refusals=(422,)),
)
async def ledger_file(request: Asked, hub: Hub, staff: Staff) -> ASGIApp:
    """The entries as a file for the accountant, a row a line."""
    return await api.entries_file(request, hub, staff, validate(LedgerParameters, request.query_params))


@get(
    _STATEMENT,
    opt=rule(access="staff", rate="page", permission=api.READ, body=StatementParameters, reply="page", refusals=(422,)),
)
async def statement(request: Asked, hub: Hub, staff: Staff) -> Response[Any]:
    """What a period brought; made to be printed."""
    locale, organisation_id = locale_of(request), staff.organisation_id
    errors: dict[str, str] = {}
    try:
        asked = StatementParameters.model_validate(dict(request.query_params))
    except ValidationError as error:
        errors, asked = form_errors(error, locale), StatementParameters()
    async with hub.database.tenant(organisation_id) as connection:
        zone = await organisations.zone(connection, organisation_id)
        period = asked.period(hub.clock.now().astimezone(zone).date(), zone)
        parts = await store.statements(connection, organisation_id, period)
    days = {name: request.query_params.get(name, "") for name in ("from", "to")}
    return await render_office(
        request,
        "ledger/statement.html",
        section=SECTION,
        status_code=HTTP_422_UNPROCESSABLE_ENTITY if errors else HTTP_200_OK,
        period=period,
        parts=parts,
        values=days if errors else {"from": str(period.first), "to": str(period.last)},
        errors=errors,
        row_name=lambda row: words.row_name(row, locale),
        zero=Money(0, "RUB"),
        url_path=_STATEMENT,
    )


@get(
    f"{SECTION}/statement.csv",
    opt=rule(access="staff", rate="page", permission=api.READ, body=StatementParameters, reply="csv", refusals=(422,)),
)
async def statement_file(request: Asked, hub: Hub, staff: Staff) -> ASGIApp:
    """The same as a file."""
    asked, organisation_id = validate(StatementParameters, request.query_params), staff.organisation_id
    async with hub.database.tenant(organisation_id) as connection:
        zone = await organisations.zone(connection, organisation_id)
        period = asked.period(hub.clock.now().astimezone(zone).date(), zone)
        parts = await store.statements(connection, organisation_id, period)
    name = f"statement-{period.first}-{period.last}.csv"
    return csv_reply(request, name, STATEMENT_COLUMNS, statement_cells(period, parts))


@get(
    _PAYOUTS,
    opt=rule(access="staff", rate="page", permission=api.READ, body=PageParameters, reply="page", refusals=(422,)),
)
async def payouts(
    request: Asked, hub: Hub, staff: Staff, done: Annotated[str, QueryParameter(max_length=30)] = ""
) -> Response[Any]:
    """Transfers of the payment service to the bank, and the form that writes one down."""
    place = validate(PageParameters, request.query_params)
    return await _payouts(request, hub, staff, place=place, done=done)


@post(
    _PAYOUTS,
    status_code=HTTP_303_SEE_OTHER,
    opt=rule(
        access="staff",
        rate="creation",
        csrf="form",
        permission=api.WRITE,
        body=PayoutPageForm,
        reply="page",
        audit="payout.recorded",
    ),
)
async def record_payout(request: Asked, hub: Hub, staff: Staff) -> Response[Any]:
    """Write down a transfer."""
    sent = await request.form()
    values = {name: str(sent.get(name, "")) for name in ("from_date", "to_date", "amount", "reference")}
    try:
        form = PayoutPageForm.model_validate(dict(sent))
        await actions.record_payout(
            hub,
            staff,
            amount=read_amount(form.amount),
            from_date=form.from_date,
            to_date=form.to_date,
            reference=form.reference or None,
            paid_at=hub.clock.now(),
        )
    except ValidationError as error:
        errors = form_errors(error, locale_of(request))
        return await _payouts(request, hub, staff, values=values, errors=errors)
    except PayoutTooLarge as refusal:
        errors = {"amount": translator(locale_of(request)).gettext(refusal.title) + "."}
        return await _payouts(request, hub, staff, values=values, errors=errors)
    return Redirect(f"{_PAYOUTS}?done=recorded", status_code=HTTP_303_SEE_OTHER)


async def _payouts(
    request: Asked,
    hub: Hub,
    staff: Staff,
    *,
    place: PageParameters | None = None,
    done: str = "",
    values: Mapping[str, str] | None = None,
    errors: Mapping[str, str] | None = None,
) -> Response[Any]:
    organisation_id, where = staff.organisation_id, place or PageParameters()
    async with hub.database.tenant(organisation_id) as connection:
        found, total = await store.payouts(connection, organisation_id, offset=where.offset, limit=where.page_size)
        balances = dict(await store.balances(connection, organisation_id))
        zone = await organisations.zone(connection, organisation_id)
    return await render_office(
        request,
        "ledger/payouts.html",
        section=SECTION,
        status_code=HTTP_422_UNPROCESSABLE_ENTITY if errors else HTTP_200_OK,
        done=translator(locale_of(request)).gettext(_RECORDED) if done == "recorded" else None,
        payouts=found,
        total=total,
        place=where,
        held=balances.get("provider", Money(0, "RUB")),
        zone=zone,
        values=values or {},
        errors=errors or {},
        may_record=api.WRITE in staff.permissions,
        url_path=_PAYOUTS,
    )


HANDLERS = (ledger, ledger_file, statement, statement_file, payouts, record_payout)
