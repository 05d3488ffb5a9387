"""The pages of places in a browser without a script."""

from __future__ import annotations

from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from kamhub.hub.place.rules import slug_from
from tests.asgi import Web
from tests.builders import World
from tests.hub.place.images import bomb, picture
from tests.hub.vehicle.test_vehicle_pages import post, signed_in

PAGE = "/office/places"
LAKES: dict[str, Any] = {
    "slug": "",
    "name.ru": "Голубые озёра",
    "name.en": "Blue Lakes, camp",
    "lat": "53,36",
    "lng": "158.21",
    "meeting_point.ru": "У шлагбаума",
    "meeting_point.en": "",
    "time_zone": "Asia/Kamchatka",
}


async def test_a_place_is_added_changed_and_archived(web: Web, world: World) -> None:
    browser = await signed_in(web)
    assert "Add the place" in (await browser.get(f"{PAGE}/new")).text
    added = await post(browser, PAGE, **LAKES)
    assert added.status_code == 303, added.text
    address = added.headers["location"].partition("?")[0]
    page = (await browser.get(added.headers["location"])).text
    assert "The place is added." in page
    assert 'value="blue-lakes-camp"' in page
    assert 'value="53.36"' in page
    changed = await post(browser, address, **LAKES | {"meeting_point.ru": "", "slug": "lakes"}, version="1")
    assert changed.headers["location"] == f"{address}?done=changed"
    listed = (await browser.get(f"{PAGE}?own=true")).text
    assert "Blue Lakes, camp" in listed
    assert "Springs" not in listed
    assert "Springs" in (await browser.get(PAGE)).text
    assert "Nothing fits these filters." in (await browser.get(f"{PAGE}?q=nowhere+at+all")).text
    gone = await post(browser, f"{address}/archive", version="2")
    assert gone.headers["location"] == f"{PAGE}?done=archived"
    assert (await browser.get(address)).status_code == 404


async def test_what_is_wrong_is_said_at_its_field(web: Web, world: World) -> None:
    browser = await signed_in(web)
    wrong = LAKES | {"name.ru": "", "lat": "north", "meeting_point.ru": "", "meeting_point.en": "Gate", "slug": "A b"}
    reply = await post(browser, PAGE, **wrong)
    assert reply.status_code == 422
    assert reply.text.count('class="error"') == 4
    assert 'value="north"' in reply.text
    taken = await post(browser, PAGE, **LAKES | {"slug": "airport"})
    assert taken.status_code == 409
    assert "There is a place with this slug already." in taken.text
    address = (await post(browser, PAGE, **LAKES)).headers["location"].partition("?")[0]
    assert (await post(browser, address, **LAKES | {"slug": "city"}, version="1")).status_code == 409
    assert (await post(browser, address, **LAKES | {"lng": ""}, version="1")).status_code == 422
    assert (await post(browser, address, **LAKES | {"lat": "1"}, version="9")).status_code == 412
    assert (await post(browser, f"{address}/archive", version="9")).status_code == 412


async def test_a_place_of_the_catalogue_is_shown_and_not_changed(web: Web, world: World) -> None:
    browser, address = await signed_in(web), f"{PAGE}/{world.places['city']}"
    page = (await browser.get(address)).text
    assert "belongs to the shared catalogue" in page
    assert "Save</button>" not in page
    assert (await post(browser, address, **LAKES, version="1")).status_code == 403
    assert (await post(browser, f"{address}/archive", version="1")).status_code == 403


async def test_a_place_is_brought_back(web: Web, world: World) -> None:
    browser = await signed_in(web)
    address = (await post(browser, PAGE, **LAKES)).headers["location"].partition("?")[0]
    world.execute("UPDATE places SET archived_at = now() WHERE organisation_id = %s", world.main.id)
    assert "It is archived" in (await browser.get(address)).text
    assert "archived" in (await browser.get(f"{PAGE}?own=true&archived=true")).text
    assert (await post(browser, PAGE, **LAKES)).status_code == 303
    assert (await post(browser, f"{address}/restore")).status_code == 409
    world.execute("UPDATE places SET slug = 'free' WHERE id = %s", address.rpartition("/")[2])
    assert (await post(browser, f"{address}/restore")).headers["location"] == f"{address}?done=restored"


