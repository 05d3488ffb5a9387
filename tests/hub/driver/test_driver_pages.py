"""The pages of drivers in a browser without a script."""

from __future__ import annotations

import re
from typing import Any

from tests.asgi import Web
from tests.builders import World
from tests.hub.vehicle.test_vehicle_pages import post, signed_in

PAGE = "/office/drivers"
IVAN: dict[str, Any] = {
    "name": "Ivan Petrov",
    "phone": "8 914 1234567",
    "languages": ["ru", "en"],
    "works_from": "08:00",
    "works_to": "20:00",
    "person_id": "",
}


async def test_a_driver_is_added_changed_and_archived(web: Web, world: World) -> None:
    browser = await signed_in(web)
    assert "No driver yet." in (await browser.get(PAGE)).text
    assert "dispatcher@main.example" in (await browser.get(f"{PAGE}/new")).text
    added = await post(browser, PAGE, **IVAN)
    assert added.status_code == 303, added.text
    address = added.headers["location"].partition("?")[0]
    page = (await browser.get(added.headers["location"])).text
    assert "The driver is added." in page
    assert re.search(r'value="en" checked', page)
    assert 'value="08:00"' in page
    person = str(world.main.people["driver"])
    changed = await post(
        browser, address, **IVAN | {"works_from": "", "works_to": "", "person_id": person}, version="1"
    )
    assert changed.headers["location"] == f"{address}?done=changed"
    assert f'value="{person}" selected' in (await browser.get(address)).text
    listed = (await browser.get(f"{PAGE}?q=petrov")).text
    assert "+7 914 123-45-67" in listed
    assert "Russian" in listed
    assert "Nothing fits these filters." in (await browser.get(f"{PAGE}?q=nobody")).text
    gone = await post(browser, f"{address}/archive", version="2")
    assert gone.headers["location"] == f"{PAGE}?done=archived"


async def test_what_is_wrong_is_said_at_its_field(web: Web, world: World) -> None:
    browser = await signed_in(web)
    wrong = await post(browser, PAGE, **IVAN | {"name": "", "phone": "12", "languages": ["russian"]})
    assert wrong.status_code == 422
    assert wrong.text.count('class="error"') == 3
    half = await post(browser, PAGE, **IVAN | {"works_to": ""})
    assert half.status_code == 422
    assert "Write both hours, or none." in half.text
    person = str(world.main.people["driver"])
    assert (await post(browser, PAGE, **IVAN | {"person_id": person})).status_code == 303
    taken = await post(browser, PAGE, **IVAN | {"person_id": person})
    assert taken.status_code == 409
    assert "signs in as another driver already" in taken.text
    second = (await post(browser, PAGE, **IVAN)).headers["location"].partition("?")[0]
    assert (await post(browser, second, **IVAN | {"person_id": person}, version="1")).status_code == 409
    assert (await post(browser, second, **IVAN | {"works_to": ""}, version="1")).status_code == 422
    assert (await post(browser, second, **IVAN | {"name": "Pavel"}, version="7")).status_code == 412
    assert (await post(browser, f"{second}/archive", version="7")).status_code == 412
    stranger = str(world.other.people["driver"])
    assert (await post(browser, PAGE, **IVAN | {"person_id": stranger})).status_code == 404


async def test_a_driver_with_departures_is_not_archived_and_one_can_come_back(web: Web, world: World) -> None:
    browser = await signed_in(web)
    person = str(world.main.people["driver"])
    address = (await post(browser, PAGE, **IVAN | {"person_id": person})).headers["location"].partition("?")[0]
    departure = world.departure()
    world.execute("UPDATE departures SET driver_id = %s", address.rpartition("/")[2])
    refused = await post(browser, f"{address}/archive", version="1")
    assert refused.status_code == 409
    assert f"/office/departures/{departure}" in refused.text
    world.execute("UPDATE departures SET status = 'cancelled'")
    assert (await post(browser, f"{address}/archive", version="1")).status_code == 303
    assert "It is archived" in (await browser.get(address)).text
    assert (await post(browser, PAGE, **IVAN | {"person_id": person})).status_code == 303
    assert (await post(browser, f"{address}/restore")).status_code == 409
    world.execute("UPDATE drivers SET person_id = NULL")
    assert (await post(browser, f"{address}/restore")).headers["location"] == f"{address}?done=restored"


async def test_papers_on_the_page(web: Web, world: World) -> None:
    browser = await signed_in(web)
    address = (await post(browser, PAGE, **IVAN)).headers["location"].partition("?")[0]
    assert (await post(browser, f"{address}/documents", kind="poem", number="", expires_on="")).status_code == 422
    made = await post(browser, f"{address}/documents", kind="licence", number="41 00", expires_on="2026-12-01")
    assert made.headers["location"] == f"{address}?done=document_added"
    assert "1 document to renew" in (await browser.get(PAGE)).text
    [[document]] = world.rows("SELECT id FROM fleet_documents")
    assert (await post(browser, f"{address}/documents/{document}/remove")).status_code == 303


async def test_rest_is_set_by_who_may(web: Web, world: World) -> None:
    owner = await signed_in(web, "owner")
    wrong = await post(owner, f"{PAGE}/rest", rest_minutes="forever")
    assert wrong.status_code == 422
    assert 'value="forever"' in wrong.text
    assert (await post(owner, f"{PAGE}/rest", rest_minutes="45")).headers["location"] == f"{PAGE}?done=rest"
    assert 'value="45"' in (await owner.get(PAGE)).text
    viewer = await signed_in(web, "viewer")
    await post(owner, PAGE, **IVAN)
    assert "At least 45 minutes" in (await viewer.get(PAGE)).text
    [[driver]] = world.rows("SELECT id FROM drivers")
    assert "08:00–20:00" in (await viewer.get(f"{PAGE}/{driver}")).text
    assert (await post(viewer, f"{PAGE}/rest", rest_minutes="0")).status_code == 403


async def test_all_rules_have_a_page(web: Web, world: World) -> None:
    owner = await signed_in(web, "owner")
    page = (await owner.get("/office/settings")).text
    found = re.search(r'name="version" value="(\d+)"', page)
    assert found
    sent = {"rest_minutes": "30", "hold_minutes": "20", "sales_cutoff_minutes": "60", "version": found[1]}
    assert (await post(owner, "/office/settings", **sent | {"hold_minutes": "90"})).status_code == 422
    assert (await post(owner, "/office/settings", **sent)).status_code == 303
    stale = await post(owner, "/office/settings", **sent | {"hold_minutes": "25"})
    assert stale.status_code == 412
    assert 'value="25"' in stale.text
    assert "The changes are saved." in (await owner.get("/office/settings?done=changed")).text
