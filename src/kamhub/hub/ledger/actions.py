"""Entering what happened, and reading the books."""

from __future__ import annotations

from datetime import date, datetime
from uuid import UUID

from kamhub.hub.ledger import rules, store
from kamhub.hub.ledger.types import Entry, Payout, PayoutTooLarge, Standing
from kamhub.hub.receipt import actions as receipts
from kamhub.hub.services import Hub
from kamhub.kit.ids import new_id
from kamhub.kit.money import Money
from kamhub.platform.audit import actions as audit
from kamhub.platform.database.pool import Connection
from kamhub.platform.organisation import store as organisations
from kamhub.platform.person.types import Staff

_AT_A_TIME = 100


async def record(connection: Connection, entry: Entry) -> bool:
    """Enter it in the caller's transaction, once for each source. False when it was entered before."""
    return await store.insert(connection, entry)


async def true_up(connection: Connection, organisation_id: UUID, booking_id: UUID, now: datetime) -> None:
    """Bring what was earned to what the booking's sums say, when its trip is in the books already.

    The caller has the booking locked and its sums written.
    """
    if await store.has_earned(connection, organisation_id, booking_id):
        await earn(connection, organisation_id, booking_id, now)


async def earn(connection: Connection, organisation_id: UUID, booking_id: UUID, now: datetime) -> int:
    """Enter what a booking whose trip has run earned, and the commission of it; how much more that is than before.

    Said again it enters nothing. The caller has the booking locked.
    """
    standing = await store.standing(connection, organisation_id, booking_id)
    if standing is None:
        return 0
    open_invoice = rules.invoiced(standing)
    if open_invoice:
        await _enter(connection, standing, "invoiced", {"receivable": open_invoice, "travellers": -open_invoice}, now)
        standing = await store.standing(connection, organisation_id, booking_id) or standing
    more = rules.earned(standing)
    if more:
        await _enter(connection, standing, "earned", {"travellers": more, "revenue": -more}, now)
        await _full_receipt(connection, standing, now)
    commission = rules.commission(standing, more)
    if commission:
        await _enter(connection, standing, "commission", {"commission": commission, "platform": -commission}, now)
    return more


async def _full_receipt(connection: Connection, standing: Standing, now: datetime) -> None:
    """The second receipt of a service that was paid ahead: of what came through the payment service and stayed."""
    amount = standing.paid - standing.returned
    paid = await store.paid_by(connection, standing.organisation_id, standing.booking_id)
    if paid is None or amount <= 0:
        return
    payment_id, account_id = paid
    await receipts.ask(
        connection,
        "full",
        organisation_id=standing.organisation_id,
        account_id=account_id,
        booking_id=standing.booking_id,
        payment_id=payment_id,
        refund_id=None,
        amount=amount,
        currency=standing.currency,
        now=now,
    )


async def _enter(connection: Connection, standing: Standing, kind: str, lines: rules.Lines, now: datetime) -> None:
    entry = Entry(
        standing.organisation_id,
        now,
        kind,  # type: ignore[arg-type]
        f"{kind}:{standing.booking_id}:{standing.entries}",
        standing.currency,
        lines,
        booking_id=standing.booking_id,
    )
    await record(connection, entry)


async def earn_all(hub: Hub) -> int:
    """Enter what every trip that has run earned; how many bookings that were. May be said any number of times."""
    now, after, count = hub.clock.now(), None, 0
    while True:
        async with hub.database.system() as connection:
            found = await store.unearned(connection, now, after, _AT_A_TIME)
        if not found:
            return count
        for organisation_id in dict.fromkeys(organisation for organisation, _ in found):
            bookings = [booking for organisation, booking in found if organisation == organisation_id]
            async with hub.database.tenant(organisation_id) as connection:
                await store.lock_bookings(connection, organisation_id, bookings)
                for booking_id in bookings:
                    await earn(connection, organisation_id, booking_id, now)
        count += len(found)
        after = found[-1]


async def close_months(hub: Hub) -> int:
    """Write down what the accounts of everybody held at the beginning of each month; how many closings that were.

    May be said any number of times.
    """
    now, count = hub.clock.now(), 0
    async with hub.database.system() as connection:
        books = await store.first_entry(connection)
    for organisation_id, first in books.items():
        async with hub.database.system() as connection:
            zone = await organisations.zone(connection, organisation_id)
            last = await store.latest_closing(connection, organisation_id)
            due = rules.closings_due(first, last, now, zone)
            for at in due:
                await store.close(connection, organisation_id, at)
        count += len(due)
    return count


async def record_payout(
    hub: Hub, staff: Staff, *, amount: Money, from_date: date, to_date: date, reference: str | None, paid_at: datetime
) -> Payout:
    """Write down a transfer of the payment service to the operator's bank. Raises ``PayoutTooLarge``."""
    organisation_id, now = staff.organisation_id, hub.clock.now()
    payout = Payout(new_id(), from_date, to_date, amount, reference, paid_at, staff.person_id)
    async with hub.database.tenant(organisation_id) as connection:
        await store.lock_provider(connection, organisation_id)
        held = {
            (account, money.currency): money for account, money in await store.balances(connection, organisation_id)
        }.get(("provider", amount.currency))
        if held is None or held.amount < amount.amount:
            held = held or Money(0, amount.currency)
            raise PayoutTooLarge(extra={"held": held.as_json()})
        await store.insert_payout(connection, organisation_id, payout)
        entry = Entry(
            organisation_id,
            now,
            "payout",
            f"payout:{payout.id}",
            amount.currency,
            rules.payout(amount.amount),
            memo=reference,
        )
        await record(connection, entry)
        facts = {"amount": str(amount), "since": str(from_date), "until": str(to_date), "reference": reference}
        await audit.record(
            connection, organisation_id, staff.trail, "payout.recorded", "payout", payout.id, now, after=facts
        )
    return payout
