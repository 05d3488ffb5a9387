"""Scopes: one role each, one transaction a block, and an outage told as what it is."""

from __future__ import annotations

from uuid import uuid4

import psycopg
import pytest
from psycopg_pool import PoolTimeout

from kamhub.platform.database.errors import DatabaseUnavailable
from kamhub.platform.database.pool import Connection, Database, PoolSizes, is_outage


async def one(connection: Connection, query: str) -> object:
    row = await (await connection.execute(query.encode())).fetchone()
    assert row is not None
    return row[0]


async def test_each_scope_has_its_role(database: Database) -> None:
    organisation = uuid4()
    doors = {
        "public": database.public(),
        "engine": database.engine(),
        "system": database.system(),
        "tenant": database.tenant(organisation),
    }
    for scope, door in doors.items():
        async with door as connection:
            assert await one(connection, "SELECT current_user::text") == f"kamhub_{scope}"
            assert await one(connection, "SHOW timezone") == "UTC"
            if scope == "tenant":
                assert await one(connection, "SELECT current_setting('kamhub.organisation_id')") == str(organisation)
    async with database.connection("tenant") as connection:
        assert not await one(connection, "SELECT current_setting('kamhub.organisation_id', true)")
    assert set(database.statistics()) == {"public", "engine", "tenant", "system"}


async def test_a_block_that_raises_leaves_nothing(database: Database) -> None:
    with pytest.raises(ZeroDivisionError):
        async with database.system() as connection:
            await connection.execute("UPDATE organisations SET slug = slug")
            await connection.execute("CREATE TEMPORARY TABLE half (id int)")
            raise ZeroDivisionError
    async with database.system() as connection:
        assert await one(connection, "SELECT to_regclass('pg_temp.half') IS NULL") is True


async def test_a_refused_statement_is_no_outage(database_url: str) -> None:
    async with Database(
        database_url, application="test", sizes=PoolSizes(1, 1, 1, 1), statement_timeout_seconds=1
    ) as database:
        with pytest.raises(psycopg.errors.QueryCanceled):
            async with database.system() as connection:
                await connection.execute("SELECT pg_sleep(30)")
        with pytest.raises(psycopg.errors.UndefinedTable):
            async with database.system() as connection:
                await connection.execute("SELECT * FROM nowhere")


async def test_a_connection_that_is_cut_is_an_outage_and_the_next_is_good(
    database: Database, database_owner_url: str
) -> None:
    with pytest.raises(DatabaseUnavailable) as caught:
        async with database.system() as connection:
            with psycopg.connect(database_owner_url, autocommit=True) as killer:
                killer.execute("SELECT pg_terminate_backend(%s)", (connection.info.backend_pid,))
            await connection.execute("SELECT 1")
    assert caught.value.headers == {"Retry-After": "2"}
    async with database.system() as connection:
        assert await one(connection, "SELECT 1") == 1


@pytest.mark.parametrize(
    ("error", "outage"),
    [
        (psycopg.OperationalError("gone"), True),
        (psycopg.InterfaceError("closed"), True),
        (PoolTimeout("full"), True),
        (ConnectionRefusedError(), True),
        (psycopg.errors.LockNotAvailable(), False),
        (psycopg.errors.DeadlockDetected(), False),
        (psycopg.errors.UniqueViolation(), False),
        (ValueError(), False),
    ],
)
def test_what_is_an_outage(error: Exception, outage: bool) -> None:
    assert is_outage(error) is outage
