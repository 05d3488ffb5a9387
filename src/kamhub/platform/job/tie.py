"""What tells at once that a worker has ended: a lock of the database, held on a connection of its own.

The connection ends with the process, and the lock with the connection; who finds the lock free need not wait for the
worker to fall silent. A frozen worker holds it, and so does, as far as the server knows, a machine that vanished: those
are found by their heartbeat. A worker that lives and has only lost the connection takes the lock again at once.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Mapping

import psycopg
import structlog
from psycopg import AsyncConnection
from psycopg.rows import TupleRow

from kamhub.platform.database.pool import Connection
from kamhub.platform.job.store import fleet

_log = structlog.get_logger("kamhub.job")

_AGAIN_AFTER = 0.25  # seconds between attempts; less than what others wait before they believe that we have ended


class Tie:
    """The lock of the worker ``worker_id``; ``fastened`` is set when it was taken for the first time."""

    def __init__(self, url: str, settings: Mapping[str, object]) -> None:
        self._url = url
        self._settings = settings
        self.worker_id = 0
        self.fastened = asyncio.Event()
        self._connection: Connection | None = None

    async def fasten(self, worker_id: int) -> None:
        """Take the lock. Raises ``psycopg.Error`` when the database is away."""
        self.worker_id = worker_id
        await self.loosen()
        self._connection = await AsyncConnection[TupleRow].connect(self._url, autocommit=True, **self._settings)  # type: ignore[arg-type]
        await fleet.tie(self._connection, worker_id)
        self.fastened.set()

    async def keep(self) -> None:
        """Take it again whenever the connection was lost; for ever."""
        await self.fastened.wait()
        while True:
            with contextlib.suppress(psycopg.Error, OSError):
                await self._until_lost()
            _log.warning("the connection that tells that this worker lives was lost")
            await self._fasten_again()

    async def loosen(self) -> None:
        """Give the lock back."""
        connection, self._connection = self._connection, None
        if connection is not None:
            with contextlib.suppress(psycopg.Error, OSError):
                await connection.close()

    async def _fasten_again(self) -> None:
        while True:
            try:
                await self.fasten(self.worker_id)
            except (psycopg.Error, OSError):
                await asyncio.sleep(_AGAIN_AFTER)
            else:
                return

    async def _until_lost(self) -> None:
        """Nobody notifies this connection: waiting ends, with an error, when it is lost."""
        if self._connection is not None:
            async for _ in self._connection.notifies():
                pass
