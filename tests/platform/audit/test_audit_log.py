"""Reading the log over HTTP, and as a file."""

import csv
import io
from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

import pytest

from kamhub.kit.ids import new_id
from kamhub.platform.audit import actions
from kamhub.platform.audit.types import Trail
from kamhub.platform.person.services import People
from kamhub.platform.person.types import Role
from tests.asgi import Web
from tests.builders import World

AUDIT = "/api/organisation/audit"
CSV = {"Accept": "text/csv"}


async def write(
    people: People,
    organisation: UUID,
    action: str,
    *,
    at: datetime | None = None,
    name: str = "Anna",
    actor: UUID | None = None,
) -> None:
    """A line of that action about an object of the same name."""
    trail = Trail("person", actor or new_id(), name, "203.0.113.7", "a browser", "request-1")
    async with people.database.tenant(organisation) as connection:
        moment = at or people.clock.now()
        await actions.record(connection, organisation, trail, action, "thing", action, moment, after={"n": 1})


async def test_lines_come_newest_first_in_pages(web: Web, people: People, world: World) -> None:
    for number in range(5):
        await write(people, world.main.id, f"thing.n_{'abcde'[number]}")
    await write(people, world.other.id, "thing.other")
    headers = web.staff(world.main)
    body = (await web.client.get(AUDIT, params={"page_size": 2}, headers=headers)).json()
    assert body["total"] == 5
    assert [item["action"] for item in body["items"]] == ["thing.n_e", "thing.n_d"]
    last = (await web.client.get(AUDIT, params={"page_size": 2, "page": 3}, headers=headers)).json()
    assert [item["action"] for item in last["items"]] == ["thing.n_a"]
    line = body["items"][0]
    assert line["actor"]["name"] == "Anna"
    assert line["object"] == {"kind": "thing", "id": "thing.n_e"}
    assert (line["before"], line["after"]) == (None, {"n": 1})
    assert (line["address"], line["user_agent"], line["request_id"]) == ("203.0.113.7", "a browser", "request-1")


async def test_filters_narrow(web: Web, people: People, world: World) -> None:
    anna = new_id()
    noon = datetime(2026, 11, 24, 0, 0, tzinfo=UTC)  # in Kamchatka
    await write(people, world.main.id, "thing.one", at=noon - timedelta(hours=13), actor=anna)  # the evening before
    await write(people, world.main.id, "thing.two", at=noon)
    await write(people, world.main.id, "thing.three", at=noon + timedelta(hours=12), actor=anna)  # the next midnight

    async def found(**parameters: str) -> list[str]:
        reply = await web.client.get(AUDIT, params=parameters, headers=web.staff(world.main))
        assert reply.status_code == 200, reply.text
        return [item["action"].removeprefix("thing.") for item in reply.json()["items"]]

    assert await found() == ["three", "two", "one"]
    assert await found(actor_id=str(anna)) == ["three", "one"]
    assert await found(action="thing.two") == ["two"]
    assert await found(object_id="thing.one") == ["one"]
    assert await found(**{"from": "2026-11-24", "to": "2026-11-24"}) == ["two"]
    assert await found(to="2026-11-23") == ["one"]
    assert await found(**{"from": "2026-11-25"}) == ["three"]
    assert await found(**{"from": noon.isoformat(), "to": (noon + timedelta(hours=12)).isoformat()}) == ["two"]
    assert await found(actor_id="", action="", object_id="", **{"from": "", "to": ""}) == ["three", "two", "one"]
    assert await found(action="thing.two", actor_id=str(anna)) == []
    assert await found(object_id="a\0b", action="' OR 1=1 --") == []


@pytest.mark.parametrize(
    "parameters",
    [
        {"actor_id": "nobody"},
        {"from": "yesterday"},
        {"from": "2026-11-24T10:00:00"},
        {"to": "9999-12-31"},
        {"to": "0001-01-01"},
        {"page": "0"},
        {"page_size": "201"},
        {"action": "x" * 101},
    ],
)
async def test_filters_that_are_none_are_refused(web: Web, world: World, parameters: dict[str, str]) -> None:
    reply = await web.client.get(AUDIT, params=parameters, headers=web.staff(world.main))
    assert reply.status_code == 422
    assert reply.json()["errors"]


