"""The pages of routes in a browser without a script."""

from __future__ import annotations

import re

from tests.asgi import Web
from tests.builders import World
from tests.hub.place.test_place_api import LAKES
from tests.hub.vehicle.test_vehicle_pages import post, signed_in

PAGE = "/office/routes"


def fields(world: World, *stops: tuple[str, str], name: str = "Back") -> dict[str, object]:
    sent: dict[str, object] = {"name": name}
    for number, (place, minutes) in enumerate(stops):
        sent[f"stops.{number}.place_id"] = str(world.places[place]) if place in world.places else place
        sent[f"stops.{number}.offset_minutes"] = minutes
    return sent


def shown(page: str) -> list[tuple[str | None, str]]:
    """Place and minutes of each row of a form."""
    found = []
    for row in re.split(r'<select[^>]* name="stops', page)[1:]:
        chosen = re.search(r'<option value="([^"]+)" selected', row.partition("</select>")[0])
        minutes = re.search(r'offset_minutes" type="number" value="([^"]*)"', row)
        assert minutes
        found.append((chosen[1] if chosen else None, minutes[1]))
    return found


async def test_a_route_is_put_together_by_buttons_and_saved(web: Web, world: World) -> None:
    browser = await signed_in(web)
    city, town, airport = (str(world.places[name]) for name in ("city", "town", "airport"))
    assert shown((await browser.get(f"{PAGE}/new")).text) == [(None, "0"), (None, "")]
    sent = fields(world, ("city", "0"), ("airport", "50"))
    more = await post(browser, PAGE, **sent, do="add")
    assert more.status_code == 200
    assert shown(more.text) == [(city, "0"), (airport, "50"), (None, "")]
    moved = await post(browser, PAGE, **fields(world, ("city", "0"), ("airport", "35"), ("town", "50")), do="up-2")
    assert shown(moved.text) == [(city, "0"), (town, "35"), (airport, "50")]
    added = await post(
        browser, PAGE, **fields(world, ("city", "0"), ("town", "35"), ("", ""), ("airport", "50")), do="save"
    )
    assert added.status_code == 303, added.text
    page = (await browser.get(added.headers["location"])).text
    assert "The route is added." in page
    assert "3 stops, 50 min" in page.replace("\u00a0", " ")
    assert world.rows(
        "SELECT count(*) FROM route_stops s JOIN routes r ON r.id = s.route_id WHERE r.name = 'Back'"
    ) == [(3,)]


async def test_what_is_wrong_is_said_at_its_stop(web: Web, world: World) -> None:
    browser = await signed_in(web)
    for stops, text in (
        ((("city", "0"),), "At least 2 entries."),
        ((("city", "0"), ("city", "9")), "The route stops here already."),
        ((("city", "0"), ("town", "0")), "Later than the stop before, please."),
        ((("city", "0"), ("", "9")), "Fill this in, please."),
    ):
        reply = await post(browser, PAGE, **fields(world, *stops))
        assert reply.status_code == 422
        assert text in reply.text
    theirs = (await web.client.post("/api/places", json=LAKES, headers=web.staff(world.other))).json()["id"]
    reply = await post(browser, PAGE, **fields(world, ("city", "0"), (theirs, "9")))
    assert reply.status_code == 404
    assert "There is no such place." in reply.text
    assert world.rows("SELECT count(*) FROM routes") == [(2,)]


async def test_a_free_route_is_changed_and_archived(web: Web, world: World) -> None:
    browser = await signed_in(web)
    added = await post(browser, PAGE, **fields(world, ("city", "0"), ("airport", "50")))
    address = added.headers["location"].partition("?")[0]
    changed = fields(world, ("city", "0"), ("springs", "50"), name="There")
    assert shown((await post(browser, address, **changed, do="remove-9")).text)[1][1] == "50"
    assert (await post(browser, address, **changed, version="1")).headers["location"] == f"{address}?done=changed"
    assert "Springs" in (await browser.get(f"{PAGE}?q=there")).text
    assert (await post(browser, address, **changed | {"name": ""}, version="2")).status_code == 422
    assert (await post(browser, address, **changed | {"name": "X"}, version="1")).status_code == 412
    theirs = (await web.client.post("/api/places", json=LAKES, headers=web.staff(world.other))).json()["id"]
    assert (await post(browser, address, **fields(world, ("city", "0"), (theirs, "9")), version="2")).status_code == 404
    assert (await post(browser, f"{address}/archive", version="1")).status_code == 412
    gone = await post(browser, f"{address}/archive", version="2")
    assert gone.headers["location"] == f"{PAGE}?done=archived"
    assert (await browser.get(address)).status_code == 404


async def test_a_route_in_use_is_renamed_copied_archived_and_brought_back(web: Web, world: World) -> None:
    world.departure()
    browser, address = await signed_in(web), f"{PAGE}/{world.main.route}"
    page = (await browser.get(address)).text
    assert "so they stay as they are" in page
    assert shown(page) == []
    assert (await post(browser, address, name="Renamed", version="1")).status_code == 303
    refused = await post(browser, address, **fields(world, ("city", "0"), ("airport", "50")), version="2")
    assert refused.status_code == 409
    assert "make a copy and change that" in refused.text
    assert (await post(browser, f"{address}/copy", name="")).status_code == 422
    copied = await post(browser, f"{address}/copy", name="Copy of it")
    page = (await browser.get(copied.headers["location"])).text
    assert "This is the copy." in page
    assert len(shown(page)) == 4
    assert (await post(browser, f"{address}/archive", version="2")).status_code == 303
    assert "Renamed" not in (await browser.get(PAGE)).text
    assert "Renamed" in (await browser.get(f"{PAGE}?archived=true")).text
    assert (await post(browser, f"{address}/restore")).headers["location"] == f"{address}?done=restored"


async def test_a_copy_cannot_stop_where_nothing_stops_any_more(web: Web, world: World) -> None:
    browser = await signed_in(web)
    place = (await web.client.post("/api/places", json=LAKES, headers=web.staff(world.main))).json()["id"]
    added = await post(browser, PAGE, **fields(world, ("city", "0"), (place, "9")))
    address = added.headers["location"].partition("?")[0]
    world.execute("UPDATE places SET archived_at = now() WHERE id = %s", place)
    refused = await post(browser, f"{address}/copy", name="Copy")
    assert refused.status_code == 404
    assert shown(refused.text)[1][0] == place  # where it stops already it may go on stopping


async def test_who_only_reads_gets_no_form(web: Web, world: World) -> None:
    browser = await signed_in(web, "viewer")
    for path in (PAGE, f"{PAGE}/{world.main.route}"):
        page = await browser.get(path)
        assert page.status_code == 200
        assert "Archive</button>" not in page.text
    assert (await browser.get(f"{PAGE}/new")).status_code == 403
    assert "Nothing fits these filters." in (await browser.get(f"{PAGE}?q=nothing")).text
    assert (await browser.get(f"{PAGE}?page=0")).status_code == 200
    world.execute("UPDATE routes SET archived_at = now()")
    assert "No route yet." in (await browser.get(PAGE)).text
