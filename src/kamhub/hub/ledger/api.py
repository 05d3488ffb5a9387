"""The books over HTTP."""

from datetime import datetime, time
from typing import Any
from uuid import UUID

from litestar import Request, get, post
from litestar.types import ASGIApp

from kamhub.hub.ledger import actions, store
from kamhub.hub.ledger.forms import BalanceParameters, LedgerParameters, PayoutForm, StatementParameters, money_of
from kamhub.hub.ledger.replies import (
    BalancesReply,
    EntryListReply,
    EntryReply,
    PayoutListReply,
    PayoutReply,
    StatementReply,
)
from kamhub.hub.ledger.types import EntryNotFound, Payout, PayoutNotFound
from kamhub.hub.ledger.views import (
    COLUMNS,
    STATEMENT_COLUMNS,
    balances_json,
    entry_cells,
    entry_json,
    payout_json,
    statement_cells,
    statement_json,
)
from kamhub.hub.services import Hub
from kamhub.kit.money import Money
from kamhub.platform.database.batches import in_batches
from kamhub.platform.organisation import store as organisations
from kamhub.platform.person.types import Staff
from kamhub.platform.web.csv import csv_reply, csv_stream, wants_csv
from kamhub.platform.web.json import json_reply, list_reply, read_json, validate
from kamhub.platform.web.rules import rule
from kamhub.platform.web.schemas import PageParameters
from kamhub.platform.web.versions import etag

Asked = Request[Any, Any, Any]
READ = "payments.read"
WRITE = "ledger.write"
_LEDGER = "/api/ledger"
_PAYOUTS = "/api/payouts"


@get(
    _LEDGER,
    opt=rule(
        access="staff",
        permission=READ,
        rate="api",
        body=LedgerParameters,
        reply=EntryListReply,
        refusals=(401, 403, 422),
    ),
)
async def entries(request: Asked, hub: Hub, staff: Staff) -> ASGIApp:
    """What was entered, the latest first; as a file for ``Accept: text/csv``, a row a line."""
    asked, organisation_id = validate(LedgerParameters, request.query_params), staff.organisation_id
    if wants_csv(request):
        return await entries_file(request, hub, staff, asked)
    async with hub.database.tenant(organisation_id) as connection:
        wanted = asked.wanted(await organisations.zone(connection, organisation_id))
        found = await store.entries(connection, organisation_id, wanted, offset=asked.offset, limit=asked.page_size)
        total = await store.count_entries(connection, organisation_id, wanted)
    return list_reply([entry_json(one) for one in found], asked, total)


async def entries_file(request: Asked, hub: Hub, staff: Staff, asked: LedgerParameters) -> ASGIApp:
    """Those entries as a file for the accountant, a row a line, sent as it is read."""
    organisation_id = staff.organisation_id
    async with hub.database.tenant(organisation_id) as connection:
        wanted = asked.wanted(await organisations.zone(connection, organisation_id))
    batches = in_batches(hub.database, organisation_id, store.entries_after, wanted)
    return csv_stream(request, "ledger.csv", COLUMNS, batches, entry_cells)


@get(
    f"{_LEDGER}/balances",
    opt=rule(
        access="staff",
        permission=READ,
        rate="api",
        body=BalanceParameters,
        reply=BalancesReply,
        refusals=(401, 403, 422),
    ),
)
async def balances(request: Asked, hub: Hub, staff: Staff) -> ASGIApp:
    """What every account holds."""
    asked, organisation_id = validate(BalanceParameters, request.query_params), staff.organisation_id
    async with hub.database.tenant(organisation_id) as connection:
        until = asked.until(await organisations.zone(connection, organisation_id))
        found = await store.balances(connection, organisation_id, until)
    return json_reply(balances_json(found, until or hub.clock.now()))


