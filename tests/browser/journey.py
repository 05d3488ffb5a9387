"""The steps of a traveller, to be put together into ways through the product."""

from __future__ import annotations

import re
from datetime import date
from typing import NamedTuple

from playwright.sync_api import expect

from tests.browser.reader import Reader, day

PAYS_AFTER_CODE = "4242424242424242"
DECLINED = "4000056655665556"
SIXTEEN_SEATS_AT = "08:30"
FOUR_SEATS_AT = "10:30"
AIRPORT = {"ru": ("аэро", "Аэропорт Елизово"), "en": ("airp", "Yelizovo Airport")}
SPRINGS = {"ru": ("парат", "Паратунка"), "en": ("parat", "Paratunka")}


class Contact(NamedTuple):
    """Who books."""

    name: str = "Анна Вулканова"
    phone: str = "8 914 123-45-67"
    email: str = "anna@traveller.example"


def search(reader: Reader, passengers: int, on: date | None = None) -> None:
    """From the first page to the departures from the airport to Paratunka."""
    page = reader.go("/")
    for field, (typed, name) in (("from", AIRPORT[reader.language]), ("to", SPRINGS[reader.language])):
        box = page.locator(f"#place-{field}")
        if reader.scripts:
            box.press_sequentially(typed)
            page.locator(f"#place-{field}-options").get_by_role("option", name=name, exact=True).click()
            expect(box).to_have_value(name)
        else:
            box.fill(name)
    page.fill("#search-date", (on or day(3)).isoformat())
    if reader.scripts:
        for _ in range(passengers - 1):
            reader.button("One more").click()
    else:
        page.fill("#search-passengers", str(passengers))
    reader.button("Find").click()
    page.wait_for_url("**/search?*from=yelizovo-airport&to=paratunka*")


def choose(reader: Reader, time: str = SIXTEEN_SEATS_AT) -> None:
    """Open the departure of that time."""
    reader.page.get_by_role("link", name=reader.say("Departure at %(time)s", time=time)).click()
    reader.page.wait_for_url("**/departures/**")


def hold(reader: Reader, passengers: int = 1, on: date | None = None, time: str = SIXTEEN_SEATS_AT) -> None:
    """From the results of a day to the page that asks who travels."""
    reader.go(f"/search?from=yelizovo-airport&to=paratunka&date={on or day(3)}&passengers={passengers}")
    choose(reader, time)
    keep(reader)


def keep(reader: Reader) -> None:
    """Press the button that holds."""
    reader.button("Keep these seats").click()
    reader.heading("Who is travelling?")


def write(reader: Reader, contact: Contact, *, requests: str = "", names: tuple[str, ...] = ()) -> None:
    """Fill in who travels and send it."""
    for field, value in contact._asdict().items():
        reader.page.fill(f"#f-{field}", value)
    for index, name in enumerate(names):
        reader.page.fill(f"#f-passenger_list-{index}-name", name)
    reader.page.fill("#f-special", requests)
    reader.button("Go on to payment").click()


def go_to_pay(reader: Reader) -> None:
    """To the page of the payment provider, asking once more as long as it has none."""
    reader.heading("Payment")
    reader.page.locator(f"a[href^='{reader.provider}/d/']").click()
    reader.page.wait_for_url(f"{reader.provider}/d/**")


def be_declined(reader: Reader) -> None:
    """Try a card without money and come back."""
    reader.page.locator(f"button[value='{DECLINED}']").click()
    reader.page.get_by_role("alert").get_by_role("link").click()
    reader.page.wait_for_url("**/booking/*?payment=failed")


def pay(reader: Reader) -> None:
    """Pay with a card whose bank asks for a code; ends on the ticket."""
    reader.page.locator(f"button[value='{PAYS_AFTER_CODE}']").click()
    reader.page.wait_for_url("**/3ds/*")
    reader.page.fill("[name=code]", "1234")
    reader.page.locator("button[value=confirm]").click()
    reader.page.wait_for_url("**/booking/*")
    reader.heading("Your ticket")


def ticket(reader: Reader, contact: Contact | None = None) -> str:
    """All the way to a ticket for one; its code."""
    hold(reader)
    write(reader, contact or Contact())
    go_to_pay(reader)
    pay(reader)
    return code(reader)


def code(reader: Reader) -> str:
    """The code on the ticket."""
    text = reader.page.locator(".ticket-stub .font-mono").inner_text().strip()
    assert re.fullmatch(r"[A-Z0-9]{8}", text), text
    return text
