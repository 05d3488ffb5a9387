"""The whole way of a traveller, from the search to the money back."""

from __future__ import annotations

import re
from datetime import datetime
from pathlib import Path

import pytest
from playwright.sync_api import expect

from tests.browser import journey
from tests.browser.conftest import Visit
from tests.browser.journey import Contact
from tests.browser.reader import DESKTOP, LANGUAGES, PHONE, SCREENS, Language, Reader, Screen

pytestmark = pytest.mark.browser

SEATS = 3
TOTAL = 7500  # roubles


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("screen", SCREENS.values(), ids=SCREENS.keys())
def test_search_hold_pay_ride_or_cancel(visit: Visit, screen: Screen, language: Language) -> None:
    reader = visit(screen, language)
    the_whole_way(reader, visit, screen)


@pytest.mark.parametrize(("screen", "language"), [(PHONE, "ru"), (DESKTOP, "en")], ids=["phone-ru", "desktop-en"])
def test_the_same_without_scripts(visit: Visit, screen: Screen, language: Language) -> None:
    reader = visit(screen, language, scripts=False)
    the_whole_way(reader, visit, screen)


def the_whole_way(reader: Reader, visit: Visit, screen: Screen) -> None:
    page = reader.page
    contact = Contact(email=f"way.{'scripts' if reader.scripts else 'plain'}.{screen.width}@traveller.example")
    journey.search(reader, SEATS)
    assert page.locator("html").get_attribute("lang") == reader.language
    journey.choose(reader)
    expect(page.locator("#hold-passengers")).to_have_value(str(SEATS))
    journey.keep(reader)
    the_clock_survives_a_reload(reader)

    journey.write(reader, contact._replace(phone="12", email="no address"))
    the_form_says_what_is_wrong(reader, contact)
    journey.write(reader, contact, names=("Анна Вулканова", "Jane O’Neil"))

    journey.go_to_pay(reader)
    journey.be_declined(reader)
    expect(page.get_by_role("alert")).to_contain_text(
        reader.say(
            "The payment did not go through and nothing was charged. Your seats are still kept: try again, or with another card."
        )
    )
    journey.go_to_pay(reader)
    journey.pay(reader)
    the_ticket_is_whole(reader)
    code = journey.code(reader)

    the_booking_is_found_again(visit(screen, reader.language, scripts=reader.scripts), code, contact)
    the_refund_is_shown_before_it_is_asked(reader)


def the_clock_survives_a_reload(reader: Reader) -> None:
    clock = reader.page.locator("[data-countdown]")
    until = clock.get_attribute("data-until")
    assert until is not None
    expect(clock.locator("time")).to_have_text(re.compile(r"^\d\d:\d\d$"))
    before = _seconds_left(reader)
    reader.page.reload()
    assert clock.get_attribute("data-until") == until
    assert 0 < _seconds_left(reader) <= before


def _seconds_left(reader: Reader) -> float:
    """Of the ticking clock; without scripts, of the times it is told."""
    clock = reader.page.locator("[data-countdown]")
    ticking = clock.locator("[data-left]")
    if not reader.scripts:
        expect(ticking).to_be_hidden()
        until, now = (datetime.fromisoformat(clock.get_attribute(f"data-{name}") or "") for name in ("until", "now"))
        return (until - now).total_seconds()
    expect(ticking).to_have_text(re.compile(r"^\d+:\d\d$"))
    minutes, seconds = ticking.inner_text().split(":")
    return int(minutes) * 60 + int(seconds)


def the_form_says_what_is_wrong(reader: Reader, contact: Contact) -> None:
    page = reader.page
    expect(page.get_by_role("alert")).to_contain_text("2")
    assert reader.status == 422
    expect(page.locator("#f-phone-error")).to_have_text(
        reader.say("This does not look like a phone number. Begin with the country code, such as +7.")
    )
    expect(page.locator("#f-email-error")).to_be_visible()
    expect(page.locator("#f-name")).to_have_value(contact.name)
    expect(page.locator("#f-phone")).to_have_value("12")
    expect(page.locator("#f-phone")).to_be_focused()
    assert "f-phone-error" in (page.locator("#f-phone").get_attribute("aria-describedby") or "")


def the_ticket_is_whole(reader: Reader) -> None:
    page = reader.page
    expect(page.get_by_role("img", name=journey.code(reader)).locator("svg")).to_be_visible()
    expect(page.locator(".ticket")).to_contain_text("Jane O’Neil")
    expect(page.locator(".ticket")).to_contain_text(_money(reader, TOTAL))
    code = journey.code(reader)
    for label, suffix, beginning in (("PDF", "pdf", b"%PDF-"), ("To the calendar", "ics", b"BEGIN:VCALENDAR")):
        with page.expect_download() as started:
            reader.link(label).click()
        assert started.value.suggested_filename == f"{code}.{suffix}"
        assert Path(started.value.path()).read_bytes().startswith(beginning)


def the_booking_is_found_again(stranger: Reader, code: str, contact: Contact) -> None:
    page = stranger.page
    stranger.go("/booking")
    sentences = set()
    for wrong in ((code, "nobody@traveller.example"), ("ZZZZZZZZ", contact.email)):
        _look_up(stranger, *wrong)
        sentences.add(page.get_by_role("alert").inner_text())
        assert stranger.status == 404
    assert sentences == {
        stranger.say("There is no booking with this code and this e-mail or phone. Please check both.")
    }
    for right in ((code.lower(), "+7 (914) 123 45 67"), (f" {code} ", contact.email.upper())):
        stranger.context.clear_cookies()
        stranger.go("/booking")
        _look_up(stranger, *right)
        stranger.heading("Your ticket")
        assert journey.code(stranger) == code


def _look_up(reader: Reader, code: str, contact: str) -> None:
    reader.page.fill("#f-code", code)
    reader.page.fill("#f-email_or_phone", contact)
    with reader.page.expect_navigation():
        reader.button("Find").click()


def the_refund_is_shown_before_it_is_asked(reader: Reader) -> None:
    page = reader.page
    reader.link("Cancel the booking").click()
    reader.heading("Cancel the booking?")
    returned = page.locator("dl div", has_text=reader.say("Comes back to you"))
    expect(returned.locator("dd")).to_have_text(_money(reader, TOTAL))
    reader.link("Keep it").click()
    reader.heading("Your ticket")
    reader.link("Cancel the booking").click()
    page.get_by_role("main").get_by_role("button").click()
    reader.heading("The booking is cancelled")
    expect(page.get_by_role("region", name=reader.say("Refund"))).to_contain_text(_money(reader, TOTAL))
    done = page.get_by_text(reader.say("returned"), exact=True)
    reader.reload_until(done.is_visible, "the refund is completed")


def _money(reader: Reader, roubles: int) -> str:
    grouped = f"{roubles:,}" if reader.language == "en" else f"{roubles:,}".replace(",", "\u00a0")
    return f"{grouped}\u00a0₽"
