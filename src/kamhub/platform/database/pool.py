"""Scoped connections to PostgreSQL.

A connection logs in once and takes one running role for its whole life, so each scope has a pool of its own. A block
is one transaction: committed when it ends well, rolled back when it raises.
"""

from __future__ import annotations

import asyncio
import select
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from typing import Literal
from uuid import UUID

import psycopg
from psycopg import AsyncConnection, sql
from psycopg.rows import TupleRow
from psycopg_pool import AsyncConnectionPool, PoolTimeout

from kamhub.platform.database.committed import gathering
from kamhub.platform.database.errors import DatabaseUnavailable

Scope = Literal["public", "engine", "tenant", "system"]
Connection = AsyncConnection[TupleRow]

# What psycopg raises when the server is gone, restarting, shutting down or full, as opposed to refusing a statement.
OUTAGES = (psycopg.OperationalError, psycopg.InterfaceError, PoolTimeout, OSError)


@dataclass(frozen=True, slots=True)
class PoolSizes:
    """Connections a process may open in each scope."""

    public: int = 4
    engine: int = 2
    tenant: int = 6
    system: int = 4


def is_outage(error: BaseException) -> bool:
    """Whether the error means that the server could not be reached, not that it refused the statement."""
    if isinstance(
        error, psycopg.errors.QueryCanceled | psycopg.errors.LockNotAvailable | psycopg.errors.DeadlockDetected
    ):
        return False
    return isinstance(error, OUTAGES)


async def _still_open(connection: Connection) -> None:
    """Raise when the server has hung up, as after its restart, so that the pool takes another connection.

    An idle server says nothing: only a connection with something to read is asked, the others cost no round trip.
    """
    waiting = select.poll()
    waiting.register(connection.fileno(), select.POLLIN)
    if waiting.poll(0):
        await AsyncConnectionPool.check_connection(connection)


class Database:
    """The scopes of one process. Open once at start-up, close at the end."""

    def __init__(
        self,
        url: str,
        *,
        application: str,
        sizes: PoolSizes | None = None,
        statement_timeout_seconds: int = 15,
        idle_in_transaction_seconds: int = 30,
    ) -> None:
        self.url = url
        # No request waits longer for one statement than its caller would; 0 is for ever.
        # One of ours that vanishes in a transaction does not keep its locks for longer than that.
        self._options = (
            f"-c statement_timeout={statement_timeout_seconds}s "
            f"-c idle_in_transaction_session_timeout={idle_in_transaction_seconds}s -c timezone=UTC"
        )
        self._application = application
        limits = sizes or PoolSizes()
        self._pools: dict[Scope, AsyncConnectionPool[Connection]] = {
            "public": self._pool("public", limits.public),
            "engine": self._pool("engine", limits.engine),
            "tenant": self._pool("tenant", limits.tenant),
            "system": self._pool("system", limits.system),
        }

    def _pool(self, scope: Scope, size: int) -> AsyncConnectionPool[Connection]:
        async def take_role(connection: Connection) -> None:
            role = sql.Identifier(f"kamhub_{scope}")
            await connection.execute(sql.SQL("SET ROLE {}").format(role))
            if not connection.autocommit:
                await connection.commit()

        return AsyncConnectionPool(
            self.url,
            connection_class=AsyncConnection[TupleRow],
            kwargs={
                # The catalogue is only read, a statement at a time: a transaction would cost two more round trips.
                "autocommit": scope == "public",
                "application_name": f"{self._application}-{scope}",
                "connect_timeout": 5,
                # A server that vanishes without a word is noticed in seconds, not in the two hours TCP takes by itself.
                "keepalives_idle": 10,
                "keepalives_interval": 5,
                "keepalives_count": 3,
                "tcp_user_timeout": 15_000,
                # A round of the engine that meets a stuck lock gives up early and is played again.
                "options": self._options + (" -c lock_timeout=2s" if scope == "engine" else ""),
            },
            min_size=1,
            max_size=size,
            open=False,
            timeout=5.0,
            configure=take_role,
            check=_still_open,
            reconnect_timeout=2.0,
            name=scope,
        )

    async def open(self) -> None:
        """Start the pools; the first connections are made in the background."""
        await asyncio.gather(*(pool.open() for pool in self._pools.values()))

    async def close(self) -> None:
        """Give back every connection."""
        await asyncio.gather(*(pool.close(timeout=5.0) for pool in self._pools.values()))

    async def __aenter__(self) -> Database:
        await self.open()
        return self

    async def __aexit__(self, *exc: object) -> None:
        await self.close()

    def statistics(self) -> dict[str, dict[str, int]]:
        """Counters of psycopg_pool by scope, for metrics."""
        return {scope: pool.get_stats() for scope, pool in self._pools.items()}

    @asynccontextmanager
    async def connection(self, scope: Scope) -> AsyncIterator[Connection]:
        """One transaction in that scope. Raises ``DatabaseUnavailable`` when the server cannot be reached."""
        acts: list[Callable[[], None]] = []
        try:
            async with self._pools[scope].connection() as connection:
                with gathering(connection, acts):
                    yield connection
        except OUTAGES as error:
            if is_outage(error):
                raise DatabaseUnavailable from error
            raise
        for act in acts:
            act()

    @asynccontextmanager
    async def tenant(self, organisation_id: UUID) -> AsyncIterator[Connection]:
        """One transaction that sees and writes the rows of one organisation only."""
        async with self.connection("tenant") as connection:
            await connection.execute("SELECT set_config('kamhub.organisation_id', %s, true)", (str(organisation_id),))
            yield connection

    def public(self) -> AbstractAsyncContextManager[Connection]:
        """Reads of the public catalogue, each statement for itself."""
        return self.connection("public")

    def engine(self) -> AbstractAsyncContextManager[Connection]:
        """One transaction of the seat engine."""
        return self.connection("engine")

    def system(self) -> AbstractAsyncContextManager[Connection]:
        """One transaction across organisations, for what begins before the organisation is known."""
        return self.connection("system")