@pytest.mark.parametrize("role", ["manager", "dispatcher", "driver", "viewer"])
async def test_others_than_owner_and_admin_may_not(web: Web, world: World, role: Role) -> None:
    assert (await web.client.get(AUDIT, headers=web.staff(world.main, role))).status_code == 403
    assert (await web.client.get(AUDIT, headers=web.staff(world.main, role) | CSV)).status_code == 403


async def test_the_file_holds_every_line_and_is_written_down(web: Web, people: People, world: World) -> None:
    await write(people, world.main.id, "thing.one", name="Анна")
    await write(people, world.other.id, "thing.other")
    reply = await web.client.get(AUDIT, headers=web.staff(world.main) | CSV)
    assert reply.status_code == 200
    assert reply.headers["content-type"] == "text/csv; charset=utf-8"
    assert reply.headers["content-disposition"] == 'attachment; filename="audit-2026-11-24.csv"'
    assert not reply.content.startswith(b"\xef\xbb\xbf")
    header, *rows = csv.reader(io.StringIO(reply.content.decode()))
    assert header[:6] == ["at", "actor_kind", "actor_id", "actor_name", "action", "object_kind"]
    table = [dict(zip(header, row, strict=True)) for row in rows]
    assert [row["action"] for row in table] == ["audit.exported", "thing.one"]
    assert (table[1]["actor_name"], table[1]["after"]) == ("Анна", '{"n": 1}')
    exported = (await web.client.get(AUDIT, params={"action": "audit.exported"}, headers=web.staff(world.main))).json()
    assert exported["total"] == 1
    assert exported["items"][0]["actor"]["id"] == str(world.main.people["owner"])


async def test_the_file_takes_filters(web: Web, people: People, world: World) -> None:
    await write(people, world.main.id, "thing.one")
    await write(people, world.main.id, "thing.two")
    reply = await web.client.get(AUDIT, params={"action": "thing.two"}, headers=web.staff(world.main) | CSV)
    assert [row[4] for row in csv.reader(io.StringIO(reply.text))] == ["action", "thing.two"]


async def test_the_file_goes_on_beyond_one_batch(
    web: Web, people: People, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(actions, "_AT_A_TIME", 2)
    monkeypatch.setattr(actions, "MOST_EXPORTED", 6)
    for _ in range(4):
        await write(people, world.main.id, "thing.one")
    headers = web.staff(world.main) | CSV
    assert len(list(csv.reader(io.StringIO((await web.client.get(AUDIT, headers=headers)).text)))) == 1 + 5
    for _ in range(4):
        await write(people, world.main.id, "thing.one")
    assert len(list(csv.reader(io.StringIO((await web.client.get(AUDIT, headers=headers)).text)))) == 1 + 6


@pytest.mark.parametrize("name", ["=1+1", "+7 914", "-1", "@SUM(A1)", "\t=1", '=cmd|"/C calc"!A0'])
async def test_nothing_in_the_file_is_a_formula(web: Web, people: People, world: World, name: str) -> None:
    await write(people, world.main.id, "thing.one", name=name)
    reply = await web.client.get(AUDIT, params={"action": "thing.one"}, headers=web.staff(world.main) | CSV)
    _, row = csv.reader(io.StringIO(reply.text))
    assert row[3] == f"'{name}"


async def test_what_another_organisation_did_is_not_found_by_its_ids(web: Web, people: People, world: World) -> None:
    actor = uuid4()
    await write(people, world.other.id, "thing.other", actor=actor)
    for parameters in ({"actor_id": str(actor)}, {"object_id": "thing.other"}):
        assert (await web.client.get(AUDIT, params=parameters, headers=web.staff(world.main))).json()["total"] == 0
