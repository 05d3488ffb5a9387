"""From a chunk to the place where it stands."""

from __future__ import annotations

from uuid import UUID

from kamhub.desk.citation import store
from kamhub.desk.citation.types import Place
from kamhub.desk.knowledge.types import SourceKind
from kamhub.hub.services import Hub
from kamhub.platform.person.types import Staff


async def place_in(hub: Hub, staff: Staff, source: SourceKind, source_id: UUID, chunk_id: UUID | None) -> Place | None:
    """Where a chunk of that document or article stands; None when it has no such chunk (any more)."""
    if chunk_id is None:
        return None
    async with hub.database.tenant(staff.organisation_id) as connection:
        place = await store.place_of(connection, staff.organisation_id, chunk_id)
    return place if place is not None and (place.source, place.source_id) == (source, source_id) else None
