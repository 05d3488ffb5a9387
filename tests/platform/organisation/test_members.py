"""Members: who may change whom, and what that does at once."""

import asyncio
from uuid import UUID, uuid4

import pytest

from kamhub.kit.ids import new_id
from kamhub.platform.database.pool import Connection
from kamhub.platform.organisation import actions, rules, store
from kamhub.platform.organisation.types import LastOwner, MemberNotFound, OwnerOnly
from kamhub.platform.person.services import People
from kamhub.platform.person.types import ROLES, Role
from kamhub.platform.web.problems import PermissionMissing
from tests.asgi import Web
from tests.builders import World
from tests.platform.organisation.support import lines, role_of, staff_of

MEMBERS = "/api/organisation/members"


async def test_the_list_shows_everybody_of_the_own_organisation(web: Web, world: World) -> None:
    reply = await web.client.get(MEMBERS, headers=web.staff(world.main, "admin"))
    assert reply.status_code == 200
    assert reply.headers["cache-control"] == "no-store"
    body = reply.json()
    assert (body["page"], body["total"]) == (1, len(ROLES))
    assert {item["id"] for item in body["items"]} == {str(person) for person in world.main.people.values()}
    owner = next(item for item in body["items"] if item["role"] == "owner")
    assert owner["email"] == "owner@main.example"
    assert (owner["email_confirmed"], owner["second_factor"]) == (True, False)
    assert set(owner) == {"id", "name", "email", "role", "joined_at", "email_confirmed", "second_factor"}


async def test_the_list_comes_in_pages(web: Web, world: World) -> None:
    headers = web.staff(world.main)
    first = (await web.client.get(MEMBERS, params={"page_size": 4}, headers=headers)).json()
    second = (await web.client.get(MEMBERS, params={"page_size": 4, "page": 2}, headers=headers)).json()
    assert (len(first["items"]), len(second["items"]), second["total"]) == (4, 2, 6)
    assert not {item["id"] for item in first["items"]} & {item["id"] for item in second["items"]}
    assert (await web.client.get(MEMBERS, params={"page_size": 1000}, headers=headers)).status_code == 422


@pytest.mark.parametrize("role", ["manager", "dispatcher", "driver", "viewer"])
async def test_others_than_owner_and_admin_may_not(web: Web, world: World, role: Role) -> None:
    headers = web.staff(world.main, role)
    address = f"{MEMBERS}/{world.main.people['viewer']}"
    assert (await web.client.get(MEMBERS, headers=headers)).status_code == 403
    assert (await web.client.patch(address, json={"role": "owner"}, headers=headers)).status_code == 403
    assert (await web.client.delete(address, headers=headers)).status_code == 403
    assert role_of(world, world.main, "viewer") == "viewer"


async def test_a_new_role_counts_at_once_and_is_written_down(web: Web, world: World) -> None:
    viewer = web.staff(world.main, "viewer")
    assert (await web.client.get(MEMBERS, headers=viewer)).status_code == 403
    address = f"{MEMBERS}/{world.main.people['viewer']}"
    changed = await web.client.patch(address, json={"role": "admin"}, headers=web.staff(world.main))
    assert changed.status_code == 200
    assert changed.json()["role"] == "admin"
    assert (await web.client.get(MEMBERS, headers=viewer)).status_code == 200
    assert lines(world, world.main) == [
        ("member.role_changed", str(world.main.people["viewer"]), {"role": "viewer"}, {"role": "admin"})
    ]


async def test_the_same_role_again_changes_and_writes_nothing(web: Web, world: World) -> None:
    address = f"{MEMBERS}/{world.main.people['viewer']}"
    reply = await web.client.patch(address, json={"role": "viewer"}, headers=web.staff(world.main))
    assert reply.status_code == 200
    assert lines(world, world.main) == []


async def test_who_is_removed_is_out_at_once(web: Web, world: World) -> None:
    driver = web.staff(world.main, "driver")
    assert (await web.client.get("/api/me", headers=driver)).status_code == 200
    address = f"{MEMBERS}/{world.main.people['driver']}"
    assert (await web.client.delete(address, headers=web.staff(world.main))).status_code == 204
    assert (await web.client.get("/api/me", headers=driver)).status_code == 401
    assert role_of(world, world.main, "driver") is None
    ended = world.rows("SELECT ended_at IS NOT NULL FROM sessions WHERE id = %s", world.main.sessions["driver"])
    assert ended == [(True,)]
    assert lines(world, world.main) == [
        ("member.removed", str(world.main.people["driver"]), {"name": "Driver", "role": "driver"}, None)
    ]
    assert (await web.client.delete(address, headers=web.staff(world.main))).status_code == 404


async def test_sessions_in_other_organisations_go_on(web: Web, world: World) -> None:
    person = world.main.people["driver"]
    world.execute(
        "INSERT INTO memberships (organisation_id, person_id, role) VALUES (%s, %s, 'viewer')", world.other.id, person
    )
    session = new_id()
    world.execute(
        "INSERT INTO sessions (id, person_id, organisation_id, kind, created_at, last_seen_at, expires_at) "
        "SELECT %s, person_id, %s, kind, created_at, last_seen_at, expires_at FROM sessions WHERE id = %s",
        session,
        world.other.id,
        world.main.sessions["driver"],
    )
    await web.client.delete(f"{MEMBERS}/{person}", headers=web.staff(world.main))
    assert world.rows("SELECT ended_at FROM sessions WHERE id = %s", session) == [(None,)]


