"""Being paid: notifications answered, payment links made, refunds sent."""

from __future__ import annotations

from dataclasses import replace
from typing import Literal, get_type_hints
from uuid import UUID

import structlog

from kamhub.hub.booking import rules as booking_rules
from kamhub.hub.booking import store as bookings
from kamhub.hub.booking.store import BookingRow
from kamhub.hub.booking.tokens import BookingAccess
from kamhub.hub.booking.types import BookingNotFound, BookingNotOpen
from kamhub.hub.monitoring.counters import count_unanswered
from kamhub.hub.payment import rules, settle, store
from kamhub.hub.payment.client import OrderRequest, ProviderRefused, ProviderUnavailable
from kamhub.hub.payment.forms import read_fields, read_notification, read_receipt
from kamhub.hub.payment.held import ask_capture as capture
from kamhub.hub.payment.held import ask_release as release
from kamhub.hub.payment.sending import finish_held, release_held_in_vain, send_refund
from kamhub.hub.payment.settle import Settling, invoice_of
from kamhub.hub.payment.signature import verify
from kamhub.hub.payment.store import AccountRow, OrderRow
from kamhub.hub.payment.types import (
    AccountChange,
    CheckCode,
    Notification,
    NotificationKind,
    NotificationMalformed,
    PaymentAccount,
    PaymentAccountNotFound,
    PaymentUnavailable,
    SignatureInvalid,
)
from kamhub.hub.receipt import sending as receipts
from kamhub.hub.services import Hub
from kamhub.kit.ids import new_id
from kamhub.kit.money import Money
from kamhub.platform.audit import actions as audit
from kamhub.platform.database.pool import Connection
from kamhub.platform.monitoring.sentry import note
from kamhub.platform.person.types import Staff
from kamhub.platform.web.versions import require_version

# What other rooms may call.
__all__ = [
    "adopt_configured_account",
    "capture",
    "change_account",
    "ensure_payment_link",
    "finish_held",
    "receive",
    "release",
    "release_held_in_vain",
    "send_refund",
]

log = structlog.get_logger(__name__)


async def receive(
    hub: Hub,
    account_id: UUID,
    kind: NotificationKind,
    body: bytes,
    content_type: str,
    content_hmac: str | None,
    x_content_hmac: str | None,
) -> int:
    """Verify, read and act on a notification; returns the code to answer with.

    Raises ``SignatureInvalid``, for an unknown account too. A signed body that is not of this kind has no effect and is
    answered 0, so that the provider does not repeat it (13 for Check: nothing may be charged on it).
    """
    async with hub.database.system() as connection:
        account = await store.account_by_id(connection, hub.keys, account_id)
    if account is None or not verify(account.api_secret, body, content_hmac, x_content_hmac):
        raise SignatureInvalid
    try:
        fields = read_fields(body, content_type)
        if kind == "receipt":
            await receipts.made(hub, account.organisation_id, read_receipt(fields))
            return 0
        notification = read_notification(kind, fields)
    except NotificationMalformed as error:
        log.warning("notification_without_effect", kind=kind, account_id=str(account_id), reason=str(error))
        return CheckCode.REFUSE if kind == "check" else 0
    if kind == "check":
        return await _check(hub, account, notification)
    await settle.settle_told(hub, account, notification)
    return 0


async def _check(hub: Hub, account: PaymentAccount, notification: Notification) -> int:
    now = hub.clock.now()
    async with hub.database.tenant(account.organisation_id) as connection:
        work = Settling(connection, account, now, hub.production)
        booking = await _booking_of(work, notification)
        code = rules.answer_check(
            notification,
            invoice_of(booking) if booking else None,
            test_refused=work.test_refused(notification),
            now=now,
        )
        if code is CheckCode.ACCEPT and booking is not None and booking.expires_at is not None:
            departs_at = await bookings.sales_close_at(connection, booking)
            until = booking_rules.prolonged(booking.expires_at, departs_at, now)
            await bookings.set_expiry(connection, booking, until)
    log.info("payment_check", code=int(code), booking_id=str(booking.id) if booking else None)
    return int(code)


async def _booking_of(work: Settling, notification: Notification) -> BookingRow | None:
    """The booking of the invoice, locked, so that it cannot lapse between the look and the prolongation."""
    if notification.invoice is None:
        return None
    found = await bookings.by_code(work.connection, work.account.organisation_id, notification.invoice)
    return await bookings.load(work.connection, found.organisation_id, found.id, lock=True) if found else None


