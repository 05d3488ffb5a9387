"""Reading a long list to its end without keeping a transaction open while somebody slow takes it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from datetime import UTC, datetime
from typing import Final, Protocol, TypeVar
from uuid import UUID

from kamhub.platform.database.pool import Connection, Database

AT_A_TIME: Final = 1000
Position = tuple[datetime, UUID]
# Before everything in a list of the latest first.
START: Position = (datetime.max.replace(tzinfo=UTC), UUID(int=2**128 - 1))


class Placed(Protocol):
    """Something that has a place in a list of the latest first."""

    @property
    def position(self) -> Position:
        """Its moment, and its id for those of one moment."""
        ...


Item = TypeVar("Item", bound=Placed)
Query = TypeVar("Query")


async def in_batches(
    database: Database,
    organisation_id: UUID,
    read: Callable[[Connection, UUID, Query, Position, int], Awaitable[Sequence[Item]]],
    query: Query,
    size: int = AT_A_TIME,
) -> AsyncIterator[Sequence[Item]]:
    """All of a list, a transaction a batch. ``read`` gives what of the query comes after a place, at most so many.

    What is added meanwhile is later than where the reading began, so nothing is read twice and nothing left out.
    """
    after = START
    while True:
        async with database.tenant(organisation_id) as connection:
            found = await read(connection, organisation_id, query, after, size)
        if found:
            yield found
        if len(found) < size:
            return
        after = found[-1].position