@pytest.mark.parametrize("method", ["patch", "delete"])
async def test_people_of_another_organisation_are_not_there(web: Web, world: World, method: str) -> None:
    body = {"role": "viewer"} if method == "patch" else None
    for stranger in (world.other.people["driver"], uuid4()):
        reply = await web.client.request(method, f"{MEMBERS}/{stranger}", headers=web.staff(world.main), json=body)
        assert (reply.status_code, reply.json()["code"]) == (404, "member_not_found")
    assert role_of(world, world.other, "driver") == "driver"


async def test_only_an_owner_touches_owners(web: Web, world: World) -> None:
    admin = web.staff(world.main, "admin")
    owner, viewer = (f"{MEMBERS}/{world.main.people[role]}" for role in ("owner", "viewer"))
    for reply in (
        await web.client.patch(owner, json={"role": "viewer"}, headers=admin),
        await web.client.delete(owner, headers=admin),
        await web.client.patch(viewer, json={"role": "owner"}, headers=admin),
    ):
        assert (reply.status_code, reply.json()["code"]) == (403, "owner_only")
    assert (role_of(world, world.main, "owner"), role_of(world, world.main, "viewer")) == ("owner", "viewer")
    made = await web.client.patch(viewer, json={"role": "owner"}, headers=web.staff(world.main))
    assert made.status_code == 200


async def test_the_last_owner_stays(web: Web, world: World) -> None:
    owner = web.staff(world.main)
    address = f"{MEMBERS}/{world.main.people['owner']}"
    for reply in (
        await web.client.patch(address, json={"role": "admin"}, headers=owner),
        await web.client.delete(address, headers=owner),
        await web.client.delete("/api/organisation/membership", headers=owner),
    ):
        assert (reply.status_code, reply.json()["code"]) == (409, "last_owner")
    assert role_of(world, world.main, "owner") == "owner"


async def test_anybody_else_may_leave(web: Web, world: World) -> None:
    driver = web.staff(world.main, "driver")
    assert (await web.client.delete("/api/organisation/membership", headers=driver)).status_code == 204
    assert role_of(world, world.main, "driver") is None
    assert (await web.client.get("/api/me", headers=driver)).status_code == 401
    assert lines(world, world.main)[0][0] == "member.left"


@pytest.mark.parametrize("body", [{}, {"role": "boss"}, {"role": None}, {"role": "viewer", "organisation_id": "x"}])
async def test_a_role_that_is_none_is_refused(web: Web, world: World, body: dict[str, object]) -> None:
    address = f"{MEMBERS}/{world.main.people['viewer']}"
    assert (await web.client.patch(address, json=body, headers=web.staff(world.main))).status_code == 422


async def _two_owners_step_down(people: People, world: World) -> list[object]:
    world.execute("UPDATE memberships SET role = 'owner' WHERE person_id = %s", world.main.people["admin"])
    one, two = staff_of(world.main, "owner"), staff_of(world.main, "admin")
    assert one.person_id
    assert two.person_id
    return list(
        await asyncio.gather(
            actions.change_role(people, one, one.person_id, "viewer"),
            actions.change_role(people, two, two.person_id, "viewer"),
            return_exceptions=True,
        )
    )


def _owners(world: World) -> object:
    rows = world.rows("SELECT count(*) FROM memberships WHERE organisation_id = %s AND role = 'owner'", world.main.id)
    return rows[0][0]


async def test_of_two_owners_who_step_down_together_one_stays(people: People, world: World) -> None:
    results = await _two_owners_step_down(people, world)
    assert sum(isinstance(result, LastOwner) for result in results) == 1
    assert _owners(world) == 1


async def test_without_the_lock_both_would_go(people: People, world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """The control: the race that the lock is there for."""
    both_have_looked = asyncio.Barrier(2)

    async def look_only(connection: Connection, organisation_id: object) -> dict[UUID, Role]:
        rows = await connection.execute(
            "SELECT person_id, role FROM memberships WHERE organisation_id = %s", (organisation_id,)
        )
        found: dict[UUID, Role] = {row[0]: row[1] for row in await rows.fetchall()}
        async with asyncio.timeout(10):
            await both_have_looked.wait()
        return found

    monkeypatch.setattr(store, "lock_roles", look_only)
    results = await _two_owners_step_down(people, world)
    assert not any(isinstance(result, BaseException) for result in results)
    assert _owners(world) == 0


async def test_a_right_that_was_taken_a_moment_ago_is_gone(people: People, world: World) -> None:
    """The guard let them in as an administrator; under the lock they are one no more."""
    admin = staff_of(world.main, "admin")
    world.execute("UPDATE memberships SET role = 'viewer' WHERE person_id = %s", world.main.people["admin"])
    with pytest.raises(PermissionMissing):
        await actions.remove(people, admin, world.main.people["driver"])
    with pytest.raises(PermissionMissing):
        await actions.change_role(people, admin, world.main.people["driver"], "manager")


def test_rules_of_who_may_change_whom() -> None:
    owner, admin, viewer = new_id(), new_id(), new_id()
    roles: dict[UUID, Role] = {owner: "owner", admin: "admin", viewer: "viewer"}
    may = rules.require_may_change
    assert may(roles, "admin", viewer, "manager") == "viewer"
    assert may(roles, "owner", admin, None) == "admin"
    assert may(roles, "owner", owner, "owner") == "owner"
    assert may({**roles, viewer: "owner"}, "owner", owner, "viewer") == "owner"
    with pytest.raises(MemberNotFound):
        may(roles, "owner", new_id(), "viewer")
    with pytest.raises(OwnerOnly):
        may(roles, "admin", owner, None)
    with pytest.raises(LastOwner):
        may(roles, "owner", owner, None)
