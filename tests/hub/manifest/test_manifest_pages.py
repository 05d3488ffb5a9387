"""The manifest to read and to print, and boarding on a page without a script."""

from __future__ import annotations

from datetime import timedelta
from io import BytesIO

import pytest

from kamhub.kit.clock import ManualClock
from tests.asgi import Web
from tests.builders import World
from tests.hub.departure.support import Office, driven, driver, sold

SOON = timedelta(hours=20)


@pytest.fixture
def office(web: Web, world: World) -> Office:
    return Office(web, world, "dispatcher")


async def test_the_manifest_is_read_printed_and_downloaded(office: Office, world: World) -> None:
    departure = world.departure(departs_in=SOON, capacity=16)
    address = f"/office/departures/{departure}"
    assert "Nobody has booked" in (await office.get(f"{address}/manifest")).text
    assert (await office.get(f"{address}/manifest.pdf")).content.startswith(b"%PDF-")
    booking = sold(world, departure, 2, names=("Анна Ёлкина",), pay_by="on_board", special_requests="Детское кресло")
    page = (await office.get(f"{address}/manifest")).text
    for text in ("Анна Ёлкина 2", booking["code"], "+7 914 123-45-67", "Детское кресло", "2,000", "0 of 2 on board"):
        assert text in page, text
    file = await office.get(f"{address}/manifest.csv")
    assert file.headers["content-type"].startswith("text/csv")
    assert "Анна Ёлкина" in file.text
    sheets = await office.get(f"{address}/manifest.pdf")
    assert sheets.headers["content-type"] == "application/pdf"
    assert "manifest-2026-11-25-0800.pdf" in sheets.headers["content-disposition"]
    pypdf = pytest.importorskip("pypdf")
    text = pypdf.PdfReader(BytesIO(sheets.content)).pages[0].extract_text()
    assert "Анна Ёлкина" in text


async def test_boarding_by_code_without_a_script(office: Office, world: World) -> None:
    departure, other = world.departure(departs_in=SOON), world.departure(departs_in=SOON)
    address = f"/office/departures/{departure}/boarding"
    booking, elsewhere = sold(world, departure, 2), sold(world, other)
    page = await office.get(address)
    assert page.status_code == 200, page.text
    assert "camera=(self)" in page.headers["permissions-policy"]
    code = booking["code"].lower()
    done = await office.post(address, code=f" {code[:4]}-{code[4:]} ")
    assert (done.status_code, done.headers["location"]) == (303, f"{address}?boarded={booking['code']}")
    shown = (await office.get(done.headers["location"])).text
    assert f"{booking['code']} is on board." in shown
    assert "2 of 2 on board" in shown
    assert (await office.post(address, code=f"KAMHUB:{booking['code']}")).status_code == 303, "may be said twice"
    wrong = await office.post(address, code=elsewhere["code"])
    assert (wrong.status_code, "No booking of this departure has this code" in wrong.text) == (404, True)
    empty = await office.post(address, code="")
    assert (empty.status_code, 'id="f-code-error"' in empty.text) == (422, True)
    late = sold(world, world.departure(departs_in=timedelta(days=3)), 1)
    [[far]] = world.rows("SELECT departure_id FROM bookings WHERE id = %s", late["id"])
    early = await office.post(f"/office/departures/{far}/boarding", code=late["code"])
    assert (early.status_code, "Boarding begins the day before" in early.text) == (409, True)


async def test_a_no_show_is_noted_on_the_manifest(office: Office, world: World, clock: ManualClock) -> None:
    departure = world.departure(departs_in=timedelta(minutes=5), sales_cutoff=timedelta(0))
    booking = sold(world, departure)
    address = f"/office/departures/{departure}"
    form = f"{address}/bookings/{booking['id']}/no-show"
    assert "Did not come" not in (await office.get(f"{address}/manifest")).text
    early = await office.post(form, missing="yes")
    assert (early.status_code, "has not left yet" in early.text) == (409, True)
    clock.advance(timedelta(minutes=6))
    assert "Did not come" in (await office.get(f"{address}/manifest")).text
    noted = await office.post(form, missing="yes")
    assert noted.status_code == 303
    page = (await office.get(noted.headers["location"])).text
    assert "noted as not having come" in page
    assert "Came after all" in page
    back = await office.post(form, missing="no")
    assert "The note is taken back." in (await office.get(back.headers["location"])).text
    assert (await office.post(form, missing="perhaps")).status_code == 422


async def test_a_driver_opens_their_own_alone(web: Web, world: World) -> None:
    mine, others = world.departure(departs_in=SOON), world.departure(departs_in=SOON)
    driven(world, mine, driver(world, role="driver"))
    office = Office(web, world, "driver")
    for part in ("manifest", "manifest.pdf", "manifest.csv", "boarding"):
        assert (await office.get(f"/office/departures/{mine}/{part}")).status_code == 200
        assert (await office.get(f"/office/departures/{others}/{part}")).status_code == 404
    viewer = Office(web, world, "viewer")
    assert (await viewer.get(f"/office/departures/{mine}/boarding")).status_code == 403


async def test_the_worker_of_the_page_serves_what_is_beside_it(office: Office) -> None:
    reply = await office.get("/office/departures/boarding-worker.js")
    assert reply.headers["content-type"].startswith("text/javascript")
    assert "caches" in reply.text
