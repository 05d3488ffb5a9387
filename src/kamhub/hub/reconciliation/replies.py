"""What is told of comparisons, as the API documents it; made by ``views``."""

from __future__ import annotations

from datetime import date, datetime
from uuid import UUID

from kamhub.hub.reconciliation.types import Finding, ReconciliationStatus
from kamhub.platform.web.schemas import ListReply, MoneyReply, Reply


class DifferenceReply(Reply):
    """What one side has and the other has not; ``repaired``: it was entered as if it had been told."""

    finding: Finding
    transaction_id: int
    theirs: MoneyReply | None
    ours: MoneyReply | None
    repaired: bool


class ReconciliationReply(Reply):
    """A day of the provider's list held against ours."""

    id: UUID
    date: date
    status: ReconciliationStatus
    theirs: int
    ours: int
    repaired: int
    differences: list[DifferenceReply]
    started_at: datetime
    finished_at: datetime | None


class ReconciliationListReply(ListReply[ReconciliationReply]):
    """Comparisons, the latest day first."""
