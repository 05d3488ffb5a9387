"""The page of all papers of the fleet, and what the pages of the day say of them."""

from __future__ import annotations

from datetime import date, timedelta

from tests.asgi import Web
from tests.builders import World
from tests.hub.fleet_document.test_fleet_document_api import add, owners
from tests.platform.session.support import Browser

PAGE = "/office/documents"
TODAY = date(2026, 11, 24)  # where it is noon, as the clock stands
DAY_PAGES = ("/office/departures", "/office/dashboard")


async def test_what_is_to_be_renewed_on_one_page_and_as_a_file(web: Web, world: World) -> None:
    vehicle, driver = await owners(web, world)
    browser = await Browser(web).signed_in("viewer@main.example")
    assert "No document runs out within 30 days." in (await browser.get(PAGE)).text
    assert "No document yet" in (await browser.get(f"{PAGE}?expiring_within=")).text
    for number, (owner, kind, days) in enumerate(
        ((vehicle, "insurance", -1), (driver, "medical", 30), (driver, "passport", 31), (vehicle, "contract", 400))
    ):
        await add(web, world, owner, kind=kind, number=f"N{number}", expires_on=str(TODAY + timedelta(days=days)))
    page = (await browser.get(PAGE)).text
    assert "2 documents" in page
    assert page.index("N0") < page.index("N1")
    assert f'href="{vehicle.replace("/api", "/office")}#papers"' in page
    assert "expired on 23 November 2026" in page
    assert "N2" not in page
    wider = (await browser.get(f"{PAGE}?expiring_within=31")).text
    assert ("N2" in wider, "N3" in wider) == (True, False)
    assert "N3" in (await browser.get(f"{PAGE}?expiring_within=")).text
    file = await browser.get(f"{PAGE}/documents.csv?expiring_within=30")
    assert file.headers["content-type"].startswith("text/csv")
    assert [name for name in ("N0", "N1", "N2", "N3") if name in file.text] == ["N0", "N1"]
    wrong = await browser.get(f"{PAGE}?expiring_within=-1")
    assert (wrong.status_code, 'id="f-expiring_within-error"' in wrong.text) == (422, True)


async def test_the_pages_of_the_day_warn(web: Web, world: World) -> None:
    vehicle, driver = await owners(web, world)
    browser = await Browser(web).signed_in("manager@main.example")
    for path in DAY_PAGES:
        assert PAGE + '">' not in (await browser.get(path)).text.partition("<h1>")[2]
    await add(web, world, driver, expires_on=str(TODAY))
    for path in DAY_PAGES:
        assert "1 document of the fleet runs out within 30 days" in (await browser.get(path)).text
    await add(web, world, vehicle, kind="medical", expires_on=str(TODAY - timedelta(days=1)))
    for path in DAY_PAGES:
        page = (await browser.get(path)).text
        assert "1 document of the fleet has run out, 1 runs out within 30 days" in page
    tomorrow = (await browser.get(f"/office/departures?date={TODAY + timedelta(days=1)}")).text
    assert "of the fleet" not in tomorrow.partition("<h1>")[2]
    somebody = await Browser(web).signed_in("driver@main.example")
    shown = await somebody.get("/office/departures")
    assert (shown.status_code, "of the fleet" in shown.text) == (200, False)


async def test_they_are_counted_in_russian(web: Web, world: World) -> None:
    vehicle, _ = await owners(web, world)
    for number in range(2):
        await add(web, world, vehicle, kind="other", number=f"N{number}", expires_on=str(TODAY))
    browser = await Browser(web).signed_in("manager@main.example")
    browser.client.headers["Accept-Language"] = "ru"
    assert "2 документа парка истекают в ближайшие 30 дней" in (await browser.get(DAY_PAGES[0])).text