async def test_a_photo_is_uploaded_shown_to_travellers_and_removed(web: Web, world: World) -> None:
    browser = await signed_in(web)
    address = (await post(browser, PAGE, **LAKES)).headers["location"].partition("?")[0]

    async def upload(content: bytes) -> tuple[int, str]:
        files = {"file": ("photo.png", content, "image/png")}
        reply = await browser.client.post(f"{address}/photo", data={"csrf_token": browser.csrf}, files=files)
        return reply.status_code, reply.headers.get("location", "") or reply.text

    for wrong, status, text in (
        (b"nonsense", 422, "Choose a photo: JPEG, PNG or WebP."),
        (bomb(), 422, "too many pixels"),
        (b"x" * (8 * 1024 * 1024 + 1), 413, "too large"),
    ):
        answered, told = await upload(wrong)
        assert (answered, text in told) == (status, True), told[:300]
    assert await upload(picture("PNG")) == (303, f"{address}?done=photo_saved")
    shown = await browser.get(f"{address}/photo.jpg")
    assert shown.headers["content-type"] == "image/jpeg"
    assert f'src="{address}/photo.jpg"' in (await browser.get(address)).text
    # Where travellers meet there they see it, on the departure and on the ticket.
    place = address.rpartition("/")[2]
    world.execute(
        "UPDATE route_stops SET place_organisation_id = %s, place_id = %s WHERE organisation_id = %s AND position = 0",
        world.main.id, place, world.main.id,
    )  # fmt: skip
    departure = world.departure()
    assert f"/places/{place}/photo.jpg?v=" in (await web.client.get(f"/departures/{departure}")).text
    assert (await post(browser, f"{address}/photo/remove")).headers["location"] == f"{address}?done=photo_removed"
    assert (await post(browser, f"{address}/photo/remove")).status_code == 404
    assert "photo.jpg" not in (await web.client.get(f"/departures/{departure}")).text
    assert (await browser.get(f"{address}/photo.jpg")).status_code == 404
    assert await upload(picture()) == (303, f"{address}?done=photo_saved")
    body = {"departure_id": str(departure), "passengers": 1}
    body |= {"contact": {"name": "Anna", "phone": "+79141234567", "email": "a@example.org"}}
    booking = (await web.client.post("/api/transfers/book", json=body)).json()
    world.execute("UPDATE bookings SET status = 'confirmed', expires_at = NULL")
    opened = await web.client.get(f"/booking/{booking['id']}?token={booking['token']}", follow_redirects=True)
    assert f"/places/{place}/photo.jpg?v=" in opened.text


async def test_who_only_reads_gets_no_form(web: Web, world: World) -> None:
    manager, viewer = await signed_in(web), await signed_in(web, "viewer")
    address = (await post(manager, PAGE, **LAKES)).headers["location"].partition("?")[0]
    page = (await viewer.get(address)).text
    assert "У шлагбаума" in page
    assert "<form action" not in page.replace('action="/signout"', "")
    assert (await post(viewer, address, **LAKES, version="1")).status_code == 403
    assert (await viewer.get(f"{PAGE}?page=x")).status_code == 200


def test_a_slug_out_of_a_name() -> None:
    assert slug_from("Blue Lakes, camp №2") == "blue-lakes-camp-no2"
    assert slug_from("Озёра") == ""


@settings(max_examples=50)
@given(st.text(max_size=120))
def test_every_slug_is_one_or_none(name: str) -> None:
    slug = slug_from(name)
    assert slug == "" or all(part.isalnum() and part.isascii() for part in slug.split("-"))
    assert len(slug) <= 60
