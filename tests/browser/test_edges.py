"""What happens to a traveller off the straight way; each of these pages has to offer a way on."""

from __future__ import annotations

import httpx
import pytest
from playwright.sync_api import expect

from tests.browser import journey
from tests.browser.conftest import Visit
from tests.browser.journey import Contact
from tests.browser.reader import DESKTOP, LANGUAGES, PHONE, Language, Reader, Screen, day
from tests.system.product import Product

pytestmark = pytest.mark.browser

BOTH = pytest.mark.parametrize(("screen", "language"), [(PHONE, "ru"), (DESKTOP, "en")], ids=["phone-ru", "desktop-en"])
TUESDAY = 1  # the coach to Esso leaves on Monday, Wednesday and Friday


@BOTH
def test_a_hold_that_runs_out_turns_into_a_page_with_a_way_on(
    visit: Visit, product: Product, screen: Screen, language: Language
) -> None:
    reader = visit(screen, language)
    journey.hold(reader)
    expire(product, reader.booking_id, "2 seconds")
    reader.page.reload()
    reader.heading("The time to pay is over")  # the page has turned by itself
    reader.link("Search this trip again").click()
    reader.page.wait_for_url("**/search?*")
    journey.choose(reader)
    journey.keep(reader)


def test_a_form_sent_after_the_time_is_over_says_so(visit: Visit, product: Product) -> None:
    reader = visit(PHONE, "en", scripts=False)
    journey.hold(reader)
    expire(product, reader.booking_id, "-1 minutes")
    journey.write(reader, Contact())
    reader.heading("The time to pay is over")


def expire(product: Product, booking_id: str, in_: str) -> None:
    product.execute(
        "UPDATE bookings SET expires_at = now() + %(in)s::interval WHERE id = %(id)s", {"in": in_, "id": booking_id}
    )


@BOTH
def test_a_departure_sold_out_meanwhile(visit: Visit, product: Product, screen: Screen, language: Language) -> None:
    reader = visit(screen, language)
    on = day(8 if screen is PHONE else 9)
    reader.go(f"/search?from=yelizovo-airport&to=paratunka&date={on}&passengers=2")
    journey.choose(reader, journey.FOUR_SEATS_AT)
    departure_id = reader.page.url.split("/departures/")[1][:36]
    held = httpx.post(
        f"{product.url}/api/transfers/hold", json={"departure_id": departure_id, "passengers": 4}, timeout=20
    )
    assert held.status_code == 201

    reader.button("Keep these seats").click()
    reader.heading("These seats have just gone")
    assert reader.status == 409
    reader.link("Back to the departure").click()
    expect(reader.page.get_by_role("complementary")).to_contain_text(
        reader.say(
            "Every seat on this stretch is sold. Sometimes a hold runs out and seats come back, so looking again in a while may help."
        )
    )
    expect(reader.button("Keep these seats")).to_have_count(0)
    reader.link("Other departures of the day").click()
    card = reader.page.get_by_role("article").filter(has_text=journey.FOUR_SEATS_AT)
    sold_out = reader.say("Sold out")  # a list of departures may be a second old
    reader.reload_until(lambda: sold_out in card.first.inner_text(), "the list says that it is sold out")


@BOTH
def test_an_empty_day_shows_the_days_near_it(visit: Visit, screen: Screen, language: Language) -> None:
    reader = visit(screen, language)
    on = next(day(ahead) for ahead in range(4, 11) if day(ahead).weekday() == TUESDAY)
    page = reader.go(f"/search?from=yelizovo&to=esso&date={on}")
    page.get_by_role("heading", name=reader.say("Nothing leaves on this day")).wait_for()
    expect(page.locator("#results a.chip")).not_to_have_count(0)
    page.locator("#results a.chip").first.click()
    expect(page.get_by_role("article")).not_to_have_count(0)


def test_a_place_nobody_knows_is_asked_for_again(visit: Visit) -> None:
    reader = visit(PHONE, "ru")
    page = reader.go(f"/search?from=Атлантида&to=esso&date={day(2)}")
    assert reader.status == 422
    expect(page.locator("#place-from")).to_have_value("Атлантида")
    expect(page.locator("#place-from-error")).to_be_visible()
    reader.go(f"/search?from=аэрапорт&to=Паратунка&date={day(2)}")
    page.wait_for_url("**/search?from=yelizovo-airport&to=paratunka&*")


