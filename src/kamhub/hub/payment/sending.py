"""Asking the provider to return, take or let go money: an intent is there already, the call is made outside transactions.

A job may die anywhere: between intent and call, between call and settlement. Told twice, the provider acts once, as long
as it remembers the request id; after that it is asked first what became of it.
"""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

from kamhub.hub.payment import settle, store
from kamhub.hub.payment.client import ProviderRefused
from kamhub.hub.payment.held import ask_release
from kamhub.hub.payment.refunding import finish_refund, lock_money
from kamhub.hub.payment.store import PaymentRow, RefundRow
from kamhub.hub.payment.types import Notification, NotificationKind, Operation, PaymentAccount
from kamhub.hub.services import Hub
from kamhub.kit.ids import new_id
from kamhub.kit.money import Money
from kamhub.platform.job.run import Mark

# The provider replays the result of a request id for an hour; after that a repeat would be a second refund.
REFUND_REPEATABLE = timedelta(minutes=50)
_CLOCKS_APART = timedelta(minutes=15)
_AT_A_TIME = 100


async def send_refund(hub: Hub, organisation_id: UUID, refund_id: UUID, mark: Mark) -> None:
    """Ask the provider to return money that was decided to be returned. Safe to run twice.

    ``mark`` is called in the transaction that settles it, to write there that it is done. Raises ``ProviderUnavailable``
    to be run again later; a refusal is settled and becomes a case. An archived account returns what it took.
    """
    async with hub.database.tenant(organisation_id) as connection:
        refund = await store.refund_by_id(connection, organisation_id, refund_id, lock=False)
        if refund is None or refund.status != "requested" or refund.refund_transaction_id is not None:
            return
        payment = await store.payment_by_id(connection, organisation_id, refund.payment_id)
        account = None
        if payment is not None:
            account = await store.account_by_id(connection, hub.keys, payment.account_id, archived=True)
    if payment is None or account is None:
        raise LookupError(f"refund {refund_id} has no payment or no account")
    error, transaction_id = None, None
    try:
        transaction_id = await _refund(hub, account, payment, refund)
    except ProviderRefused as refused:
        error = str(refused)
    async with hub.database.tenant(organisation_id) as connection:
        payment = await lock_money(connection, payment)
        current = await store.refund_by_id(connection, organisation_id, refund_id)
        if current is not None and current.status == "requested":
            await finish_refund(connection, payment, current, transaction_id, error, hub.clock.now())
        await mark(connection)


async def _refund(hub: Hub, account: PaymentAccount, payment: PaymentRow, refund: RefundRow) -> int:
    """The provider's number of the refund: of one it made already when it may have forgotten that we asked."""
    request_id = refund.request_id
    if hub.clock.now() - refund.asked_at > REFUND_REPEATABLE:
        made = await _made(hub, account, payment, refund)
        if made is not None:
            return made
        request_id = new_id()
        async with hub.database.tenant(refund.organisation_id) as connection:
            await store.renew_refund(connection, refund, request_id, hub.clock.now())
    return await hub.provider.refund(account, request_id, payment.transaction_id, Money(refund.amount, refund.currency))


async def _made(hub: Hub, account: PaymentAccount, payment: PaymentRow, refund: RefundRow) -> int | None:
    since, until = refund.requested_at - _CLOCKS_APART, hub.clock.now() + _CLOCKS_APART
    told = await hub.provider.operations(account, since, until)
    async with hub.database.tenant(refund.organisation_id) as connection:
        known = await store.known_refund_transactions(connection, payment)
    return next(
        (
            one.transaction_id
            for one in told
            if one.kind == "refund"
            and one.parent == payment.transaction_id
            and one.status != "declined"
            and one.amount.amount == refund.amount
            and one.transaction_id not in known
        ),
        None,
    )


async def finish_held(hub: Hub, organisation_id: UUID, payment_id: UUID, mark: Mark) -> None:
    """Take money that was set aside, or let it go, as was decided. Safe to run twice.

    ``mark`` as in ``send_refund``. Raises ``ProviderUnavailable`` to be run again later. When the provider refuses it is
    asked what became of the money: it may have been taken or let go already, and else a person has to look.
    """
    async with hub.database.tenant(organisation_id) as connection:
        payment = await store.payment_by_id(connection, organisation_id, payment_id)
        if payment is None or payment.status != "authorized" or payment.asked is None or payment.request_id is None:
            return
        account = await store.account_by_id(connection, hub.keys, payment.account_id, archived=True)
    if account is None:
        raise LookupError(f"payment {payment_id} has no account")
    kind: NotificationKind | None = "confirm" if payment.asked == "capture" else "cancel"
    amount, message = Money(payment.amount, payment.currency), ""
    try:
        if payment.asked == "capture":
            await hub.provider.confirm(account, payment.request_id, payment.transaction_id, amount)
        else:
            await hub.provider.void(account, payment.request_id, payment.transaction_id)
    except ProviderRefused as refused:
        now = await _as_it_is(hub, account, payment)
        message, amount = str(refused), now.amount if now else amount
        kind = {"completed": "confirm", "cancelled": "cancel"}.get(now.status if now else "")  # type: ignore[assignment]
    if kind is not None:
        told = Notification(kind, payment.transaction_id, amount, None, None, test=False)
        await settle.settle_told(hub, account, told, mark)
        return
    await _give_up(hub, payment, message, mark)


async def _as_it_is(hub: Hub, account: PaymentAccount, payment: PaymentRow) -> Operation | None:
    try:
        return await hub.provider.operation(account, payment.transaction_id)
    except ProviderRefused:
        return None


async def _give_up(hub: Hub, payment: PaymentRow, message: str, mark: Mark) -> None:
    async with hub.database.tenant(payment.organisation_id) as connection:
        current = await lock_money(connection, payment)
        if current.status == "authorized" and current.request_id == payment.request_id:
            await store.set_asked(connection, current, None, None, None)
            await store.open_case(
                connection,
                "capture_refused",
                organisation_id=payment.organisation_id,
                now=hub.clock.now(),
                booking_id=payment.booking_id,
                payment_id=payment.id,
                details={"asked": str(payment.asked), "message": message},
            )
        await mark(connection)


async def release_held_in_vain(hub: Hub) -> int:
    """Let go money set aside for bookings that are over; returns for how many payments that was asked."""
    now = hub.clock.now()
    async with hub.database.system() as connection:
        found = await store.held_in_vain(connection, now, _AT_A_TIME)
    for organisation_id, payment_id in found:
        async with hub.database.tenant(organisation_id) as connection:
            payment = await store.payment_by_id(connection, organisation_id, payment_id)
            if payment is not None:
                await ask_release(connection, await lock_money(connection, payment), now)
    return len(found)