async def adopt_configured_account(hub: Hub, public_id: str, api_secret: str) -> bool:
    """Give the terminal of the settings to the first organisation, as long as no account exists at all."""
    async with hub.database.system() as connection:
        organisation_id = await store.first_without_account(connection)
        if organisation_id is None:
            return False
        mode: Literal["demo", "live"] = "live" if hub.production else "demo"
        account = PaymentAccount(organisation_id, new_id(), public_id, api_secret, mode)
        await store.insert_account(connection, account, hub.keys)
    log.info("payment_account_adopted", organisation_id=str(organisation_id), account_id=str(account.id))
    return True


async def ensure_payment_link(hub: Hub, access: BookingAccess) -> None:
    """See that an open booking has a link to be paid by, asking the provider for one when needed.

    An organisation without a payment account has none; then nothing is done. Raises ``BookingNotFound``,
    ``HoldExpired``, ``BookingNotOpen``, ``PaymentUnavailable``.
    """
    now = hub.clock.now()
    async with hub.database.tenant(access.organisation_id) as connection:
        booking = await bookings.load(connection, access.organisation_id, access.booking_id, lock=True)
        if booking is None:
            raise BookingNotFound
        booking_rules.require_open(booking.status, booking.expires_at, now)
        if booking.contact is None:
            raise BookingNotOpen("The booking has no passengers yet")
        account = await store.account_of(connection, hub.keys, access.organisation_id)
        if account is None:
            return
        order = await store.live_order(connection, access.organisation_id, booking.id)
        if order is None:
            order = await store.insert_order(
                connection, account, booking.id, Money(booking.total, booking.currency), now
            )
    if order.status == "requested":
        await _ask_for_link(hub, account, booking, order)


async def _ask_for_link(hub: Hub, account: PaymentAccount, booking: BookingRow, order: OrderRow) -> None:
    organisation_id = account.organisation_id
    note("payment begun", booking=booking.id, organisation=organisation_id, order=order.id)
    try:
        link = await hub.provider.create_order(account, _order_request(hub, account, booking, order))
    except ProviderUnavailable as error:
        count_unanswered()
        log.warning("payment_order_unanswered", order_id=str(order.id), error=str(error))
        raise PaymentUnavailable from error
    except ProviderRefused as error:
        async with hub.database.tenant(organisation_id) as connection:
            await store.settle_order(connection, organisation_id, order.id, status="refused", error=str(error))
            await store.open_case(
                connection,
                "order_refused",
                organisation_id=organisation_id,
                now=hub.clock.now(),
                booking_id=booking.id,
                details={"message": str(error)},
            )
        raise PaymentUnavailable from error
    async with hub.database.tenant(organisation_id) as connection:
        await store.settle_order(
            connection,
            organisation_id,
            order.id,
            status="open",
            provider_order_id=link.provider_order_id,
            url=link.url,
        )


def _order_request(hub: Hub, account: PaymentAccount, booking: BookingRow, order: OrderRow) -> OrderRequest:
    contact = booking.contact
    locale = contact.locale if contact else "ru"
    page = f"{hub.public_url}/booking/{booking.id}"
    what = "Transfer booking" if locale == "en" else "Бронирование трансфера"
    return OrderRequest(
        request_id=order.id,
        amount=Money(order.amount, order.currency),
        invoice=booking.code,
        payer=str(booking.id),
        email=contact.email if contact else "",
        description=f"{what} {booking.code}",
        locale=locale,
        success_url=f"{page}?payment=done",
        fail_url=f"{page}?payment=failed",
        two_stage=account.two_stage,
    )


async def change_account(
    hub: Hub, staff: Staff, account_id: UUID, wanted: AccountChange, asked: frozenset[str] | None
) -> AccountRow:
    """Change how an account works from now on; receipts that were asked for already say what they said.

    Raises ``PaymentAccountNotFound``, ``VersionStale``.
    """
    organisation_id = staff.organisation_id
    async with hub.database.tenant(organisation_id) as connection:
        row = await require_account(connection, account_id)
        require_version(asked, row.version)
        changed = replace(row, **wanted)
        await store.set_options(connection, organisation_id, changed)
        await audit.record(
            connection,
            organisation_id,
            staff.trail,
            "payment_account.changed",
            "payment_account",
            account_id,
            hub.clock.now(),
            before=_options(row),
            after=_options(changed),
        )
    return changed


def _options(row: AccountRow) -> dict[str, object]:
    return {name: getattr(row, name) for name in get_type_hints(AccountChange)}


async def require_account(connection: Connection, account_id: UUID) -> AccountRow:
    """The account with that id in the caller's scope. Raises ``PaymentAccountNotFound``."""
    found = next((row for row in await store.list_accounts(connection) if row.id == account_id), None)
    if found is None:
        raise PaymentAccountNotFound
    return found
