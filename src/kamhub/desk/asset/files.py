"""Files that assets need, and nobody else's.

A file is put in its place before the row that needs it is written, and removed after the last such row is gone. Between the two
stands a lock on its name, which both hold: so nobody removes what somebody else has just begun to need.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import TypeVar
from uuid import UUID

from kamhub.desk.asset import store
from kamhub.desk.asset.types import FORGET_FILE
from kamhub.desk.services import Desk
from kamhub.platform.database.errors import DatabaseUnavailable
from kamhub.platform.database.pool import Connection
from kamhub.platform.file.types import FilesUnavailable, Staged
from kamhub.platform.job.queue import enqueue

Result = TypeVar("Result")


async def keep(
    desk: Desk, organisation_id: UUID, staged: Staged, write: Callable[[Connection], Awaitable[Result]]
) -> Result:
    """Keep a file and write down, in one transaction, who needs it. Raises ``FilesUnavailable``."""
    await desk.files.keep(organisation_id, staged)
    try:
        async with desk.hub.database.tenant(organisation_id) as connection:
            await store.lock_file(connection, organisation_id, staged.digest)
            result = await write(connection)
    except Exception:
        with suppress(FilesUnavailable, DatabaseUnavailable):
            await forget(desk, organisation_id, staged.digest)
        raise
    # It was removed between the two, for somebody who did not need it any more; from now on it is needed.
    if not await desk.files.has(organisation_id, staged.digest):
        await desk.files.keep(organisation_id, staged)
    return result


async def forget_later(connection: Connection, organisation_id: UUID, *digests: bytes | None) -> None:
    """Have these files removed once this transaction is committed, unless something needs them."""
    for digest in digests:
        if digest is not None:
            await enqueue(connection, FORGET_FILE, organisation_id=organisation_id, digest=digest.hex())


async def forget(desk: Desk, organisation_id: UUID, digest: bytes) -> None:
    """Remove a file that nothing needs. Raises ``FilesUnavailable``."""
    # A connection without a transaction: the lock is held while the place of the files is asked.
    async with (
        desk.hub.database.public() as connection,
        store.removing_file(connection, organisation_id, digest),
    ):
        async with desk.hub.database.tenant(organisation_id) as tenant:
            needed = await store.is_needed(tenant, organisation_id, digest)
        if not needed:
            await desk.files.remove(organisation_id, digest)
