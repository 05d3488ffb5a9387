"""Keys over HTTP: made once, listed without the key, revoked at once."""

import asyncio
from dataclasses import replace
from datetime import timedelta
from uuid import uuid4

import pytest

from kamhub.kit.clock import ManualClock
from kamhub.kit.ids import new_id
from kamhub.platform.access.permissions import INTERFACE_SCOPES, KEY_SCOPES
from kamhub.platform.api_key import actions, rules, store
from kamhub.platform.api_key.types import KeyWanted, ScopeNotYours, TooManyKeys
from kamhub.platform.api_key.words import scope_names
from kamhub.platform.database.pool import Connection
from kamhub.platform.person.services import People
from kamhub.platform.person.types import Role
from kamhub.platform.web.problems import PermissionMissing
from tests.asgi import Web
from tests.builders import World
from tests.platform.organisation.support import lines, staff_of

KEYS = "/api/organisation/api-keys"
BODY = {"name": "Partner site", "scopes": ["octo", "bookings.read"]}


def sent(key: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {key}"}


async def test_a_key_is_told_once_and_kept_as_its_print(web: Web, world: World) -> None:
    made = await web.client.post(KEYS, json=BODY, headers=web.staff(world.main))
    assert made.status_code == 201
    assert made.headers["cache-control"] == "no-store"
    body = made.json()
    key = body.pop("key")
    assert key.startswith("kamhub_")
    assert body["hint"] == key[-4:]
    assert (body["scopes"], body["status"]) == (["bookings.read", "octo"], "live")
    listed = await web.client.get(KEYS, headers=web.staff(world.main, "admin"))
    assert listed.json()["items"] == [body]
    assert key not in listed.text
    ((kept,),) = world.rows("SELECT key_hash FROM api_keys")
    assert kept == rules.digest(key)
    assert key not in str(world.rows("SELECT before, after FROM audit_events"))
    assert lines(world, world.main) == [
        (
            "api_key.created",
            body["id"],
            None,
            {"name": "Partner site", "scopes": ["bookings.read", "octo"], "expires_at": "2027-11-24T00:00:00+00:00"},
        )
    ]


async def test_a_key_tells_what_it_is(web: Web, world: World) -> None:
    key = (await web.client.post(KEYS, json=BODY, headers=web.staff(world.main))).json()["key"]
    reply = await web.client.get("/api/key", headers=sent(key))
    assert reply.status_code == 200, reply.text
    own = reply.json()
    assert (own["name"], own["scopes"]) == ("Partner site", ["bookings.read", "octo"])
    assert (own["organisation"]["id"], own["organisation"]["name"]) == (
        str(world.main.id),
        {"ru": "main", "en": "main"},
    )
    assert own["expires_at"].startswith("2027-11-24")
    assert (await web.client.get("/api/key", headers=web.staff(world.main))).status_code == 401
    assert (await web.client.get("/api/key")).status_code == 401


async def test_a_key_may_do_nothing_about_people_and_keys(web: Web, world: World) -> None:
    body = {"name": "Everything", "scopes": sorted(KEY_SCOPES)}
    key = sent((await web.client.post(KEYS, json=body, headers=web.staff(world.main))).json()["key"])
    for address in (KEYS, "/api/organisation/members", "/api/organisation/invitations", "/api/organisation/audit"):
        assert (await web.client.get(address, headers=key)).status_code == 403
    assert (await web.client.post(KEYS, json=BODY, headers=key)).status_code == 403
    assert (await web.client.delete("/api/organisation/membership", headers=key)).status_code == 403
    assert (await web.client.get("/api/me", headers=key)).status_code == 403


async def test_a_revoked_key_is_refused_at_once(web: Web, world: World) -> None:
    made = (await web.client.post(KEYS, json=BODY, headers=web.staff(world.main))).json()
    address = f"{KEYS}/{made['id']}"
    for _ in range(2):
        assert (await web.client.delete(address, headers=web.staff(world.main, "admin"))).status_code == 204
    assert (await web.client.get("/api/key", headers=sent(made["key"]))).status_code == 401
    listed = (await web.client.get(KEYS, headers=web.staff(world.main))).json()["items"]
    assert listed[0]["status"] == "revoked"
    assert [line[0] for line in lines(world, world.main)] == ["api_key.created", "api_key.revoked"]


async def test_a_key_ends_with_its_time(web: Web, world: World, clock: ManualClock) -> None:
    made = (await web.client.post(KEYS, json={**BODY, "expires_in_days": 1}, headers=web.staff(world.main))).json()
    endless = (
        await web.client.post(KEYS, json={**BODY, "expires_in_days": None}, headers=web.staff(world.main))
    ).json()
    assert endless["expires_at"] is None
    clock.advance(timedelta(days=1))
    assert (await web.client.get("/api/key", headers=sent(made["key"]))).status_code == 401
    assert (await web.client.get("/api/key", headers=sent(endless["key"]))).status_code == 200
    listed = (await web.client.get(KEYS, headers=web.staff(world.main))).json()["items"]
    assert [item["status"] for item in listed] == ["live", "expired"]


async def test_the_last_use_is_shown(web: Web, world: World) -> None:
    made = (await web.client.post(KEYS, json=BODY, headers=web.staff(world.main))).json()
    assert made["last_used_at"] is None
    await web.client.get("/api/key", headers=sent(made["key"]))
    listed = (await web.client.get(KEYS, headers=web.staff(world.main))).json()["items"]
    assert listed[0]["last_used_at"] is not None


async def test_a_key_ends_with_its_maker(web: Web, world: World) -> None:
    made = (await web.client.post(KEYS, json=BODY, headers=web.staff(world.main, "admin"))).json()
    assert made["created_by"] == {"id": str(world.main.people["admin"]), "name": "Admin"}
    gone = await web.client.delete(
        f"/api/organisation/members/{world.main.people['admin']}", headers=web.staff(world.main)
    )
    assert gone.status_code == 204
    listed = (await web.client.get(KEYS, headers=web.staff(world.main))).json()["items"]
    assert listed[0]["created_by"] == {"id": str(world.main.people["admin"]), "name": None}
    assert (await web.client.get("/api/key", headers=sent(made["key"]))).status_code == 401


@pytest.mark.parametrize(("role", "works"), [("admin", True), ("owner", True), ("manager", False), ("viewer", False)])
async def test_a_key_goes_no_further_than_its_maker(web: Web, world: World, role: Role, works: bool) -> None:
    member = f"/api/organisation/members/{world.main.people['admin']}"
    made = (await web.client.post(KEYS, json=BODY, headers=web.staff(world.main, "admin"))).json()
    assert (await web.client.patch(member, json={"role": role}, headers=web.staff(world.main))).status_code == 200
    assert ((await web.client.get("/api/key", headers=sent(made["key"]))).status_code == 200) == works


@pytest.mark.parametrize("role", ["manager", "dispatcher", "driver", "viewer"])
async def test_others_than_owner_and_admin_may_not(web: Web, world: World, role: Role) -> None:
    headers = web.staff(world.main, role)
    assert (await web.client.get(KEYS, headers=headers)).status_code == 403
    assert (await web.client.post(KEYS, json=BODY, headers=headers)).status_code == 403
    assert (await web.client.delete(f"{KEYS}/{uuid4()}", headers=headers)).status_code == 403


async def test_keys_of_another_organisation_are_not_there(web: Web, world: World) -> None:
    made = (await web.client.post(KEYS, json=BODY, headers=web.staff(world.main))).json()
    for key in (made["id"], uuid4()):
        reply = await web.client.delete(f"{KEYS}/{key}", headers=web.staff(world.other))
        assert (reply.status_code, reply.json()["code"]) == (404, "key_not_found")
    assert (await web.client.get(KEYS, headers=web.staff(world.other))).json()["total"] == 0
    assert (await web.client.get("/api/key", headers=sent(made["key"]))).status_code == 200


@pytest.mark.parametrize(
    "body",
    [
        {"name": "X", "scopes": ["octo"]},
        {"name": "Partner", "scopes": []},
        {"name": "Partner", "scopes": ["organisation.manage"]},
        {"name": "Partner", "scopes": ["audit.read"]},
        {"name": "Partner", "scopes": ["self"]},
        {"name": "Partner", "scopes": ["any"]},
        {"name": "Partner", "scopes": ["bookings.everything"]},
        {"name": "Partner", "scopes": "octo"},
        {"name": "Partner", "scopes": ["octo"], "expires_in_days": 0},
        {"name": "Partner", "scopes": ["octo"], "expires_in_days": 731},
        {"name": "Partner", "scopes": ["octo"], "organisation_id": "x"},
    ],
)
async def test_what_is_not_right_is_refused(web: Web, world: World, body: dict[str, object]) -> None:
    assert (await web.client.post(KEYS, json=body, headers=web.staff(world.main))).status_code == 422
    assert world.rows("SELECT FROM api_keys") == []


async def test_a_person_gives_no_right_that_they_lack(people: People, world: World) -> None:
    manager = staff_of(world.main, "manager")
    with pytest.raises(ScopeNotYours) as refused:
        await actions.make(people, manager, KeyWanted("Mine", frozenset({"octo", "boarding.write"}), None))
    assert refused.value.extra == {"scopes": ["boarding.write"]}
    made = await actions.make(people, manager, KeyWanted("Mine", frozenset({"octo", "fleet.write"}), None))
    assert made.key.scopes == ("fleet.write", "octo")


async def test_a_key_makes_no_keys(people: People, world: World) -> None:
    owner = staff_of(world.main, "owner")
    program = replace(owner, trail=replace(owner.trail, actor_kind="key"), role=None)
    with pytest.raises(PermissionMissing):
        await actions.make(people, program, KeyWanted("Child", frozenset({"octo"}), None))


def _fill(world: World, count: int) -> None:
    for _ in range(count):
        world.execute(
            "INSERT INTO api_keys (organisation_id, id, name, key_hash, hint, scopes, created_by, created_at) "
            "VALUES (%s, %s, 'Partner', %s, 'abcd', '{octo}', %s, now())",
            world.main.id,
            new_id(),
            new_id().bytes,
            world.main.people["owner"],
        )


async def test_fifty_keys_are_enough(web: Web, people: People, world: World) -> None:
    _fill(world, rules.MOST_LIVE_KEYS - 1)
    staff, wanted = staff_of(world.main, "owner"), KeyWanted("Last", frozenset({"octo"}), None)
    results = await asyncio.gather(*(actions.make(people, staff, wanted) for _ in range(3)), return_exceptions=True)
    assert sum(isinstance(result, TooManyKeys) for result in results) == 2
    refused = await web.client.post(KEYS, json=BODY, headers=web.staff(world.main))
    assert (refused.status_code, refused.json()["code"]) == (409, "too_many_keys")
    assert (await web.client.post(KEYS, json=BODY, headers=web.staff(world.other))).status_code == 201
    world.execute("UPDATE api_keys SET revoked_at = now() WHERE name = 'Last'")
    assert (await web.client.post(KEYS, json=BODY, headers=web.staff(world.main))).status_code == 201


async def test_without_the_lock_more_would_pass(people: People, world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """The control: the race that the lock is there for."""
    all_have_looked = asyncio.Barrier(3)
    count = store.live_keys

    async def look_and_wait(connection: Connection, organisation_id: object, now: object) -> int:
        found = await count(connection, organisation_id, now)  # type: ignore[arg-type]
        async with asyncio.timeout(10):
            await all_have_looked.wait()
        return found

    async def no_lock(connection: Connection, organisation_id: object) -> None:
        """Leave the door open."""

    _fill(world, rules.MOST_LIVE_KEYS - 1)
    monkeypatch.setattr(store, "live_keys", look_and_wait)
    monkeypatch.setattr(store, "lock_keys", no_lock)
    staff, wanted = staff_of(world.main, "owner"), KeyWanted("Last", frozenset({"octo"}), None)
    await asyncio.gather(*(actions.make(people, staff, wanted) for _ in range(3)))
    assert world.rows("SELECT count(*) FROM api_keys") == [(rules.MOST_LIVE_KEYS + 2,)]


def test_every_right_of_keys_has_a_name() -> None:
    named = scope_names(KEY_SCOPES, "en")
    assert set(named) == KEY_SCOPES
    assert [scope for scope, name in named.items() if scope == name] == []
    assert set(named) >= INTERFACE_SCOPES
    assert scope_names(frozenset({"new.right"}), "en") == {"new.right": "new.right"}
