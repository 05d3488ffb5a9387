"""Payments, refunds and what was taken by hand, over HTTP."""

from typing import Any
from uuid import UUID

from litestar import Request, get, post
from litestar.types import ASGIApp

from kamhub.hub.booking.api import idempotency_key
from kamhub.hub.booking.types import BookingNotFound
from kamhub.hub.money import actions, case_api, store
from kamhub.hub.money.forms import (
    ChargebackForm,
    CollectForm,
    PaymentParameters,
    RefundForm,
    RefundParameters,
    RefundReference,
    money_of,
)
from kamhub.hub.money.replies import (
    DuesReply,
    PaymentDetailReply,
    PaymentListReply,
    RefundListReply,
    RefundReply,
)
from kamhub.hub.money.types import MoneyQuery, PaymentView
from kamhub.hub.money.views import (
    PAYMENT_COLUMNS,
    REFUND_COLUMNS,
    dues_json,
    payment_cells,
    payment_detail_json,
    payment_json,
    refund_cells,
    refund_json,
    version_of,
)
from kamhub.hub.payment.types import PaymentNotFound
from kamhub.hub.receipt import store as receipts
from kamhub.hub.services import Hub
from kamhub.platform.database.batches import in_batches
from kamhub.platform.database.pool import Connection
from kamhub.platform.organisation import store as organisations
from kamhub.platform.person.types import Staff
from kamhub.platform.web.csv import csv_stream, wants_csv
from kamhub.platform.web.json import json_reply, list_reply, parse_json, read_body, read_json, validate
from kamhub.platform.web.problems import InputInvalid
from kamhub.platform.web.rules import rule
from kamhub.platform.web.schemas import Documented
from kamhub.platform.web.versions import etag

Asked = Request[Any, Any, Any]
_PAYMENTS = "/api/payments"
_REFUNDS = "/api/refunds"


async def require_payment(connection: Connection, organisation_id: UUID, payment_id: UUID) -> PaymentView:
    """The payment. Raises ``PaymentNotFound``."""
    found = await store.payment(connection, organisation_id, payment_id)
    if found is None:
        raise PaymentNotFound
    return found


@get(
    _PAYMENTS,
    opt=rule(
        access="staff",
        permission="payments.read",
        rate="api",
        body=PaymentParameters,
        reply=PaymentListReply,
        refusals=(401, 403, 422),
    ),
)
async def payments(request: Asked, hub: Hub, staff: Staff) -> ASGIApp:
    """What came in, the latest first; as a file for ``Accept: text/csv``."""
    asked = validate(PaymentParameters, request.query_params)
    if wants_csv(request):
        return await payments_file(request, hub, staff, asked)
    async with hub.database.tenant(staff.organisation_id) as connection:
        wanted = asked.wanted(await organisations.zone(connection, staff.organisation_id))
        found, total = await store.payments(
            connection, staff.organisation_id, wanted, offset=asked.offset, limit=asked.page_size
        )
    return list_reply([payment_json(one) for one in found], asked, total)


async def payments_file(request: Asked, hub: Hub, staff: Staff, asked: PaymentParameters) -> ASGIApp:
    """Those payments as a file, sent as it is read."""
    organisation_id = staff.organisation_id
    async with hub.database.tenant(organisation_id) as connection:
        wanted = asked.wanted(await organisations.zone(connection, organisation_id))
    batches = in_batches(hub.database, organisation_id, store.payments_after, wanted)
    return csv_stream(request, "payments.csv", PAYMENT_COLUMNS, batches, lambda found: map(payment_cells, found))


@get(
    f"{_PAYMENTS}/{{payment_id:uuid}}",
    opt=rule(
        access="staff", permission="payments.read", rate="api", reply=PaymentDetailReply, refusals=(401, 403, 404)
    ),
)
async def payment(hub: Hub, staff: Staff, payment_id: UUID) -> ASGIApp:
    """One payment with its life, its refunds and its fiscal receipts."""
    return await _shown(hub, staff, payment_id)


async def _shown(hub: Hub, staff: Staff, payment_id: UUID) -> ASGIApp:
    organisation_id = staff.organisation_id
    async with hub.database.tenant(organisation_id) as connection:
        found = await require_payment(connection, organisation_id, payment_id)
        history = await store.payment_events(connection, organisation_id, payment_id)
        query = MoneyQuery(payment_id=payment_id)
        returned, _ = await store.refunds(connection, organisation_id, query, offset=0, limit=200)
        made = await receipts.of_booking(connection, organisation_id, found.booking_id) if found.booking_id else []
    content = payment_detail_json(found, history, returned, [one for one in made if one.payment_id == payment_id])
    return json_reply(content, headers=etag(version_of(content)))


@post(
    f"{_PAYMENTS}/{{payment_id:uuid}}/chargeback",
    status_code=200,
    opt=rule(
        access="staff",
        permission="refunds.write",
        rate="api",
        csrf="token",
        body=ChargebackForm,
        reply=PaymentDetailReply,
        refusals=(400, 401, 403, 404, 409, 415, 422),
        audit="payment.charged_back",
    ),
)
async def chargeback(request: Asked, hub: Hub, staff: Staff, payment_id: UUID) -> ASGIApp:
    """Write down that the payer's bank took money back."""
    async with hub.database.tenant(staff.organisation_id) as connection:
        await require_payment(connection, staff.organisation_id, payment_id)
    form = await read_json(request, ChargebackForm)
    await actions.charge_back(hub, staff, payment_id, amount=money_of(form.amount), note=form.note or None)
    return await _shown(hub, staff, payment_id)


