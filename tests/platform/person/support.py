"""What tests of people share: accounts to make, where they come from, rows to look at."""

from __future__ import annotations

import asyncio
import time
from typing import Any
from uuid import UUID, uuid4

from kamhub.platform.database.pool import Database
from kamhub.platform.person.services import People
from kamhub.platform.person.types import NewAccount
from kamhub.platform.session.tokens import read_access_token
from kamhub.platform.session.types import Identity, SignedIn, Visit

PASSWORD = "лавовый-мост-47"
VISIT = Visit("203.0.113.7", "a browser of the tests")
DEADLINE = 10.0


def new_account(**changes: str) -> NewAccount:
    """An account that nobody else has."""
    wanted = {
        "email": f"{uuid4().hex}@people.example",
        "password": PASSWORD,
        "name": "Анна Ключевская",
        "locale": "ru",
    }
    return NewAccount(**(wanted | changes))  # type: ignore[arg-type]


def new_founder(**changes: str) -> NewAccount:
    """The same, with an organisation to found."""
    return new_account(organisation_name=f"Тур {uuid4().hex}", **changes)


def identity_of(people: People, signed_in: SignedIn) -> Identity:
    """Who the access token speaks for."""
    return read_access_token(people.keys, signed_in.tokens.access_token, people.clock.now())


async def one(database: Database, query: str, *values: object) -> tuple[Any, ...]:
    """The first row of a query, in the system scope."""
    async with database.system() as connection:
        row = await (await connection.execute(query.encode(), values)).fetchone()
    assert row is not None
    return tuple(row)


async def run(database: Database, statement: str, *values: object) -> None:
    """Carry out a statement in the system scope."""
    async with database.system() as connection:
        await connection.execute(statement.encode(), values)


async def usable_tokens(people: People, person_id: UUID) -> int:
    """How many refresh tokens of the person would be taken."""
    query = "SELECT count(*) FROM refresh_tokens WHERE person_id = %s AND used_at IS NULL AND revoked_at IS NULL"
    count: int = (await one(people.database, query, person_id))[0]
    return count


async def until_somebody_waits_for_a_lock(database: Database) -> None:
    """Wait until a transaction waits for another."""
    deadline = time.monotonic() + DEADLINE
    while (await one(database, "SELECT count(*) FROM pg_locks WHERE NOT granted"))[0] == 0:
        assert time.monotonic() < deadline, "nobody came to wait"
        await asyncio.sleep(0.01)
