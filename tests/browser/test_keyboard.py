"""With a keyboard alone: from the first page to the seats held."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import Visit
from tests.browser.journey import AIRPORT, SPRINGS
from tests.browser.reader import DESKTOP, PHONE, Language, Reader, Screen, day

pytestmark = pytest.mark.browser

FAR = 60  # presses of Tab


@pytest.mark.parametrize(("screen", "language"), [(DESKTOP, "ru"), (PHONE, "en")], ids=["desktop-ru", "phone-en"])
def test_seats_are_held_without_a_pointer(visit: Visit, screen: Screen, language: Language) -> None:
    reader = visit(screen, language)
    keys = reader.page.keyboard
    reader.go("/")

    keys.press("Tab")
    expect(reader.page.locator("a.skip")).to_be_focused()
    expect(reader.page.locator("a.skip")).to_be_in_viewport()
    keys.press("Enter")
    expect(reader.page.locator("main")).to_be_focused()

    for field, (typed, name) in (("from", AIRPORT[language]), ("to", SPRINGS[language])):
        tab_to(reader, f"#place-{field}")
        keys.type(typed)
        expect(reader.page.get_by_role("option", name=name, exact=True)).to_be_visible()
        keys.press("Escape")
        expect(reader.page.locator(f"#place-{field}")).to_have_attribute("aria-expanded", "false")
        keys.press("ArrowDown")
        expect(reader.page.get_by_role("option", name=name, exact=True)).to_be_visible()
        keys.press("ArrowDown")
        expect(reader.page.get_by_role("option", name=name, exact=True)).to_have_attribute("aria-selected", "true")
        keys.press("Enter")
        expect(reader.page.locator(f"#place-{field}")).to_have_value(name)
    tab_to(reader, f"button[aria-label='{reader.say('One more')}']")
    keys.press("Space")
    tab_to(reader, "#search button[type=submit]")
    keys.press("Enter")
    reader.page.wait_for_url("**/search?*from=yelizovo-airport&to=paratunka*passengers=2*")

    tab_to(reader, f"a[data-day='{day(2)}']")
    keys.press("Enter")
    reader.page.wait_for_url(f"**/search?*date={day(2)}*")
    # The list was exchanged under the reader's hands: the focus goes to its heading, the form keeps up.
    expect(reader.page.locator("#results-title")).to_be_focused()
    expect(reader.page.locator("#search-date")).to_have_value(day(2).isoformat())

    tab_to(reader, f"a[aria-label$='{reader.say('Departure at %(time)s', time='08:30')}']")
    keys.press("Enter")
    reader.page.wait_for_url("**/departures/**")
    tab_to(reader, "form[action$='/hold'] button[type=submit]")
    keys.press("Enter")
    reader.heading("Who is travelling?")
    assert re.search(r"/booking/[0-9a-f-]{36}$", reader.page.url)


def tab_to(reader: Reader, selector: str) -> None:
    """Press Tab until that element has the focus; on the way it must be visible where the focus is."""
    for _ in range(FAR):
        reader.page.keyboard.press("Tab")
        assert reader.page.evaluate(_FOCUS_SHOWS), reader.page.locator(":focus").evaluate("it => it.outerHTML")
        if reader.page.locator(f"{selector}:focus").count():
            return
    raise AssertionError(f"Tab does not lead to {selector}")


_FOCUS_SHOWS = """() => {
  const it = document.activeElement;
  if (it === document.body) return true;
  const style = getComputedStyle(it);
  return (style.outlineStyle !== "none" && parseFloat(style.outlineWidth) > 0) || style.boxShadow !== "none";
}"""
