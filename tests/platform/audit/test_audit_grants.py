"""A line stays as it was written, whatever the program would like."""

from datetime import datetime, timedelta

import psycopg
import pytest

from kamhub.kit.ids import new_id
from kamhub.platform.audit import actions
from kamhub.platform.audit.types import Trail
from kamhub.platform.database.pool import Scope
from kamhub.platform.person.services import People
from tests.builders import World

CHANGES = (
    "UPDATE audit_events SET actor_name = 'nobody'",
    "DELETE FROM audit_events",
    "TRUNCATE audit_events",
)


async def write(people: People, world: World, at: datetime) -> None:
    trail = Trail("person", new_id(), "Anna")
    async with people.database.tenant(world.main.id) as connection:
        await actions.record(connection, world.main.id, trail, "thing.done", "thing", None, at)


@pytest.mark.parametrize("scope", ["tenant", "system", "engine", "public"])
@pytest.mark.parametrize("change", CHANGES)
async def test_no_running_role_changes_a_line(people: People, world: World, scope: Scope, change: str) -> None:
    await write(people, world, people.clock.now())
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        async with people.database.connection(scope) as connection:
            await connection.execute("SELECT set_config('kamhub.organisation_id', %s, true)", (str(world.main.id),))
            await connection.execute(change.encode())
    assert world.rows("SELECT actor_name FROM audit_events") == [("Anna",)]


async def test_a_line_of_another_organisation_cannot_be_written(people: People, world: World) -> None:
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        async with people.database.tenant(world.main.id) as connection:
            trail = Trail("person", new_id(), "Anna")
            await actions.record(connection, world.other.id, trail, "thing.done", "thing", None, people.clock.now())


async def test_only_old_lines_are_pruned_and_a_few_at_a_time(people: People, world: World) -> None:
    now = datetime.now(tz=people.clock.now().tzinfo)  # the function goes by the server's own clock
    for age in (0, 360, 400, 500, 600):
        await write(people, world, now - timedelta(days=age))
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        async with people.database.system() as connection:
            await connection.execute("SELECT prune_audit_events(%s, 100)", (now - timedelta(days=300),))
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        async with people.database.tenant(world.main.id) as connection:
            await connection.execute("SELECT prune_audit_events(%s, 100)", (now - timedelta(days=450),))
    async with people.database.system() as connection:
        rows = await connection.execute("SELECT prune_audit_events(%s, 1)", (now - timedelta(days=450),))
        assert await rows.fetchone() == (1,)
    ages = world.rows("SELECT extract(day FROM %s - at)::integer FROM audit_events ORDER BY at DESC", now)
    assert ages == [(0,), (360,), (400,), (500,)]


async def test_a_line_goes_with_the_transaction_it_tells_of(people: People, world: World) -> None:
    with pytest.raises(ZeroDivisionError):
        async with people.database.tenant(world.main.id) as connection:
            trail = Trail("person", new_id(), "Anna")
            await actions.record(connection, world.main.id, trail, "thing.done", "thing", None, people.clock.now())
            raise ZeroDivisionError
    assert world.rows("SELECT FROM audit_events") == []
