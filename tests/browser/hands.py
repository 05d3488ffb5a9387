"""Two ways to use a page that need no pointer and no script: keys alone, and the plain forms of HTML."""

from __future__ import annotations

from typing import Protocol

from playwright.sync_api import Locator, expect

from tests.browser.reader import Reader

FAR = 160  # presses of Tab: the day board of the demo is long
_LONGEST_LIST = 40  # options of a select


class Hands(Protocol):
    """Fills in, chooses and presses what a page has; ``what`` is found as a person would find it."""

    def fill(self, what: Locator, text: str) -> None:
        """Write into a field, over what is there; a date as YYYY-MM-DD."""

    def choose(self, what: Locator, value: str) -> None:
        """Take an option of a select."""

    def tick(self, what: Locator) -> None:
        """Turn on a checkbox or a radio button."""

    def press(self, what: Locator) -> None:
        """Press a button, follow a link or open a disclosure."""


class Plain:
    """A pointer on forms without a script."""

    def fill(self, what: Locator, text: str) -> None:
        what.fill(text)

    def choose(self, what: Locator, value: str) -> None:
        what.select_option(value)

    def tick(self, what: Locator) -> None:
        what.check()

    def press(self, what: Locator) -> None:
        what.click()


class Keys:
    """Tab, Enter, Space, arrows and letters. Wherever the focus goes it is to be seen."""

    def __init__(self, reader: Reader) -> None:
        self._page, self._keys = reader.page, reader.page.keyboard

    def fill(self, what: Locator, text: str) -> None:
        self._reach(what)
        if what.get_attribute("type") == "date":
            self._write_date(what, text)
        else:
            self._keys.press("ControlOrMeta+A")
            self._keys.type(text)
        expect(what).to_have_value(text)

    def choose(self, what: Locator, value: str) -> None:
        self._reach(what)
        self._keys.press("Home")
        for _ in range(_LONGEST_LIST):
            if what.input_value() == value:
                break
            self._keys.press("ArrowDown")
        expect(what).to_have_value(value)
        expect(what).to_be_focused()

    def tick(self, what: Locator) -> None:
        if what.get_attribute("type") == "radio":
            # Tab leads into a group of radio buttons, the arrows lead through it.
            group = self._page.locator(f"input[type=radio][name='{what.get_attribute('name')}']")
            self._reach(group)
            self._keys.press("Space")
            for _ in range(group.count()):
                if what.is_checked():
                    break
                self._keys.press("ArrowDown")
        else:
            self._reach(what)
            self._keys.press("Space")
        expect(what).to_be_checked()
        expect(what).to_be_focused()

    def press(self, what: Locator) -> None:
        self._reach(what)
        self._keys.press("Enter")

    def _write_date(self, what: Locator, text: str) -> None:
        """The parts of a date stand as the country of the browser has them."""
        year, month, day = text.split("-")
        for parts in ((month, day), (day, month)):
            self._keys.type("".join(parts) + year)
            if what.input_value() == text:
                return
            self._keys.press("Shift+Tab")
            self._reach(what)

    def _reach(self, what: Locator) -> None:
        """Press Tab until one of these has the focus; past what is on every page by the link that is there for that."""
        what.first.wait_for(state="attached")
        wanted = what.element_handles()
        told = self._page.evaluate(_FOCUS, wanted)
        for _ in range(FAR):
            if told["here"]:
                return
            self._keys.press("Enter" if told["skips"] else "Tab")
            told = self._page.evaluate(_FOCUS, wanted)
            assert told["shows"], told["html"]
        raise AssertionError(f"Tab does not lead to {what}")


# A page that was just opened has no focus yet, and a skip link leads to its main part, which is not outlined.
_FOCUS = """(wanted) => {
  const it = document.activeElement;
  if (it.matches("body, main")) return { here: false, shows: true, skips: false, html: "" };
  const style = getComputedStyle(it), box = it.getBoundingClientRect();
  const ring = (style.outlineStyle !== "none" && parseFloat(style.outlineWidth) > 0) || style.boxShadow !== "none";
  const inside = box.bottom > 0 && box.top < innerHeight && box.right > 0 && box.left < innerWidth;
  return { here: wanted.includes(it), shows: ring && inside, skips: it.matches("a.skip"), html: it.outerHTML.slice(0, 300) };
}"""
