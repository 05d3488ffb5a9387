"""The pages of vehicles in a browser without a script."""

from __future__ import annotations

import re
from typing import Any

import httpx

from tests.asgi import Web
from tests.builders import World
from tests.platform.session.support import Browser

PAGE = "/office/vehicles"
VAN: dict[str, Any] = {
    "type": "minibus",
    "model": "Transit",
    "capacity": "16",
    "plate": "a1",
    "features": ["wifi", "usb"],
}


async def post(browser: Browser, path: str, **fields: object) -> httpx.Response:
    return await browser.client.post(path, data={"csrf_token": browser.csrf, **fields})


async def signed_in(web: Web, role: str = "manager") -> Browser:
    return await Browser(web).signed_in(f"{role}@main.example")


async def test_a_vehicle_is_added_changed_and_archived(web: Web, world: World) -> None:
    browser = await signed_in(web)
    assert "Add the vehicle" in (await browser.get(f"{PAGE}/new")).text
    added = await post(browser, PAGE, **VAN)
    assert added.status_code == 303, added.text
    address = added.headers["location"].partition("?")[0]
    page = (await browser.get(added.headers["location"])).text
    assert "The vehicle is added." in page
    assert re.search(r'value="wifi" checked', page)
    changed = await post(browser, address, **VAN | {"capacity": "12"}, version="1")
    assert changed.headers["location"] == f"{address}?done=changed"
    listed = (await browser.get(f"{PAGE}?q=transit")).text
    assert "12 seats" in listed
    assert "Wi-Fi" in listed
    gone = await post(browser, f"{address}/archive", version="2")
    assert gone.headers["location"] == f"{PAGE}?done=archived"
    assert "The vehicle is archived." in (await browser.get(gone.headers["location"])).text


async def test_what_is_wrong_is_said_at_its_field(web: Web, world: World) -> None:
    browser = await signed_in(web)
    reply = await post(browser, PAGE, **VAN | {"model": "", "capacity": "none", "features": ["x" * 41]})
    assert reply.status_code == 422
    assert reply.text.count('class="error"') == 3
    assert 'value="none"' in reply.text
    taken = await post(browser, PAGE, **VAN | {"plate": "Pmain"})
    assert taken.status_code == 303  # capitals make another plate of it
    taken = await post(browser, PAGE, **VAN | {"plate": "PMAIN"})
    assert taken.status_code == 409
    assert "There is a vehicle with this plate already." in taken.text
    address = f"{PAGE}/{world.main.vehicle}"
    assert (await post(browser, address, **VAN | {"plate": ""}, version="1")).status_code == 422
    assert (await post(browser, address, **VAN | {"plate": "PMAIN"}, version="1")).status_code == 409


async def test_somebody_else_was_faster(web: Web, world: World) -> None:
    browser, address = await signed_in(web), f"{PAGE}/{world.main.vehicle}"
    assert (await post(browser, address, **VAN, version="1")).status_code == 303
    stale = await post(browser, address, **VAN | {"model": "Mine"}, version="1")
    assert stale.status_code == 412
    assert "Somebody has changed this" in stale.text
    assert 'value="Mine"' in stale.text
    assert 'name="version" value="2"' in stale.text
    for version in ("1", "", "x"):
        assert (await post(browser, f"{address}/archive", version=version)).status_code == 412


async def test_a_vehicle_with_departures_is_not_archived(web: Web, world: World) -> None:
    browser, departure = await signed_in(web), world.departure()
    reply = await post(browser, f"{PAGE}/{world.main.vehicle}/archive", version="1")
    assert reply.status_code == 409
    assert f"/office/departures/{departure}" in reply.text
    assert "27 Nov, 12:00" in reply.text


async def test_a_vehicle_is_brought_back(web: Web, world: World) -> None:
    browser, address = await signed_in(web), f"{PAGE}/{world.main.vehicle}"
    world.execute("UPDATE vehicles SET archived_at = now()")
    assert "It is archived" in (await browser.get(address)).text
    assert "archived" in (await browser.get(f"{PAGE}?archived=true")).text
    assert "Nothing fits these filters." in (await browser.get(f"{PAGE}?q=nothing")).text
    assert "No vehicle yet." in (await browser.get(PAGE)).text
    await post(browser, PAGE, **VAN | {"plate": "P2"})
    world.execute(
        "UPDATE vehicles SET plate = 'Pmain' WHERE archived_at IS NULL AND organisation_id = %s", world.main.id
    )
    assert (await post(browser, f"{address}/restore")).status_code == 409
    world.execute("UPDATE vehicles SET plate = 'P3' WHERE archived_at IS NULL AND organisation_id = %s", world.main.id)
    assert (await post(browser, f"{address}/restore")).headers["location"] == f"{address}?done=restored"


async def test_papers_on_the_page(web: Web, world: World) -> None:
    browser, address = await signed_in(web), f"{PAGE}/{world.main.vehicle}"
    wrong = await post(browser, f"{address}/documents", kind="insurance", number="7", expires_on="soon")
    assert wrong.status_code == 422
    assert "Choose a date." in wrong.text
    assert 'value="soon"' in wrong.text
    made = await post(browser, f"{address}/documents", kind="insurance", number="7", expires_on="2026-11-30")
    assert made.headers["location"] == f"{address}?done=document_added"
    await post(browser, f"{address}/documents", kind="licence", number="", expires_on="2026-11-20")
    page = (await browser.get(address)).text
    assert "runs out on 30 November 2026" in page
    assert "expired on 20 November 2026" in page
    assert "2 documents to renew" in (await browser.get(PAGE)).text
    [[document]] = world.rows("SELECT id FROM fleet_documents WHERE kind = 'licence'")
    gone = await post(browser, f"{address}/documents/{document}/remove")
    assert gone.headers["location"] == f"{address}?done=document_removed"
    assert (await post(browser, f"{address}/documents/{document}/remove")).status_code == 404


async def test_who_only_reads_gets_no_form(web: Web, world: World) -> None:
    browser = await signed_in(web, "viewer")
    for path in (PAGE, f"{PAGE}/{world.main.vehicle}"):
        page = await browser.get(path)
        assert page.status_code == 200
        assert "Archive</button>" not in page.text
        assert "/new" not in page.text
    assert (await browser.get(f"{PAGE}/new")).status_code == 403
    assert (await browser.get(f"{PAGE}?type=tank")).status_code == 200  # a filter that is none narrows nothing
