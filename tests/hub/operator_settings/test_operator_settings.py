"""What an operator sets for the whole organisation."""

from __future__ import annotations

import pytest

from kamhub.hub.operator_settings import store
from kamhub.kit.ids import new_id
from kamhub.platform.person.types import OrganisationNotFound
from tests.asgi import Web
from tests.builders import World

PATH = "/api/organisation/settings"


async def test_settings_are_read_and_changed(web: Web, world: World) -> None:
    headers = web.staff(world.main)
    found = await web.client.get(PATH, headers=headers)
    assert found.json() == {"rest_minutes": 0, "hold_minutes": 15, "sales_cutoff_minutes": 30}
    tag = found.headers["etag"]
    changed = await web.client.patch(PATH, json={"rest_minutes": 45}, headers=headers | {"If-Match": tag})
    assert changed.json() == found.json() | {"rest_minutes": 45}
    assert changed.headers["etag"] != tag
    stale = await web.client.patch(PATH, json={"rest_minutes": "x"}, headers=headers | {"If-Match": tag})
    assert (stale.status_code, stale.json()["code"]) == (412, "version_stale")
    assert (await web.client.get(PATH, headers=web.staff(world.other))).json()["rest_minutes"] == 0
    assert world.rows("SELECT action, before, after FROM audit_events") == [
        ("organisation.settings_changed", {"rest_minutes": 0}, {"rest_minutes": 45})
    ]
    await web.client.patch(PATH, json={"rest_minutes": 45}, headers=headers)
    assert world.rows("SELECT count(*) FROM audit_events") == [(1,)]


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("rest_minutes", -1),
        ("rest_minutes", 1441),
        ("hold_minutes", 4),
        ("hold_minutes", 61),
        ("sales_cutoff_minutes", 10_081),
    ],
)
async def test_bounds(web: Web, world: World, field: str, value: int) -> None:
    reply = await web.client.patch(PATH, json={field: value}, headers=web.staff(world.main))
    assert (reply.status_code, reply.json()["errors"][0]["field"]) == (422, field)


async def test_holds_last_as_long_as_was_set(web: Web, world: World) -> None:
    await web.client.patch(PATH, json={"hold_minutes": 5}, headers=web.staff(world.main))
    body = {"departure_id": str(world.departure()), "passengers": 1}
    held = (await web.client.post("/api/transfers/hold", json=body)).json()
    assert held["expires_at"].startswith("2026-11-24T12:05") or held["expires_at"].startswith("2026-11-24T00:05")


async def test_who_may(web: Web, world: World) -> None:
    assert (await web.client.get(PATH, headers=web.staff(world.main, "manager"))).status_code == 403
    with pytest.raises(OrganisationNotFound):
        async with web.hub.database.tenant(world.main.id) as connection:
            await store.load(connection, new_id())