@get(
    f"{_LEDGER}/{{entry_id:uuid}}",
    opt=rule(access="staff", permission=READ, rate="api", reply=EntryReply, refusals=(401, 403, 404)),
)
async def entry(hub: Hub, staff: Staff, entry_id: UUID) -> ASGIApp:
    """One entry; it never changes."""
    async with hub.database.tenant(staff.organisation_id) as connection:
        found = await store.entry(connection, staff.organisation_id, entry_id)
    if found is None:
        raise EntryNotFound
    return json_reply(entry_json(found), headers=etag(1))


@get(
    "/api/statements",
    opt=rule(
        access="staff",
        permission=READ,
        rate="api",
        body=StatementParameters,
        reply=StatementReply,
        refusals=(401, 403, 422),
    ),
)
async def statement(request: Asked, hub: Hub, staff: Staff) -> ASGIApp:
    """What a period brought: earned, commission, fees, refunds, payable; as a file for ``Accept: text/csv``."""
    asked, organisation_id = validate(StatementParameters, request.query_params), staff.organisation_id
    async with hub.database.tenant(organisation_id) as connection:
        zone = await organisations.zone(connection, organisation_id)
        period = asked.period(hub.clock.now().astimezone(zone).date(), zone)
        parts = await store.statements(connection, organisation_id, period)
    if wants_csv(request):
        name = f"statement-{period.first}-{period.last}.csv"
        return csv_reply(request, name, STATEMENT_COLUMNS, statement_cells(period, parts))
    return json_reply(statement_json(period, parts))


@get(
    _PAYOUTS,
    opt=rule(
        access="staff",
        permission=READ,
        rate="api",
        body=PageParameters,
        reply=PayoutListReply,
        refusals=(401, 403, 422),
    ),
)
async def payouts(request: Asked, hub: Hub, staff: Staff) -> ASGIApp:
    """Transfers to the bank, the latest first."""
    page = validate(PageParameters, request.query_params)
    async with hub.database.tenant(staff.organisation_id) as connection:
        found, total = await store.payouts(connection, staff.organisation_id, offset=page.offset, limit=page.page_size)
    return list_reply([payout_json(one) for one in found], page, total)


@get(
    f"{_PAYOUTS}/{{payout_id:uuid}}",
    opt=rule(access="staff", permission=READ, rate="api", reply=PayoutReply, refusals=(401, 403, 404)),
)
async def payout(hub: Hub, staff: Staff, payout_id: UUID) -> ASGIApp:
    """One transfer; it never changes."""
    async with hub.database.tenant(staff.organisation_id) as connection:
        found = await store.payout(connection, staff.organisation_id, payout_id)
    if found is None:
        raise PayoutNotFound
    return json_reply(payout_json(found), headers=etag(1))


@post(
    _PAYOUTS,
    status_code=201,
    opt=rule(
        access="staff",
        permission=WRITE,
        rate="creation",
        csrf="token",
        body=PayoutForm,
        reply=PayoutReply,
        refusals=(400, 401, 403, 409, 415, 422),
        audit="payout.recorded",
    ),
)
async def record_payout(request: Asked, hub: Hub, staff: Staff) -> ASGIApp:
    """Write down a transfer of the payment service to the operator's bank."""
    form = await read_json(request, PayoutForm)
    made = await write_payout(hub, staff, form)
    return json_reply(payout_json(made), 201)


async def write_payout(hub: Hub, staff: Staff, form: PayoutForm) -> Payout:
    """The same for the page. Raises ``PayoutTooLarge``."""
    async with hub.database.tenant(staff.organisation_id) as connection:
        zone = await organisations.zone(connection, staff.organisation_id)
    paid_at = datetime.combine(form.paid_on, time(12), zone) if form.paid_on else hub.clock.now()
    return await actions.record_payout(
        hub,
        staff,
        amount=money_of(form.amount) or Money(0, "RUB"),
        from_date=form.from_date,
        to_date=form.to_date,
        reference=form.reference,
        paid_at=paid_at,
    )


HANDLERS = (entries, balances, entry, statement, payouts, payout, record_payout)
