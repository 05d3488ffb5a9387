"""What is told once a transaction is committed is not told of one that is not."""

from __future__ import annotations

import psycopg
import pytest

from kamhub.platform.database.committed import once_committed
from kamhub.platform.database.pool import Database


async def test_it_is_told_after_the_commit_and_in_order(database: Database) -> None:
    told: list[str] = []
    async with database.system() as connection:
        once_committed(connection, lambda: told.append("first"))
        once_committed(connection, lambda: told.append("second"))
        assert told == []
    assert told == ["first", "second"]


async def test_it_is_not_told_of_what_was_rolled_back(database: Database) -> None:
    told: list[str] = []
    with pytest.raises(ZeroDivisionError):
        async with database.system() as connection:
            once_committed(connection, lambda: told.append("never"))
            raise ZeroDivisionError
    # The same connection of the pool, in its next transaction.
    async with database.system() as connection:
        once_committed(connection, lambda: told.append("next"))
    assert told == ["next"]


async def test_it_is_not_told_of_a_commit_that_fails(database: Database) -> None:
    told: list[str] = []
    with pytest.raises(psycopg.errors.RaiseException):
        async with database.system() as connection:
            await connection.execute(
                """CREATE FUNCTION pg_temp.refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE 'no'; END $$"""
            )
            await connection.execute("CREATE TEMPORARY TABLE late (id int)")
            await connection.execute(
                "CREATE CONSTRAINT TRIGGER late_refused AFTER INSERT ON late DEFERRABLE INITIALLY DEFERRED "
                "FOR EACH ROW EXECUTE FUNCTION pg_temp.refuse()"
            )
            await connection.execute("INSERT INTO late VALUES (1)")
            once_committed(connection, lambda: told.append("never"))
    assert told == []


async def test_two_transactions_at_once_have_each_its_own(database: Database) -> None:
    told: list[str] = []
    async with database.system() as outer:
        once_committed(outer, lambda: told.append("outer"))
        async with database.system() as inner:
            once_committed(inner, lambda: told.append("inner"))
        assert told == ["inner"]
    assert told == ["inner", "outer"]


async def test_a_connection_of_nobody_is_told_of_at_once(database_url: str) -> None:
    told: list[str] = []
    async with await psycopg.AsyncConnection.connect(database_url) as connection:
        once_committed(connection, lambda: told.append("now"))
        assert told == ["now"]
