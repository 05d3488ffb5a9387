"""Notifications of the payment provider, and the operator's accounts."""

from typing import cast, get_args
from uuid import UUID

from litestar import Request, get, post
from litestar.types import ASGIApp

from kamhub.hub.payment import actions, store
from kamhub.hub.payment.forms import NotificationBody
from kamhub.hub.payment.replies import NotificationReply, PaymentAccountListReply
from kamhub.hub.payment.types import NotificationKind
from kamhub.hub.services import Hub
from kamhub.platform.person.types import Staff
from kamhub.platform.web.json import json_reply, list_reply, validate
from kamhub.platform.web.problems import NotFound
from kamhub.platform.web.rules import rule
from kamhub.platform.web.schemas import Documented, PageParameters

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
    items = [{"account_id": str(id_), "public_id": public_id, "mode": mode} for id_, public_id, mode in shown]
    return list_reply(items, page, len(rows))


HANDLERS = (notification, accounts)
