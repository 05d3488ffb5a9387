"""What staff do about a case: the thing itself, or a word that it is settled."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from kamhub.hub.money import actions, rules, store
from kamhub.hub.money.types import ActionNotOffered, CaseAction, CaseClosed, CaseNotFound, CaseView
from kamhub.hub.payment import acceptance, refunding
from kamhub.hub.payment import store as payments
from kamhub.hub.payment.held import ask_capture
from kamhub.hub.payment.store import PaymentRow
from kamhub.hub.receipt import actions as receipts
from kamhub.hub.services import Hub
from kamhub.platform.audit import actions as audit
from kamhub.platform.database.pool import Connection
from kamhub.platform.person.types import Staff


async def require(connection: Connection, organisation_id: UUID, case_id: UUID) -> CaseView:
    """The case. Raises ``CaseNotFound``."""
    found = await store.case(connection, organisation_id, case_id)
    if found is None:
        raise CaseNotFound
    return found


async def close(hub: Hub, staff: Staff, case_id: UUID, resolution: str) -> CaseView:
    """Say how it was settled. Raises ``CaseNotFound``, ``CaseClosed``."""
    async with hub.database.tenant(staff.organisation_id) as connection:
        case = await require(connection, staff.organisation_id, case_id)
        return await _close(connection, staff, case, resolution, "case.closed", hub.clock.now())


async def act(hub: Hub, staff: Staff, case_id: UUID, action: CaseAction) -> CaseView:
    """Do one of the things that are offered for a case, and close it.

    Raises ``CaseNotFound``, ``CaseClosed``, ``ActionNotOffered``, and what the thing itself raises.
    """
    now = hub.clock.now()
    async with hub.database.tenant(staff.organisation_id) as connection:
        case = await require(connection, staff.organisation_id, case_id)
        if case.closed_at is not None:
            raise CaseClosed
        if not rules.is_offered(case.kind, action):
            raise ActionNotOffered
        await _carry_out(connection, case, action, staff.organisation_id, now)
        return await _close(connection, staff, case, action, "case.acted", now)


async def _close(
    connection: Connection, staff: Staff, case: CaseView, resolution: str, line: str, now: datetime
) -> CaseView:
    organisation_id = staff.organisation_id
    if not await store.close_case(connection, organisation_id, case.id, resolution, staff.person_id, now):
        raise CaseClosed
    facts = {"kind": case.kind, "resolution": resolution}
    await audit.record(connection, organisation_id, staff.trail, line, "case", case.id, now, after=facts)
    return await require(connection, organisation_id, case.id)


async def _carry_out(
    connection: Connection, case: CaseView, action: CaseAction, organisation_id: UUID, now: datetime
) -> None:
    if action in ("contact", "nothing"):
        return
    if action == "retry_refund" and case.refund_id is not None:
        await actions.retry_refund(connection, organisation_id, case.refund_id, now)
        return
    if action == "retry_receipt" and case.booking_id is not None:
        await receipts.try_again(connection, organisation_id, case.booking_id, now)
        return
    payment = await _payment(connection, organisation_id, case)
    if action in ("accept", "revive"):
        await acceptance.accept(connection, payment, now)
    elif action == "retry_capture":
        await ask_capture(connection, await refunding.lock_money(connection, payment), now)
    else:
        payment = await refunding.lock_money(connection, payment)
        left = await refunding.returnable(connection, payment)
        await actions.return_money(connection, payment, left, f"case_{case.kind}", now)


async def _payment(connection: Connection, organisation_id: UUID, case: CaseView) -> PaymentRow:
    payment = None
    if case.payment_id is not None:
        payment = await payments.payment_by_id(connection, organisation_id, case.payment_id)
    elif case.booking_id is not None:
        payment = await payments.accepted_payment(connection, organisation_id, case.booking_id)
    if payment is None:
        raise ActionNotOffered
    return payment


async def booking_status(hub: Hub, case: CaseView) -> str | None:
    """What the booking of a case is now: it decides what is offered."""
    if case.booking_id is None or case.closed_at is not None:
        return None
    async with hub.database.tenant(case.organisation_id) as connection:
        found = await store.booking_statuses(connection, case.organisation_id, [case.booking_id], hub.clock.now())
    return found.get(case.booking_id)