@get(
    _REFUNDS,
    opt=rule(
        access="staff",
        permission="refunds.read",
        rate="api",
        body=RefundParameters,
        reply=RefundListReply,
        refusals=(401, 403, 422),
    ),
)
async def refunds(request: Asked, hub: Hub, staff: Staff) -> ASGIApp:
    """What goes or went back, the latest first; as a file for ``Accept: text/csv``."""
    asked = validate(RefundParameters, request.query_params)
    if wants_csv(request):
        return await refunds_file(request, hub, staff, asked)
    async with hub.database.tenant(staff.organisation_id) as connection:
        wanted = asked.wanted(await organisations.zone(connection, staff.organisation_id))
        found, total = await store.refunds(
            connection, staff.organisation_id, wanted, offset=asked.offset, limit=asked.page_size
        )
    return list_reply([refund_json(one) for one in found], asked, total)


async def refunds_file(request: Asked, hub: Hub, staff: Staff, asked: RefundParameters) -> ASGIApp:
    """Those refunds as a file, sent as it is read."""
    organisation_id = staff.organisation_id
    async with hub.database.tenant(organisation_id) as connection:
        wanted = asked.wanted(await organisations.zone(connection, organisation_id))
    batches = in_batches(hub.database, organisation_id, store.refunds_after, wanted)
    return csv_stream(request, "refunds.csv", REFUND_COLUMNS, batches, lambda found: map(refund_cells, found))


@get(
    f"{_REFUNDS}/{{refund_id:uuid}}",
    opt=rule(access="staff", permission="refunds.read", rate="api", reply=RefundReply, refusals=(401, 403, 404)),
)
async def refund(hub: Hub, staff: Staff, refund_id: UUID) -> ASGIApp:
    """One refund."""
    async with hub.database.tenant(staff.organisation_id) as connection:
        content = refund_json(await actions.require_refund(connection, staff.organisation_id, refund_id))
    return json_reply(content, headers=etag(version_of(content)))


@post(
    _REFUNDS,
    status_code=201,
    opt={
        **rule(
            access="staff",
            permission="refunds.write",
            rate="creation",
            csrf="token",
            body=RefundForm,
            reply=RefundReply,
            refusals=(400, 401, 403, 404, 409, 415, 422),
            audit="refund.requested",
        ),
        Documented.KEY: Documented(idempotency_key=True),
    },
)
async def make_refund(request: Asked, hub: Hub, staff: Staff) -> ASGIApp:
    """Return money of a booking or a payment, all that is left or a part. A repeat with the same Idempotency-Key gives the
    same refund (200)."""
    body = await read_body(request)
    try:
        form = parse_json(body, RefundForm)
    except InputInvalid:
        await _require_named(hub, staff, body)
        raise
    made, fresh = await actions.refund(
        hub,
        staff,
        booking_id=form.booking_id,
        payment_id=form.payment_id,
        amount=money_of(form.amount),
        reason=form.reason,
        key=idempotency_key(request),
    )
    return json_reply(refund_json(made), 201 if fresh else 200)


async def _require_named(hub: Hub, staff: Staff, body: bytes) -> None:
    """Of two refusals, that the thing is another's goes before what is wrong with the rest."""
    try:
        named = parse_json(body, RefundReference)
    except InputInvalid:
        return
    async with hub.database.tenant(staff.organisation_id) as connection:
        if named.payment_id is not None:
            await require_payment(connection, staff.organisation_id, named.payment_id)
        elif named.booking_id is not None:
            await require_dues(connection, staff.organisation_id, named.booking_id)


@post(
    f"{_REFUNDS}/{{refund_id:uuid}}/retry",
    status_code=200,
    opt=rule(
        access="staff",
        permission="refunds.write",
        rate="api",
        csrf="token",
        body="none",
        reply=RefundReply,
        refusals=(401, 403, 404, 409),
        audit="refund.retried",
    ),
)
async def retry_refund(hub: Hub, staff: Staff, refund_id: UUID) -> ASGIApp:
    """Ask again for a refund that the payment service refused."""
    return json_reply(refund_json(await actions.retry(hub, staff, refund_id)))


async def require_dues(connection: Connection, organisation_id: UUID, booking_id: UUID) -> None:
    """Raise ``BookingNotFound`` unless the booking is the organisation's."""
    if await store.dues(connection, organisation_id, booking_id) is None:
        raise BookingNotFound


@post(
    "/api/bookings/{booking_id:uuid}/collect",
    status_code=200,
    opt=rule(
        access="staff",
        permission="bookings.write",
        rate="api",
        csrf="token",
        body=CollectForm,
        reply=DuesReply,
        refusals=(400, 401, 403, 404, 409, 415, 422),
        audit="booking.collected",
    ),
)
async def collect(request: Asked, hub: Hub, staff: Staff, booking_id: UUID) -> ASGIApp:
    """Write down money taken outside the payment service: cash on board, an invoice that was paid. No body: all that is due."""
    async with hub.database.tenant(staff.organisation_id) as connection:
        await require_dues(connection, staff.organisation_id, booking_id)
    body = await read_body(request)
    form = parse_json(body, CollectForm) if body else CollectForm()
    dues = await actions.collect(hub, staff, booking_id, amount=money_of(form.amount), till=form.till, back=form.back)
    return json_reply(dues_json(dues))


HANDLERS = (
    payments,
    payment,
    chargeback,
    refunds,
    refund,
    make_refund,
    retry_refund,
    collect,
    *case_api.HANDLERS,
)
