"""Writing what is known: the chunks of a source, replaced as a whole. Everything in the caller's transaction."""

from __future__ import annotations

from collections import defaultdict, deque
from collections.abc import Sequence
from uuid import UUID

from kamhub.desk.knowledge import store
from kamhub.desk.knowledge.types import KeptChunk, Moved, NewChunk, Piece, Replaced, Source
from kamhub.kit.ids import new_id
from kamhub.platform.database.pool import Connection


async def replace(connection: Connection, organisation_id: UUID, source: Source, pieces: Sequence[Piece]) -> Replaced:
    """Make these pieces, in their order, all that is known of a source.

    A piece that was there already, by its digest, keeps its id and its vectors, wherever it stands now. Two of these at once
    for one source would be in each other's way: the caller holds a lock on the asset or article.
    """
    before = await store.chunks_of(connection, organisation_id, source)
    moved, added, removed = _compared(before, pieces)
    if removed:
        await store.delete(connection, organisation_id, removed)
    if moved:
        await store.move(connection, organisation_id, source, moved)
    if added:
        await store.insert(connection, organisation_id, source, added)
    return Replaced(len(moved), len(added), len(removed))


def _compared(before: Sequence[KeptChunk], pieces: Sequence[Piece]) -> tuple[list[Moved], list[NewChunk], list[UUID]]:
    """What stays, comes and goes. Of the same words several times the first stays the first."""
    kept: defaultdict[bytes, deque[KeptChunk]] = defaultdict(deque)
    for chunk in before:
        kept[chunk.digest].append(chunk)
    moved: list[Moved] = []
    added: list[NewChunk] = []
    for ordinal, piece in enumerate(pieces):
        if same := kept.get(piece.digest):
            moved.append(Moved(same.popleft().id, ordinal, piece.position))
        else:
            added.append(NewChunk(new_id(), ordinal, piece))
    return moved, added, [chunk.id for left in kept.values() for chunk in left]


async def describe(connection: Connection, organisation_id: UUID, source: Source) -> None:
    """A source is called, or filed, otherwise."""
    await store.describe(connection, organisation_id, source)


async def remove(connection: Connection, organisation_id: UUID, source: Source) -> int:
    """Forget a source with all vectors; returns how many chunks it had."""
    return await store.delete_all(connection, organisation_id, source)
