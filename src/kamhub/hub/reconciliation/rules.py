"""Pure decisions of the comparison."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta

from kamhub.hub.payment.types import CaseKind, Notification, Operation
from kamhub.hub.reconciliation.types import Difference, Finding, Ours, ReconciliationStatus

# What began a moment ago is still being told about.
FRESH = timedelta(minutes=10)
_TOLD_AS: Mapping[Finding, str] = {
    "lost_payment": "pay",
    "lost_capture": "confirm",
    "lost_release": "cancel",
    "lost_refund": "refund",
}


def compare(
    theirs: Sequence[Operation], ours: Iterable[Ours], *, since: datetime, until: datetime, now: datetime
) -> list[Difference]:
    """What differs. ``theirs`` reach beyond the day on both sides, ``ours`` hold every row those tell of.

    Missing is only what we wrote on that day: the edges of the day are someone else's.
    """
    known = {(one.kind, one.transaction_id): one for one in ours}
    told = {(one.kind, one.transaction_id): one for one in theirs}
    found = [
        Difference(finding, one.transaction_id, one.amount, mine.amount if mine else None)
        for key, one in told.items()
        if (one.at is None or now - one.at > FRESH) and (finding := _finding(one, mine := known.get(key))) is not None
    ]
    found += [
        Difference("missing", mine.transaction_id, None, mine.amount)
        for key, mine in known.items()
        if key not in told and mine.status in ("completed", "authorized") and since <= mine.at < until
    ]
    return found


def _finding(theirs: Operation, ours: Ours | None) -> Finding | None:
    if theirs.kind == "refund":
        if theirs.status != "completed":
            return None
        if ours is None:
            return "lost_refund"
    elif ours is None or (ours.status in ("declined", "cancelled") and theirs.status in ("authorized", "completed")):
        return "lost_payment" if theirs.status in ("authorized", "completed") else None
    elif ours.status == "authorized" and theirs.status != "authorized":
        changed: Mapping[str, Finding] = {"completed": "lost_capture", "cancelled": "lost_release"}
        return changed.get(theirs.status)
    return "amount_differs" if ours.amount != theirs.amount else None


def as_news(finding: Finding, theirs: Operation) -> Notification | None:
    """What should have been told, to be settled as if it had been; None for what a person has to look at."""
    kind = _TOLD_AS.get(finding)
    if kind is None or (kind == "refund" and theirs.parent is None):
        return None
    return Notification(
        kind=kind,  # type: ignore[arg-type]
        transaction_id=theirs.transaction_id,
        amount=theirs.amount,
        invoice=theirs.invoice,
        account=theirs.account,
        test=theirs.test,
        authorized_only=finding == "lost_payment" and theirs.status == "authorized",
        payment_transaction_id=theirs.parent,
        method=theirs.method,
        card_last_four=theirs.card_last_four,
        fee=theirs.fee,
    )


def case_of(difference: Difference) -> CaseKind:
    """What a person is told of it."""
    if difference.repaired:
        return "lost_notification"
    return "missing_at_provider" if difference.finding == "missing" else "amount_differs"


def status_of(differences: Sequence[Difference]) -> ReconciliationStatus:
    """How the comparison ended."""
    if not differences:
        return "clean"
    return "repaired" if all(one.repaired for one in differences) else "differs"
