"""Whatever a list of the office is narrowed to, an index gives its rows in its order: no list reads or sorts a whole table.

Asked of the planner with every other way made dear; ``python -m bench lists`` times the same with a million bookings.
"""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable
from typing import Any
from uuid import UUID

from psycopg import AsyncCursor

from kamhub.hub.ledger import store as ledger
from kamhub.hub.ledger.types import EntryQuery
from kamhub.hub.money import store as money
from kamhub.hub.money.types import MoneyQuery
from kamhub.hub.notice.store import log
from kamhub.hub.notice.types import MessageQuery
from kamhub.hub.review import store as reviews
from kamhub.hub.review.types import ReviewQuery
from kamhub.platform.database.pool import Connection, Database
from tests.builders import World

_DEAR = ("seqscan", "sort", "bitmapscan", "hashjoin", "mergejoin", "incremental_sort")


class Explained:
    """A connection that keeps the plan of every statement it is given."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self.nodes: list[dict[str, Any]] = []

    async def execute(
        self, query: Any, parameters: Any = None, *, prepare: bool | None = None, binary: bool = False
    ) -> AsyncCursor[Any]:
        text = query if isinstance(query, bytes) else query.encode()
        if text.startswith(b"SET "):
            return await self._connection.execute(query)
        asked = await self._connection.execute(b"EXPLAIN (FORMAT JSON) " + text, parameters, prepare=False)
        row = await asked.fetchone()
        assert row is not None
        self._keep((row[0] if isinstance(row[0], list) else json.loads(row[0]))[0]["Plan"])
        return await self._connection.execute(query, parameters, prepare=prepare, binary=binary)

    def _keep(self, node: dict[str, Any]) -> None:
        self.nodes.append(node)
        for inner in node.get("Plans", ()):
            self._keep(inner)


Ask = Callable[[Any, UUID], Awaitable[object]]


def _money(of: Callable[..., Awaitable[object]], **asked: Any) -> Ask:
    return lambda connection, organisation: of(connection, organisation, MoneyQuery(**asked), offset=50, limit=50)


def _messages(**asked: Any) -> Ask:
    return lambda connection, organisation: log.messages(
        connection, organisation, MessageQuery(**asked), offset=50, limit=50
    )


def _ledger(**asked: Any) -> Ask:
    return lambda connection, organisation: ledger.entries(
        connection, organisation, EntryQuery(**asked), offset=50, limit=50
    )


LISTS: dict[str, tuple[Ask, str]] = {
    "payments": (_money(money.payments), "payments_by_time"),
    "payments declined": (_money(money.payments, status="declined"), "payments_unusual"),
    "refunds": (_money(money.refunds), "refunds_by_time"),
    "cases": (_money(money.cases), "cases_as_shown"),
    "cases open": (_money(money.cases, status="open"), "cases_as_shown"),
    "messages": (_messages(), "messages_pkey"),
    "messages by telegram": (_messages(channel="telegram"), "messages_by_messenger"),
    "messages of a kind": (_messages(kind="rejected"), "messages_by_kind"),
    "messages that failed": (_messages(status="failed"), "messages_unsent"),
    "reviews": (
        lambda connection, organisation: reviews.reviews(
            connection, organisation, ReviewQuery(rating=1), offset=50, limit=50
        ),
        "reviews_by_time",
    ),
    "ledger": (_ledger(), "ledger_entries_by_time"),
    "ledger of a kind": (_ledger(kind="payout"), "ledger_entries_by_kind"),
    "ledger of an account": (_ledger(account="bank"), "ledger_lines_by_account"),
}


async def test_every_list_is_walked_by_an_index_in_its_order(database: Database, world: World) -> None:
    otherwise = {}
    async with database.tenant(world.main.id) as connection:
        for way in _DEAR:
            await connection.execute(f"SET LOCAL enable_{way} = off".encode())
        for name, (ask, index) in LISTS.items():
            explained = Explained(connection)
            await ask(explained, world.main.id)
            walked = [node.get("Index Name", node["Node Type"]) for node in explained.nodes]
            if index not in walked or "Seq Scan" in walked:
                otherwise[name] = walked
    assert otherwise == {}
