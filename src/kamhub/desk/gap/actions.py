"""What operators do with questions that were asked in vain."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

from kamhub.desk.gap import store
from kamhub.desk.gap.types import Gap, GapNotFound
from kamhub.hub.services import Hub
from kamhub.platform.audit import actions as audit
from kamhub.platform.person.types import Staff

KEPT = timedelta(days=180)
_AT_A_TIME = 1_000


async def gaps(hub: Hub, staff: Staff, *, offset: int, limit: int) -> tuple[list[Gap], int]:
    """A page of the questions, the most asked first, and how many there are."""
    async with hub.database.tenant(staff.organisation_id) as connection:
        found = await store.gaps(connection, staff.organisation_id, offset=offset, limit=limit)
        return found, await store.count(connection, staff.organisation_id)


async def dismiss(hub: Hub, staff: Staff, gap_id: UUID) -> None:
    """Show a question no more, however often it is asked. Raises ``GapNotFound``."""
    now = hub.clock.now()
    async with hub.database.tenant(staff.organisation_id) as connection:
        if not await store.dismiss(connection, staff.organisation_id, gap_id, now):
            raise GapNotFound
        await audit.record(
            connection, staff.organisation_id, staff.trail, "knowledge_gap.dismissed", "knowledge_gap", gap_id, now
        )


async def prune(hub: Hub) -> int:
    """Forget what nobody has asked for half a year; returns how many."""
    before, forgotten = hub.clock.now() - KEPT, 0
    while True:
        async with hub.database.system() as connection:
            some = await store.prune(connection, before, _AT_A_TIME)
        forgotten += some
        if some < _AT_A_TIME:
            return forgotten
