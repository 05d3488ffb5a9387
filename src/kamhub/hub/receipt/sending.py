"""Asking the cash register, and hearing what it did. No call is made inside a transaction."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

from kamhub.hub.payment import store as payments
from kamhub.hub.payment.client import ProviderRefused, ProviderUnreachable
from kamhub.hub.payment.types import CaseKind, PaymentAccount, ReceiptTold
from kamhub.hub.receipt import rules, store
from kamhub.hub.receipt.types import Receipt, Recipient
from kamhub.hub.services import Hub
from kamhub.platform.job.run import Mark
from kamhub.platform.job.types import DONE, Outcome, TryAgain

_LOOK_AGAIN = timedelta(minutes=2)
# The cash register of a receipt that is queued for longer is asked less often.
_PATIENCE = timedelta(hours=1)


async def made(hub: Hub, organisation_id: UUID, told: ReceiptTold) -> None:
    """The cash register says that it made a receipt: one we know by its number, or one whose request was never answered."""
    now = hub.clock.now()
    async with hub.database.tenant(organisation_id) as connection:
        if await store.made(connection, organisation_id, told.id, told.url, now):
            return
        receipt = await store.unanswered(connection, organisation_id, told)
        if receipt is not None:
            await store.settle(connection, receipt, "done", provider_id=told.id, url=told.url, now=now)


async def send(hub: Hub, organisation_id: UUID, receipt_id: UUID, mark: Mark) -> Outcome:
    """Ask for a receipt, then look until it is made. Safe to run twice; raises ``ProviderUnavailable``."""
    async with hub.database.tenant(organisation_id) as connection:
        receipt = await store.load(connection, organisation_id, receipt_id)
        if receipt is None or receipt.status in ("done", "refused"):
            return DONE
        account = await payments.account_by_id(connection, hub.keys, receipt.account_id, archived=True)
        recipient = await store.recipient(connection, receipt)
    if account is None or recipient is None:
        raise LookupError(f"receipt {receipt_id} has no account or no booking")
    try:
        if receipt.status == "requested":
            return await _ask(hub, account, receipt, recipient, mark)
        return await _look(hub, account, receipt, mark)
    except ProviderRefused as refused:
        await _refused(hub, receipt, str(refused), mark)
        return DONE


async def _ask(hub: Hub, account: PaymentAccount, receipt: Receipt, recipient: Recipient, mark: Mark) -> Outcome:
    now = hub.clock.now()
    what = rules.asking(receipt, now)
    if what == "wait":
        return TryAgain(now + _PATIENCE, "nobody answered; if the receipt was made, a notification says so")
    if what == "give up":
        await _refused(hub, receipt, "no answer to the request, and no news of the receipt", mark, "receipt_unanswered")
        return DONE
    number = await _call(hub, account, receipt, recipient)
    now = hub.clock.now()
    async with hub.database.tenant(receipt.organisation_id) as connection:
        current = await store.load(connection, receipt.organisation_id, receipt.id, lock=True)
        if current is not None and current.status == "requested":
            await store.settle(connection, current, "queued", provider_id=number)
    return TryAgain(now + _LOOK_AGAIN, "the cash register has it in its queue")


async def _call(hub: Hub, account: PaymentAccount, receipt: Receipt, recipient: Recipient) -> str:
    """The receipt's number. That it is asked for is written first: whoever dies here leaves word of it."""
    if receipt.asked_at is None:
        async with hub.database.tenant(receipt.organisation_id) as connection:
            await store.set_asked(connection, receipt, hub.clock.now())
    try:
        return await hub.provider.receipt(account, rules.request_of(receipt, recipient))
    except (ProviderUnreachable, ProviderRefused):
        if receipt.asked_at is None:
            async with hub.database.tenant(receipt.organisation_id) as connection:
                await store.set_asked(connection, receipt, None)
        raise


async def _look(hub: Hub, account: PaymentAccount, receipt: Receipt, mark: Mark) -> Outcome:
    status = await hub.provider.receipt_status(account, receipt.provider_id or "")
    now = hub.clock.now()
    if status == "Processed":
        async with hub.database.tenant(receipt.organisation_id) as connection:
            await store.made(connection, receipt.organisation_id, receipt.provider_id or "", None, now)
            await mark(connection)
        return DONE
    if status in ("Error", "NotFound"):
        await _refused(hub, receipt, f"the cash register answered {status}", mark)
        return DONE
    wait = _LOOK_AGAIN if now - receipt.requested_at < _PATIENCE else _PATIENCE
    return TryAgain(now + wait, "the cash register has it in its queue")


async def _refused(hub: Hub, receipt: Receipt, error: str, mark: Mark, case: CaseKind = "receipt_refused") -> None:
    now = hub.clock.now()
    async with hub.database.tenant(receipt.organisation_id) as connection:
        current = await store.load(connection, receipt.organisation_id, receipt.id, lock=True)
        if current is not None and current.status in ("requested", "queued"):
            await store.settle(connection, current, "refused", error=error, now=now)
            await payments.open_case(
                connection,
                case,
                organisation_id=receipt.organisation_id,
                now=now,
                booking_id=receipt.booking_id,
                payment_id=receipt.payment_id,
                refund_id=receipt.refund_id,
                details={"message": error, "kind": receipt.kind},
            )
        await mark(connection)
