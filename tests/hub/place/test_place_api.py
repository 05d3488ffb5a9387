"""Places over HTTP: the catalogue for everybody, own ones for their organisation."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import pytest

from kamhub.kit.ids import new_id
from tests.asgi import Web
from tests.builders import Operator, World
from tests.hub.place.images import bomb, picture

PATH = "/api/places"
LAKES: dict[str, Any] = {
    "slug": "blue-lakes",
    "name": {"ru": "Голубые озёра", "en": "Blue Lakes"},
    "lat": 53.36,
    "lng": 158.21,
    "meeting_point": {"ru": "У шлагбаума", "en": "At the gate"},
}


async def made(web: Web, operator: Operator, **fields: object) -> dict[str, Any]:
    reply = await web.client.post(PATH, json=LAKES | fields, headers=web.staff(operator, "manager"))
    assert reply.status_code == 201, reply.text
    place: dict[str, Any] = reply.json()
    return place


def used(world: World, operator: Operator, place: str) -> None:
    """The route of the operator stops there too."""
    world.execute(
        "INSERT INTO route_stops VALUES (%s, %s, 4, %s, %s, 200)", operator.id, operator.route, operator.id, place
    )


async def test_a_place_is_added_and_read(web: Web, world: World) -> None:
    place = await made(web, world.main)
    assert (place["own"], place["archived"], place["photo"], place["time_zone"]) == (
        True,
        False,
        None,
        "Asia/Kamchatka",
    )
    assert {name: place[name] for name in LAKES} == LAKES
    reply = await web.client.get(f"{PATH}/{place['id']}", headers=web.staff(world.main, "viewer"))
    assert (reply.json(), reply.headers["etag"]) == (place, '"1"')
    shared = await web.client.get(f"{PATH}/{world.places['city']}", headers=web.staff(world.main))
    assert shared.json()["own"] is False


async def test_staff_see_pages_of_own_and_shared_places(web: Web, world: World) -> None:
    place = await made(web, world.main)
    headers = web.staff(world.main)
    listed = (await web.client.get(f"{PATH}?page_size=2", headers=headers)).json()
    assert (listed["total"], listed["page"], listed["page_size"]) == (5, 1, 2)
    assert listed["items"][0] == place
    for query, slugs in (
        ("q=озер", ["blue-lakes"]),
        ("q=Blu+Laks", ["blue-lakes"]),
        ("q=springs", ["springs"]),
        ("own=true", ["blue-lakes"]),
        ("q=nowhere+at+all", []),
    ):
        found = (await web.client.get(f"{PATH}?{query}", headers=headers)).json()
        assert [item["slug"] for item in found["items"]] == slugs, query
    assert (await web.client.get(PATH, headers=web.staff(world.other))).json()["total"] == 4
    file = await web.client.get(PATH, headers=headers | {"Accept": "text/csv"})
    assert "Голубые озёра" in file.text


async def test_to_everybody_else_the_list_is_what_it_was(web: Web, world: World) -> None:
    await made(web, world.main)
    plain = (await web.client.get(f"{PATH}?limit=3")).json()
    assert [plain[name] for name in ("page", "page_size", "total")] == [1, 3, 3]
    assert "own" not in plain["items"][0]
    for headers in (
        {"Authorization": "Bearer nonsense"},
        {"Authorization": "Booking x"},
        web.staff(world.main, "driver"),  # without the right to read the network
    ):
        assert (await web.client.get(f"{PATH}?limit=3", headers=headers)).json() == plain


async def test_travellers_see_an_own_place_once_a_route_stops_there(web: Web, world: World) -> None:
    place = await made(web, world.main)
    search = f"/api/transfers/search?from=airport&to={place['id']}&date=2026-11-27"
    assert (await web.client.get(f"{PATH}?q=Blue+Lakes")).json()["items"] == []
    assert (await web.client.get(search)).status_code == 404
    used(world, world.main, place["id"])
    assert [item["slug"] for item in (await web.client.get(f"{PATH}?q=Blue+Lakes")).json()["items"]] == ["blue-lakes"]
    assert (await web.client.get(search)).status_code == 200
    world.execute("UPDATE routes SET archived_at = now()")
    assert (await web.client.get(f"{PATH}?q=Blue+Lakes")).json()["items"] == []


@pytest.mark.parametrize(
    ("field", "value", "named"),
    [
        ("slug", "Blue Lakes", "slug"),
        ("name", {"ru": "Озёра"}, "name.en"),
        ("lat", 91, "lat"),
        ("lng", -181, "lng"),
        ("meeting_point", {"en": "Gate"}, "meeting_point.ru"),
        ("time_zone", "Asia/Atlantis", "time_zone"),
        ("organisation_id", "00000000-0000-7000-8000-000000000001", "organisation_id"),
    ],
)
async def test_what_a_place_cannot_be(web: Web, world: World, field: str, value: object, named: str) -> None:
    reply = await web.client.post(PATH, json=LAKES | {field: value}, headers=web.staff(world.main))
    assert (reply.status_code, reply.json()["errors"][0]["field"]) == (422, named)


async def test_a_slug_means_one_place(web: Web, world: World) -> None:
    place = await made(web, world.main)
    headers = web.staff(world.main)
    for slug in ("blue-lakes", "airport"):
        reply = await web.client.post(PATH, json=LAKES | {"slug": slug}, headers=headers)
        assert (reply.status_code, reply.json()["code"]) == (409, "slug_taken")
    assert (await made(web, world.other))["slug"] == "blue-lakes"
    moved = await web.client.patch(f"{PATH}/{place['id']}", json={"slug": "city"}, headers=headers)
    assert moved.json()["code"] == "slug_taken"
    second = await made(web, world.main, slug="second")
    clash = await web.client.patch(f"{PATH}/{second['id']}", json={"slug": "blue-lakes"}, headers=headers)
    assert clash.json()["code"] == "slug_taken"


async def test_a_change_names_its_fields_alone(web: Web, world: World) -> None:
    place = await made(web, world.main)
    address, headers = f"{PATH}/{place['id']}", web.staff(world.main)
    reply = await web.client.patch(address, json={"meeting_point": None, "lat": 50}, headers=headers)
    assert reply.json() == place | {"meeting_point": None, "lat": 50.0, "version": 2}
    stale = await web.client.patch(address, json={"lat": 51}, headers=headers | {"If-Match": '"1"'})
    assert (stale.status_code, stale.json()["code"]) == (412, "version_stale")
    only_russian = {"meeting_point": {"ru": "У моста"}}
    reply = await web.client.patch(address, json=only_russian, headers=headers | {"If-Match": '"2"'})
    assert reply.json()["meeting_point"] == {"ru": "У моста", "en": "У моста"}
    assert (await web.client.patch(address, json={}, headers=headers)).json()["version"] == 3


async def test_the_catalogue_is_editable_by_nobody(web: Web, world: World) -> None:
    address, headers = f"{PATH}/{world.places['city']}", web.staff(world.main)
    for reply in (
        await web.client.patch(address, json={"lat": 1}, headers=headers),
        await web.client.delete(address, headers=headers),
        await web.client.post(f"{address}/photo", content=picture(), headers=headers),
        await web.client.delete(f"{address}/photo", headers=headers),
    ):
        assert (reply.status_code, reply.json()["code"]) == (403, "catalogue_read_only")
    assert world.rows("SELECT count(*) FROM places WHERE latitude = 1 OR archived_at IS NOT NULL") == [(0,)]


async def test_another_organisations_place_is_not_there(web: Web, world: World) -> None:
    place = await made(web, world.main)
    address, headers = f"{PATH}/{place['id']}", web.staff(world.other)
    for reply in (
        await web.client.get(address, headers=headers),
        await web.client.patch(address, json={"lat": "nonsense"}, headers=headers),
        await web.client.delete(address, headers=headers),
        await web.client.post(f"{address}/photo", content=b"nonsense", headers=headers),
        await web.client.delete(f"{address}/photo", headers=headers),
    ):
        assert (reply.status_code, reply.json()["code"]) == (404, "place_not_found")


async def test_an_unused_place_goes_for_good_and_a_used_one_is_archived(web: Web, world: World) -> None:
    place, headers = await made(web, world.main), web.staff(world.main)
    assert (await web.client.delete(f"{PATH}/{place['id']}", headers=headers)).status_code == 204
    assert (await web.client.get(f"{PATH}/{place['id']}", headers=headers)).status_code == 404
    place = await made(web, world.main)
    used(world, world.main, place["id"])
    address = f"{PATH}/{place['id']}"
    for _ in range(2):
        assert (await web.client.delete(address, headers=headers)).status_code == 204
    assert (await web.client.get(address, headers=headers)).json()["archived"] is True
    assert (await web.client.get(f"{PATH}?own=true", headers=headers)).json()["total"] == 0
    assert (await web.client.get(f"{PATH}?own=true&archived=true", headers=headers)).json()["total"] == 1
    assert (await web.client.get(f"{PATH}?q=Blue+Lakes")).json()["items"] == []
    # The departures that still stop there go on.
    departure = world.departure()
    world.execute("UPDATE departures SET taken = '{0,0,0,0}'")
    world.execute(
        "INSERT INTO tariff_prices SELECT organisation_id, tariff_id, route_id, from_position, 4, amount FROM tariff_prices "
        "WHERE organisation_id = %s AND to_position = 3",
        world.main.id,
    )
    assert "Blue Lakes" in (await web.client.get(f"/departures/{departure}", headers={"Accept-Language": "en"})).text
    # The slug is free again; with it taken the first one stays away.
    again = await made(web, world.main)
    back = await web.client.patch(address, json={"archived": False}, headers=headers)
    assert back.json()["code"] == "slug_taken"
    await web.client.delete(f"{PATH}/{again['id']}", headers=headers)
    back = await web.client.patch(address, json={"archived": False}, headers=headers)
    assert (back.status_code, back.json()["archived"]) == (200, False)


async def test_a_photo_is_kept_shown_and_removed(web: Web, world: World) -> None:
    place, headers = await made(web, world.main), web.staff(world.main)
    address, public = f"{PATH}/{place['id']}", f"/places/{place['id']}/photo.jpg"
    kept = await web.client.post(
        f"{address}/photo", content=picture("PNG"), headers=headers | {"Content-Type": "image/png"}
    )
    assert kept.status_code == 201, kept.text
    assert kept.json() == {"place_id": place["id"], "url": public, "width": 40, "height": 30}
    assert (await web.client.get(address, headers=headers)).json()["photo"] == public
    assert (await web.client.get(public)).status_code == 404  # no route stops there yet
    used(world, world.main, place["id"])
    shown = await web.client.get(public)
    assert (shown.status_code, shown.headers["content-type"]) == (200, "image/jpeg")
    assert shown.content.startswith(b"\xff\xd8")
    assert shown.headers["cache-control"] == "public, max-age=3600"
    same = await web.client.get(public, headers={"If-None-Match": shown.headers["etag"]})
    assert (same.status_code, same.content) == (304, b"")
    another = {"file": ("x.jpg", picture(size=(20, 20)), "image/jpeg")}
    assert (await web.client.post(f"{address}/photo", files=another, headers=headers)).json()["width"] == 20
    assert (await web.client.get(public)).headers["etag"] != shown.headers["etag"]
    assert (await web.client.delete(f"{address}/photo", headers=headers)).status_code == 204
    assert (await web.client.delete(f"{address}/photo", headers=headers)).json()["code"] == "photo_not_found"
    assert (await web.client.get(public)).status_code == 404


async def test_what_is_no_photo_is_refused(web: Web, world: World) -> None:
    place, headers = await made(web, world.main), web.staff(world.main)
    address = f"{PATH}/{place['id']}/photo"
    for content, code in ((b"nonsense", "image"), (b"", "image"), (bomb(), "too_many_pixels")):
        reply = await web.client.post(address, content=content, headers=headers)
        assert (reply.status_code, reply.json()["errors"][0]["code"]) == (422, code)
    reply = await web.client.post(address, files={"other": ("x", picture())}, headers=headers)
    assert reply.status_code == 422
    assert (await web.client.post(address, content=b"x" * 8_400_000, headers=headers)).status_code == 413
    assert (await web.client.post(address, content=b"x" * 9_000_000, headers=headers)).status_code == 413
    broken = headers | {"Content-Type": "multipart/form-data; boundary=x"}
    assert (await web.client.post(address, content=b"--x\r\nnonsense", headers=broken)).status_code in {400, 422}
    assert world.rows("SELECT count(*) FROM place_photos") == [(0,)]


async def test_a_long_body_is_for_files_alone(web: Web, world: World) -> None:
    reply = await web.client.post(PATH, content=b"x" * 1_100_000, headers=web.staff(world.main))
    assert reply.status_code == 413


async def test_what_is_done_is_written_down(web: Web, world: World) -> None:
    place, headers = await made(web, world.main), web.staff(world.main)
    address = f"{PATH}/{place['id']}"
    await web.client.patch(address, json={"lat": 50}, headers=headers)
    await web.client.post(f"{address}/photo", content=picture(), headers=headers)
    await web.client.delete(f"{address}/photo", headers=headers)
    await web.client.delete(address, headers=headers)
    told = [row[0] for row in world.rows("SELECT action FROM audit_events ORDER BY at, id")]
    assert told == ["place.added", "place.changed", "place.photo_saved", "place.photo_removed", "place.archived"]


async def test_ids_in_addresses_are_of_nobody_by_chance(web: Web, world: World) -> None:
    unknown: UUID = new_id()
    assert (await web.client.get(f"{PATH}/{unknown}", headers=web.staff(world.main))).status_code == 404
    assert (await web.client.get(f"/places/{unknown}/photo.jpg")).status_code == 404
