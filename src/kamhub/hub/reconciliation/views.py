"""Comparisons as JSON of the HTTP contract."""

from __future__ import annotations

from kamhub.hub.reconciliation.types import Reconciliation


def reconciliation_json(one: Reconciliation) -> dict[str, object]:
    """What was found on a day."""
    return {
        "id": one.id,
        "date": one.day,
        "status": one.status,
        "theirs": one.theirs,
        "ours": one.ours,
        "repaired": one.repaired,
        "differences": one.differences,
        "started_at": one.started_at,
        "finished_at": one.finished_at,
    }
