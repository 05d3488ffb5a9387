"""Every page, light and dark, looked over by axe; none wider than a small phone."""

from __future__ import annotations

from typing import Literal

import pytest
from axe_playwright_python.sync_playwright import Axe  # type: ignore[import-untyped]

from tests.browser import journey
from tests.browser.conftest import Visit
from tests.browser.journey import Contact
from tests.browser.reader import DESKTOP, PHONE, Language, Reader, Screen, day
from tests.browser.test_edges import expire
from tests.browser.test_sign_in import DISPATCHER, sign_in
from tests.system.product import PASSWORD, Product

pytestmark = pytest.mark.browser

SMALL_PHONE = 360  # pixels
GRAVE = ("serious", "critical")
EVERYTHING: dict[str, object] = {"resultTypes": ["violations"]}
COLOURS = {**EVERYTHING, "runOnly": {"type": "rule", "values": ["color-contrast"]}}  # the rest is the same in the dark
SCHEMES: tuple[tuple[Literal["light", "dark"], dict[str, object]], ...] = (("light", EVERYTHING), ("dark", COLOURS))
BOTH = pytest.mark.parametrize(("screen", "language"), [(PHONE, "ru"), (DESKTOP, "en")], ids=["phone-ru", "desktop-en"])


@BOTH
def test_pages_that_anybody_may_open(visit: Visit, screen: Screen, language: Language) -> None:
    reader = visit(screen, language)
    for path in (
        "/",
        f"/search?from=yelizovo-airport&to=paratunka&date={day(3)}&passengers=3&vehicle_type=bus",
        f"/search?from=avacha-base&to=esso&date={day(3)}",
        f"/search?from=atlantis&to=esso&date={day(3)}",
        "/booking",
        "/signin",
        "/no/such/page",
        "/dev/mail",
        "/api/docs",
    ):
        reader.go(path)
        look_over(reader)
    reader.go("/signin")
    sign_in(reader, DISPATCHER, "not the password")
    look_over(reader)
    sign_in(reader, DISPATCHER, PASSWORD)
    look_over(reader)
    reader.go("/")
    reader.page.locator("#place-from").press_sequentially(journey.AIRPORT[language][0])
    reader.page.get_by_role("option").first.wait_for()
    reader.page.keyboard.press("ArrowDown")
    look_over(reader)


@BOTH
def test_pages_on_the_way_to_the_ticket_and_back(visit: Visit, screen: Screen, language: Language) -> None:
    reader = visit(screen, language)
    page = reader.page
    contact = Contact(name="Анна-Екатерина Вулканова-Ключевская", email=f"{'long' * 12}@traveller.example")
    reader.go(f"/search?from=yelizovo-airport&to=paratunka&date={day(4)}&passengers=2")
    look_over(reader)
    journey.choose(reader)
    look_over(reader)
    journey.keep(reader)
    look_over(reader)
    journey.write(reader, contact._replace(phone="?"))
    look_over(reader)
    journey.write(reader, contact, requests="лыжи " * 20, names=(contact.name, "Jane"))
    reader.heading("Payment")
    look_over(reader)
    address = page.url
    reader.go(f"{address}?payment=failed")
    look_over(reader)
    reader.go(f"{address}?payment=done")
    look_over(reader)
    reader.go(address)
    journey.go_to_pay(reader)
    journey.pay(reader)
    look_over(reader)
    reader.button("Show to the driver").click()
    look_over(reader)
    page.keyboard.press("Escape")
    reader.link("Cancel the booking").click()
    reader.heading("Cancel the booking?")
    look_over(reader)
    page.get_by_role("main").get_by_role("button").click()
    reader.heading("The booking is cancelled")
    look_over(reader)
    reader.go(address + "/cancel")
    look_over(reader)
    reader.go("/dev/mail")
    mail = page.get_by_role("listitem").filter(has_text=contact.email).first
    reader.reload_until(mail.is_visible, "a mail is listed")
    look_over(reader)
    mail.get_by_role("link").click()
    look_over(reader)


@BOTH
def test_pages_of_a_hold_given_back_or_run_out(
    visit: Visit, product: Product, screen: Screen, language: Language
) -> None:
    reader = visit(screen, language)
    journey.hold(reader)
    reader.link("Give the seats back").click()
    reader.heading("Give the seats back?")
    look_over(reader)
    journey.hold(reader)
    expire(product, reader.booking_id, "-1 minutes")
    reader.page.reload()
    reader.heading("The time to pay is over")
    look_over(reader)
    reader.context.clear_cookies()
    reader.page.reload()
    reader.heading("This page is only for whoever booked")
    look_over(reader)


def look_over(reader: Reader) -> None:
    """Assert that axe finds nothing grave in light and, in Russian, in dark; and that nothing sticks out on a small phone."""
    page = reader.page
    found = []
    for scheme, rules in SCHEMES if reader.language == "ru" else SCHEMES[:1]:
        page.emulate_media(color_scheme=scheme)
        page.evaluate("() => new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))")
        for violation in Axe().run(page, options=rules).response["violations"]:
            if violation["impact"] in GRAVE:
                found += [(scheme, violation["id"], node["html"][:200]) for node in violation["nodes"]]
    assert found == [], page.url
    window = page.viewport_size
    assert window is not None
    page.set_viewport_size({"width": SMALL_PHONE, "height": window["height"]})
    assert reader.overflow() <= 0, page.url
    page.set_viewport_size(window)