def test_the_page_that_waits_for_the_bank_goes_on_by_itself(visit: Visit) -> None:
    reader = visit(DESKTOP, "en")
    journey.hold(reader)
    journey.write(reader, Contact(email="waits@traveller.example"))
    reader.heading("Payment")
    other = reader.context.new_page()
    other.goto(f"/booking/{reader.booking_id}?payment=done")
    waiting = other.get_by_role("heading", name=reader.say("We are waiting for the bank"))
    waiting.wait_for()
    journey.go_to_pay(reader)
    journey.pay(reader)
    ticket = other.get_by_role("heading", name=reader.say("Your ticket"))
    ticket.wait_for()
    expect(ticket).to_be_focused()


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_switch_of_language_keeps_the_place_and_the_choice(visit: Visit, language: Language) -> None:
    reader = visit(PHONE if language == "ru" else DESKTOP, language)
    other: Language = "en" if language == "ru" else "ru"
    page = reader.page
    journey.hold(reader, passengers=2)
    for path in (
        f"/search?from=yelizovo-airport&to=esso&date={day(3)}&passengers=2&features=wifi&features=child_seat",
        f"/booking/{reader.booking_id}",
        "/no/such/page",
    ):
        reader.go(path)
        for chosen in (other, language):
            page.locator(f"header a[hreflang={chosen}]").click()
            expect(page.locator("html")).to_have_attribute("lang", chosen)
            assert page.url == reader.product.url + path
    page.locator(f"header a[hreflang={other}]").click()
    later = reader.context.new_page()
    later.goto("/booking")
    expect(later.locator("html")).to_have_attribute("lang", other)


@pytest.mark.parametrize("language", LANGUAGES)
def test_an_unknown_page_is_a_page_too(visit: Visit, language: Language) -> None:
    reader = visit(PHONE, language)
    reader.go("/no/such/page")
    assert reader.status == 404
    reader.heading("There is no such page")
    reader.link("Search departures").click()
    reader.heading("Seats across Kamchatka")


@BOTH
def test_the_mails_of_a_demo_can_be_read(visit: Visit, screen: Screen, language: Language) -> None:
    reader = visit(screen, language)
    email = f"mail.{language}@traveller.example"
    journey.hold(reader)
    journey.write(reader, Contact(email=email))
    reader.heading("Payment")
    booking = f"/booking/{reader.booking_id}"
    reader.go("/dev/mail")
    line = reader.page.get_by_role("listitem").filter(has_text=email)
    reader.reload_until(lambda: line.count() == 1, "the mail of the hold is listed")
    line.get_by_role("link").click()
    link = reader.page.get_by_role("article").locator(f"a[href*='{booking}']").first
    reader.context.clear_cookies(name="booking_" + booking.removeprefix("/booking/").replace("-", ""))
    link.click()
    reader.page.wait_for_url(f"**{booking}")  # without the token that came with the mail
    reader.heading("Payment")


def test_what_travellers_write_is_shown_and_never_run(visit: Visit) -> None:
    reader = visit(PHONE, "en")
    name, requests = "<script>alert(1)</script>", "{{7*7}} <img src=x onerror=alert(2)> ${7*7}"
    reader.page.on("dialog", lambda dialog: reader.complaints.append(dialog.message))
    journey.hold(reader)
    contact = Contact(name=name, email="probe@traveller.example")
    journey.write(reader, contact._replace(phone="?"), requests=requests, names=(name,))
    expect(reader.page.locator("#f-name")).to_have_value(name)
    expect(reader.page.locator("#f-special")).to_have_value(requests)
    journey.write(reader, contact, requests=requests, names=(name,))
    expect(reader.page.get_by_role("main")).to_contain_text(name)
    journey.go_to_pay(reader)
    journey.pay(reader)
    expect(reader.page.locator(".ticket")).to_contain_text(name)
    expect(reader.page.locator(".ticket")).to_contain_text(requests)
    _nothing_was_made_of(reader)
    reader.go("/booking?code=%22%3E%3Cscript%3Ealert(3)%3C/script%3E")
    expect(reader.page.locator("#f-code")).to_have_value('"><script>alert(3)</script>')
    _nothing_was_made_of(reader)


def _nothing_was_made_of(reader: Reader) -> None:
    assert reader.page.locator("main script, main img").count() == 0
