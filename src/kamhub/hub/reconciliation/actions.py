"""Comparing a day of the provider's list with ours, and settling what a lost notification missed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import date, timedelta
from uuid import UUID

import structlog

from kamhub.hub.ledger.rules import period
from kamhub.hub.payment import refunding, settle
from kamhub.hub.payment import store as payments
from kamhub.hub.payment.client import ProviderRefused, ProviderUnavailable
from kamhub.hub.payment.types import Operation, PaymentAccount
from kamhub.hub.reconciliation import rules, store
from kamhub.hub.reconciliation.types import (
    DayToCome,
    Difference,
    NoPaymentAccount,
    Reconciliation,
    ReconciliationNotFound,
)
from kamhub.hub.services import Hub
from kamhub.platform.audit import actions as audit
from kamhub.platform.database.pool import Connection
from kamhub.platform.job.queue import enqueue
from kamhub.platform.job.run import Mark
from kamhub.platform.job.types import Kind, Queue
from kamhub.platform.organisation import store as organisations
from kamhub.platform.person.types import Staff

log = structlog.get_logger(__name__)

RUN = Kind("reconciliation.run", Queue.PAYMENTS, "tenant", frozenset({"reconciliation_id"}), priority=-2)
# A payment may begin long before the bank is done with it.
_BEFORE, _AFTER = timedelta(hours=3), timedelta(minutes=30)
# After that long a refund should have been carried out or refused.
_OVERDUE = timedelta(hours=1)


async def begin(connection: Connection, organisation_id: UUID, account_id: UUID, day: date, hub: Hub) -> Reconciliation:
    """Write that the day is compared, and the job that does it."""
    one = await store.begin(connection, organisation_id, account_id, day, hub.clock.now())
    await enqueue(
        connection,
        RUN,
        organisation_id=organisation_id,
        lock=f"reconciliation:{account_id}",
        reconciliation_id=str(one.id),
    )
    return one


async def ask(hub: Hub, staff: Staff, day: date) -> Reconciliation:
    """Compare a day now. Raises ``NoPaymentAccount``, ``DayToCome``."""
    organisation_id = staff.organisation_id
    async with hub.database.tenant(organisation_id) as connection:
        zone = await organisations.zone(connection, organisation_id)
        if day > hub.clock.now().astimezone(zone).date():
            raise DayToCome
        accounts = await payments.list_accounts(connection)
        if not accounts:
            raise NoPaymentAccount
        one = await begin(connection, organisation_id, accounts[0].id, day, hub)
        await audit.record(
            connection,
            organisation_id,
            staff.trail,
            "reconciliation.asked",
            "reconciliation",
            one.id,
            hub.clock.now(),
            after={"since": str(day)},
        )
    return one


async def require(hub: Hub, organisation_id: UUID, reconciliation_id: UUID) -> Reconciliation:
    """The comparison. Raises ``ReconciliationNotFound``."""
    async with hub.database.tenant(organisation_id) as connection:
        found = await store.one(connection, organisation_id, reconciliation_id)
    if found is None:
        raise ReconciliationNotFound
    return found


async def plan(hub: Hub) -> int:
    """Have yesterday compared for every account that takes payments; for how many."""
    async with hub.database.system() as connection:
        accounts = await payments.active_accounts(connection)
    for organisation_id, account_id in accounts:
        async with hub.database.tenant(organisation_id) as connection:
            zone = await organisations.zone(connection, organisation_id)
            yesterday = hub.clock.now().astimezone(zone).date() - timedelta(days=1)
            await begin(connection, organisation_id, account_id, yesterday, hub)
    return len(accounts)


async def run(hub: Hub, organisation_id: UUID, reconciliation_id: UUID, mark: Mark) -> None:
    """Compare and repair. Safe to run twice: what is repaired does not differ any more.

    Raises ``ProviderUnavailable`` to be run again later.
    """
    async with hub.database.tenant(organisation_id) as connection:
        one = await store.one(connection, organisation_id, reconciliation_id)
        zone = await organisations.zone(connection, organisation_id)
        account = await payments.account_by_id(connection, hub.keys, one.account_id, archived=True) if one else None
    if one is None or account is None:
        raise LookupError(f"reconciliation {reconciliation_id} has no row or no account")
    day, now = period(one.day, one.day, zone), hub.clock.now()
    try:
        theirs = await hub.provider.operations(account, day.since - _BEFORE, day.until + _AFTER)
    except (ProviderUnavailable, ProviderRefused) as error:
        log.warning("reconciliation_unanswered", day=str(one.day), error=str(error))
        async with hub.database.tenant(organisation_id) as connection:
            await store.fail(connection, organisation_id, one.id, now)
        raise
    async with hub.database.tenant(organisation_id) as connection:
        numbers = [operation.transaction_id for operation in theirs]
        ours = await store.ours(
            connection, organisation_id, account.id, since=day.since, until=day.until, transactions=numbers
        )
    differences = rules.compare(theirs, ours, since=day.since, until=day.until, now=now)
    told = {operation.transaction_id: operation for operation in theirs}
    settled = [await _repair(hub, account, one, told, difference) for difference in differences]
    within = [operation for operation in theirs if operation.at is None or day.since <= operation.at < day.until]
    mine = [each for each in ours if day.since <= each.at < day.until and each.status != "declined"]
    async with hub.database.tenant(organisation_id) as connection:
        await store.finish(
            connection,
            one,
            rules.status_of(settled),
            theirs=len(within),
            ours=len(mine),
            differences=settled,
            now=now,
        )
        await _wake_refunds(connection, organisation_id, hub)
        await mark(connection)


async def _repair(
    hub: Hub,
    account: PaymentAccount,
    one: Reconciliation,
    told: Mapping[int, Operation],
    difference: Difference,
) -> Difference:
    """Settle what should have been told, and put the finding before a person, once."""
    operation = told.get(difference.transaction_id)
    news = rules.as_news(difference.finding, operation) if operation else None
    if news is not None and await settle.settle_told(hub, account, news):
        difference = replace(difference, repaired=True)
    organisation_id, number = one.organisation_id, difference.transaction_id
    details = {"transaction_id": str(number)}
    details |= {"theirs": str(difference.theirs)} if difference.theirs else {}
    details |= {"ours": str(difference.ours)} if difference.ours else {}
    async with hub.database.tenant(organisation_id) as connection:
        now = hub.clock.now()
        known = await store.ours(connection, organisation_id, account.id, since=now, until=now, transactions=[number])
        mine = known[0] if known else None
        await payments.open_case(
            connection,
            rules.case_of(difference),
            organisation_id=organisation_id,
            now=now,
            booking_id=mine.booking_id if mine else None,
            payment_id=mine.payment_id if mine else None,
            details=details,
            once=True,
        )
    return difference


async def _wake_refunds(connection: Connection, organisation_id: UUID, hub: Hub) -> None:
    """A refund that was asked for long ago and is not settled is asked for again: its job asks the provider first."""
    before = hub.clock.now() - _OVERDUE
    for refund_id, payment_id in await payments.unsettled_refunds(connection, organisation_id, before):
        await refunding.send_later(connection, organisation_id, payment_id, refund_id)
