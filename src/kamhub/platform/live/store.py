"""SQL of notifications."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from kamhub.platform.database.pool import Connection
from kamhub.platform.live.rules import payload
from kamhub.platform.live.types import Change


async def listen(connection: Connection) -> None:
    """Hear of changes from now on; the connection commits by itself."""
    await connection.execute("LISTEN kamhub_live")


async def tell(connection: Connection, organisation_id: UUID, change: Change) -> None:
    """Tell of a change when the caller's transaction commits. For what is rare: at commit, those who tell line up."""
    await connection.execute("SELECT pg_notify('kamhub_live', %s)", (payload(organisation_id, change),))


async def tell_all(connection: Connection, payloads: Sequence[str]) -> None:
    """Tell of several at once."""
    await connection.execute(
        "SELECT pg_notify('kamhub_live', payload) FROM unnest(%s::text[]) AS payload", (list(payloads),)
    )
