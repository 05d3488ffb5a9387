"""At the bus: a ticket is taken by its code with and without a connection, and the board of the day follows what is sold."""

from __future__ import annotations

from typing import Any

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import Visit
from tests.browser.reader import DESKTOP, PHONE, Language, Reader, Screen, day
from tests.browser.test_sign_in import DISPATCHER, look_over, sign_in
from tests.system.product import PASSWORD, wait_for

pytestmark = pytest.mark.browser

CONTACT = {"name": "Ульяна Козельская", "phone": "+79140000077", "email": "ulyana@example.org"}
# What a browser says of a request that finds no connection; nothing is wrong with the page.
_AWAY = ("ERR_INTERNET_DISCONNECTED", "ERR_FAILED")


def signed_in(visit: Visit, screen: Screen, language: Language, *, scripts: bool = True) -> Reader:
    """A dispatcher."""
    reader = visit(screen, language, scripts=scripts)
    reader.go("/signin")
    sign_in(reader, DISPATCHER, PASSWORD)
    reader.page.wait_for_url("**/office")
    return reader


class Desk:
    """The same dispatcher over the API."""

    def __init__(self, reader: Reader) -> None:
        self.reader = reader
        self.api = reader.context.request
        known = {"email": DISPATCHER, "password": PASSWORD}
        token = self.api.post("/api/auth/signin", data=known).json()["access_token"]
        self.headers = {"Authorization": f"Bearer {token}"}

    def departure(self, number: int) -> dict[str, Any]:
        """That departure of tomorrow, with room on it."""
        listed = self.api.get(f"/api/departures?date={day(1)}&status=open", headers=self.headers).json()["items"]
        found: dict[str, Any] = [one for one in listed if one["capacity"] >= 16][number]
        return found

    def booked(self, departure: str, passengers: int = 2) -> dict[str, Any]:
        """A confirmed booking of that departure."""
        body = {"departure_id": departure, "passengers": passengers, "contact": CONTACT}
        booking: dict[str, Any] = self.api.post("/api/transfers/book", data=body).json()
        decision = {"booking_id": booking["id"], "action": "confirm"}
        reply = self.api.post("/api/transfers/confirm", data=decision, headers=self.headers)
        assert reply.status == 200, reply.text()
        return booking

    def boarded(self, departure: str, code: str) -> bool:
        """Whether the hub knows that the booking has boarded."""
        told = self.api.get(f"/api/departures/{departure}/manifest", headers=self.headers).json()
        return any(row["boarded"] for row in told["passengers"] if row["booking_code"] == code)


def test_boarding_goes_on_without_a_connection(visit: Visit) -> None:
    reader = signed_in(visit, PHONE, "ru")
    desk = Desk(reader)
    departure = desk.departure(0)["id"]
    early, late = desk.booked(departure), desk.booked(departure)
    page = reader.page
    reader.go(f"/office/departures/{departure}/boarding")
    look_over(reader)
    page.locator("#boarding[data-kept]").wait_for()  # there for a reload without a connection
    answer = page.locator("[data-answer]")

    def board(code: str) -> None:
        page.fill("#f-code", code)
        page.locator("#f-code").press("Enter")

    board(f"KAMHUB:{early['code']}")
    expect(answer).to_contain_text(reader.say("On board"))
    expect(answer).to_contain_text(CONTACT["name"])
    look_over(reader)
    wait_for(lambda: desk.boarded(departure, early["code"]), 20, "the hub hears of the boarding")

    reader.context.set_offline(True)
    board(late["code"].lower())
    expect(answer).to_have_attribute("data-tone", "good")
    board(late["code"])
    expect(answer).to_contain_text(reader.say("Is on board already"))
    board("ABCD2345")
    expect(answer).to_contain_text(reader.say("Not on this departure"))
    waits = page.locator("[data-queue]")
    expect(waits).to_contain_text("1")
    look_over(reader)

    page.reload()  # the phone was put away and taken out again
    expect(page.locator("h1")).to_have_text(reader.say("Boarding"))
    expect(page.locator(f"[data-party='{late['id']}'] [data-aboard]")).to_be_visible()
    expect(page.locator("[data-queue]")).to_contain_text("1")
    assert not desk.boarded(departure, late["code"])

    reader.context.set_offline(False)
    wait_for(lambda: desk.boarded(departure, late["code"]), 30, "what was scanned is sent")
    expect(page.locator("[data-queue]")).to_be_hidden()
    reader.complaints[:] = [text for text in reader.complaints if not any(away in text for away in _AWAY)]


def test_boarding_by_code_without_scripts(visit: Visit) -> None:
    reader = signed_in(visit, DESKTOP, "en", scripts=False)
    desk = Desk(reader)
    departure = desk.departure(1)["id"]
    booking = desk.booked(departure, 1)
    reader.go(f"/office/departures/{departure}/boarding")
    reader.page.fill("#f-code", "nonsense")
    reader.page.locator("#f-code").press("Enter")
    expect(reader.page.locator("#f-code-error")).to_be_visible()
    reader.page.fill("#f-code", booking["code"])
    reader.page.locator("#f-code").press("Enter")
    expect(reader.page.get_by_role("status").first).to_contain_text(booking["code"])
    assert desk.boarded(departure, booking["code"])
    reader.go(f"/office/departures/{departure}/manifest")
    look_over(reader)


@pytest.mark.parametrize(("screen", "language"), [(PHONE, "ru"), (DESKTOP, "en")], ids=["phone-ru", "desktop-en"])
def test_the_board_of_the_day_follows_what_is_sold(visit: Visit, screen: Screen, language: Language) -> None:
    reader = signed_in(visit, screen, language)
    desk = Desk(reader)
    departure = desk.departure(2 if language == "ru" else 3)
    reader.go(f"/office/departures?date={day(1)}")
    look_over(reader)
    assert reader.overflow() == 0
    row = reader.page.locator(f"[data-live='{departure['id']}']")
    taken = departure["legs"][0]["taken"]
    expect(row).to_contain_text(f"{taken}/{departure['capacity']}")
    held = desk.api.post("/api/transfers/hold", data={"departure_id": departure["id"], "passengers": 3})
    assert held.status == 201
    expect(row).to_contain_text(f"{taken + 3}/{departure['capacity']}")  # without a reload
    closed = desk.api.post(f"/api/departures/{departure['id']}/close", headers=desk.headers)
    assert closed.status == 200
    expect(row).to_contain_text(reader.say("Sales closed"))
    assert desk.api.post(f"/api/departures/{departure['id']}/reopen", headers=desk.headers).status == 200
    for path in ("/month", "/new", f"/{departure['id']}", f"/{departure['id']}/manifest"):
        reader.go(f"/office/departures{path}")
        look_over(reader)
        assert reader.overflow() == 0, path
