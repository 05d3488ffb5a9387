"""Gathering what the overview shows."""

from __future__ import annotations

from dataclasses import dataclass

from kamhub.desk.asset import actions as assets
from kamhub.desk.asset.types import Asset, AssetQuery
from kamhub.desk.gap import actions as gaps
from kamhub.desk.gap.types import Gap
from kamhub.desk.knowledge_overview import store
from kamhub.desk.knowledge_overview.types import AgentName, Amounts
from kamhub.desk.services import Desk
from kamhub.platform.person.types import Staff

SHOWN = 5


@dataclass(frozen=True, slots=True)
class Overview:
    """How much is known, by whom it may be asked; the first documents that are being read, and that could not be; what was
    asked in vain most often, of ``all_gaps``."""

    amounts: Amounts
    agents: list[AgentName]
    reading: list[Asset]
    failed: list[Asset]
    gaps: list[Gap]
    all_gaps: int


async def overview(desk: Desk, staff: Staff) -> Overview:
    """How it stands now."""
    async with desk.hub.database.tenant(staff.organisation_id) as connection:
        amounts = await store.amounts(connection, staff.organisation_id)
        agents = await store.agents(connection, staff.organisation_id)
    reading: list[Asset] = []
    for status in ("processing", "pending"):
        if amounts.documents.get(status) and len(reading) < SHOWN:
            found, _ = await assets.assets(desk, staff, AssetQuery(status), limit=SHOWN - len(reading))
            reading += found
    failed: list[Asset] = []
    if amounts.documents.get("failed"):
        failed, _ = await assets.assets(desk, staff, AssetQuery("failed"), limit=SHOWN)
    asked, all_gaps = await gaps.gaps(desk.hub, staff, offset=0, limit=SHOWN)
    return Overview(amounts, agents, reading, failed, asked, all_gaps)
