"""Notifications of the payment provider, and the operator's accounts."""

from typing import cast, get_args
from uuid import UUID

from litestar import Request, get, patch, post
from litestar.types import ASGIApp

from kamhub.hub.payment import actions, store
from kamhub.hub.payment.forms import NotificationBody, PaymentAccountForm
from kamhub.hub.payment.replies import NotificationReply, PaymentAccountListReply, PaymentAccountReply
from kamhub.hub.payment.types import AccountChange, NotificationKind
from kamhub.hub.payment.views import account_json
from kamhub.hub.services import Hub
from kamhub.platform.person.types import Staff
from kamhub.platform.web.json import json_reply, list_reply, read_json, validate
from kamhub.platform.web.problems import NotFound
from kamhub.platform.web.rules import rule
from kamhub.platform.web.schemas import Documented, PageParameters
from kamhub.platform.web.versions import asked_version, etag, require_version

_KINDS = frozenset(get_args(NotificationKind))


@post(
    "/api/webhooks/cloudpayments/{account_id:uuid}/{kind:str}",
    status_code=200,
    opt={
        **rule(
            access="webhook",
            rate="webhook",
            csrf="signature",
            body=NotificationBody,
            reply=NotificationReply,
            refusals=(401, 404),
        ),
        Documented.KEY: Documented(media_types=("application/x-www-form-urlencoded", "application/json")),
    },
)
async def notification(request: Request, hub: Hub, account_id: UUID, kind: str) -> ASGIApp:
    """One notification, signed over its raw bytes. Answered ``{"code": 0}``; Check may answer 10, 11, 12, 13 or 20."""
    if kind not in _KINDS:
        raise NotFound
    code = await actions.receive(
        hub,
        account_id,
        cast(NotificationKind, kind),
        await request.body(),
        request.headers.get("content-type", ""),
        request.headers.get("content-hmac"),
        request.headers.get("x-content-hmac"),
    )
    return json_reply({"code": code})


@get(
    "/api/payment-accounts",
    opt=rule(
        access="staff",
        permission="payments.read",
        rate="api",
        body=PageParameters,
        reply=PaymentAccountListReply,
    ),
)
async def accounts(request: Request, hub: Hub, staff: Staff) -> ASGIApp:
    """The organisation's terminals; secrets are never shown."""
    page = validate(PageParameters, request.query_params)
    async with hub.database.tenant(staff.organisation_id) as connection:
        rows = await store.list_accounts(connection)
    # An operator has a handful: the page is cut here.
    shown = rows[page.offset : page.offset + page.page_size]
    return list_reply([account_json(row) for row in shown], page, len(rows))


@get(
    "/api/payment-accounts/{account_id:uuid}",
    opt=rule(
        access="staff",
        permission="payments.read",
        rate="api",
        reply=PaymentAccountReply,
        refusals=(401, 403, 404),
    ),
)
async def account(hub: Hub, staff: Staff, account_id: UUID) -> ASGIApp:
    """One terminal, with its ``ETag``."""
    async with hub.database.tenant(staff.organisation_id) as connection:
        row = await actions.require_account(connection, account_id)
    return json_reply(account_json(row), headers=etag(row.version))


@patch(
    "/api/payment-accounts/{account_id:uuid}",
    opt=rule(
        access="staff",
        permission="organisation.manage",
        rate="api",
        csrf="token",
        body=PaymentAccountForm,
        reply=PaymentAccountReply,
        refusals=(400, 401, 403, 404, 412, 415, 422),
        audit="payment_account.changed",
    ),
)
async def change_account(request: Request, hub: Hub, staff: Staff, account_id: UUID) -> ASGIApp:
    """Say whether the terminal has a cash register and what its receipts say of taxes, and whether money is set aside first."""
    asked = asked_version(request)
    async with hub.database.tenant(staff.organisation_id) as connection:
        require_version(asked, (await actions.require_account(connection, account_id)).version)
    form = await read_json(request, PaymentAccountForm)
    told = form.model_dump(exclude_unset=True).items()
    # Of all fields one can be wished to be nothing.
    wanted = cast(AccountChange, {name: it for name, it in told if it is not None or name == "taxation_system"})
    row = await actions.change_account(hub, staff, account_id, wanted, asked)
    return json_reply(account_json(row), headers=etag(row.version))


HANDLERS = (notification, accounts, account, change_account)
