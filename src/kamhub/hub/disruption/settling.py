"""Settling one booking of a cancelled departure, in the caller's transaction and under its locks."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from kamhub.hub.booking import rules as booking_rules
from kamhub.hub.booking import store as bookings
from kamhub.hub.booking.messages import tell_booker
from kamhub.hub.booking.store import BookingRow
from kamhub.hub.disruption import rules
from kamhub.hub.disruption.store import Settlement
from kamhub.hub.disruption.types import Disruption
from kamhub.hub.move import actions as moves
from kamhub.hub.move.actions import Relocation
from kamhub.hub.move.types import Candidate
from kamhub.hub.notice.types import MessageKind
from kamhub.hub.payment import settle
from kamhub.hub.payment import store as payments
from kamhub.hub.payment.held import ask_release
from kamhub.hub.seats import actions as seats
from kamhub.hub.seats.types import LockedDeparture
from kamhub.platform.database.pool import Connection

REASON = "departure_cancelled"


@dataclass(frozen=True, slots=True)
class Settling:
    """What settling works with: the transaction, the decision, the moment, who settles (for the history), and how many
    bookings the decision met in all."""

    connection: Connection
    decision: Disruption
    now: datetime
    actor: str
    met: int = 1

    def facts(self, left_at: datetime, new: datetime | None = None) -> dict[str, str]:
        """What the message about it knows: times as ISO 8601, ``weather`` is ``1`` when it was that."""
        known = {
            "old_departs_at": left_at.isoformat(),
            "new_departs_at": new.isoformat() if new else "",
            "reason": self.decision.reason or "",
            "weather": "1" if self.decision.weather else "",
            "answer_until": self.decision.answer_until.isoformat() if self.decision.answer_until else "",
        }
        return {name: value for name, value in known.items() if value}


async def ride_on(
    work: Settling,
    row: BookingRow,
    source: LockedDeparture,
    target: LockedDeparture,
    candidate: Candidate,
    left_at: datetime,
) -> tuple[Settlement, LockedDeparture, LockedDeparture]:
    """Move the party to that departure at the price it has, and tell it. Raises ``SoldOut`` with nothing written."""
    going = Relocation(
        row=row,
        source=source,
        target=target,
        takes=candidate.seats(row.passengers),
        left_at_before=left_at,
        left_at_after=candidate.leaves_at,
        actor=work.actor,
        reason=REASON,
        anew=await _only_waited(work, row),
    )
    _, before, after = await moves.relocate(work.connection, going, work.now)
    await _tell(work, row, "moved", work.facts(left_at, candidate.leaves_at))
    return Settlement(row.id, "moved", candidate.departure_id), before, after


async def _only_waited(work: Settling, row: BookingRow) -> bool:
    """Whether an unpaid hold lives on only because its traveller was asked."""
    if work.decision.rebook != "ask" or row.status != "on_hold":
        return False
    return await payments.held_payment(work.connection, row.organisation_id, row.id) is None


async def call_off(
    work: Settling, row: BookingRow, source: LockedDeparture, left_at: datetime
) -> tuple[Settlement, LockedDeparture]:
    """End the booking, give back all that was paid whatever the terms, and tell it."""
    connection, now = work.connection, work.now
    before = await seats.release(connection, source, row.id, row.seats, now)
    await bookings.set_status(connection, row, "cancelled", now, work.actor, REASON)
    await payments.close_orders(connection, row.organisation_id, row.id)
    returned = await _return_everything(work, row)
    await _tell(work, row, "cancelled", work.facts(left_at))
    return Settlement(row.id, "refunded" if returned else "cancelled"), before


async def _return_everything(work: Settling, row: BookingRow) -> bool:
    """Whether money goes back. What was taken outside the payment service a person has to return."""
    connection, now = work.connection, work.now
    held = await payments.held_payment(connection, row.organisation_id, row.id)
    if held is not None:
        await ask_release(connection, held, now)
    payment = await payments.accepted_payment(connection, row.organisation_id, row.id)
    refund = await settle.give_money_back(connection, payment, payment.amount, REASON, now) if payment else None
    by_hand = await moves.collected(connection, row)
    if by_hand > 0:
        await payments.open_case(
            connection,
            "move_difference",
            organisation_id=row.organisation_id,
            now=now,
            booking_id=row.id,
            details={"amount": str(by_hand), "reason": REASON},
        )
    return refund is not None or by_hand > 0


async def ask(work: Settling, row: BookingRow, left_at: datetime) -> Settlement:
    """Let whoever booked choose; what is not paid yet waits as long, and cannot be paid meanwhile."""
    until = work.decision.answer_until
    if row.status in booking_rules.LAPSING and row.expires_at is not None and until is not None:
        await payments.close_orders(work.connection, row.organisation_id, row.id)
        await bookings.set_expiry(work.connection, row, max(row.expires_at, until))
    await _tell(work, row, "disrupted", work.facts(left_at))
    return Settlement(row.id, "asked")


async def _tell(work: Settling, row: BookingRow, kind: MessageKind, facts: dict[str, str]) -> None:
    """Each kind once a decision, however often it is carried out."""
    await tell_booker(
        work.connection,
        row,
        kind,
        work.now,
        occasion=str(work.decision.id),
        facts=facts,
        not_before=rules.tell_from(work.decision.created_at, work.met),
    )
