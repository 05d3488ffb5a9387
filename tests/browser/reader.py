"""Somebody with a browser: a screen, a language, scripts or none."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from typing import Literal, NamedTuple
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from playwright.sync_api import Browser, ConsoleMessage, Locator, Page, Request, Response

from kamhub.platform.i18n.catalogue import translator
from tests.system.product import Product, wait_for

Language = Literal["ru", "en"]
PATIENCE_MS = 20_000  # a bound for a machine busy with other tests


class Screen(NamedTuple):
    """Pixels of the window."""

    width: int
    height: int


PHONE = Screen(390, 844)
DESKTOP = Screen(1280, 900)
SCREENS = {"phone": PHONE, "desktop": DESKTOP}
LANGUAGES: tuple[Language, ...] = ("ru", "en")
_TAGS = {"ru": "ru-RU", "en": "en-GB"}


def day(ahead: int) -> date:
    """The date in Kamchatka so many days from now."""
    return (datetime.now(UTC).astimezone(ZoneInfo("Asia/Kamchatka")) + timedelta(days=ahead)).date()


class Reader:
    """One browser profile with one page open. Remembers what went wrong and where it was led."""

    def __init__(
        self, browser: Browser, product: Product, screen: Screen, language: Language, *, scripts: bool
    ) -> None:
        self.product = product
        self.language = language
        self.scripts = scripts
        self.context = browser.new_context(
            base_url=product.url,
            viewport={"width": screen.width, "height": screen.height},
            locale=_TAGS[language],
            java_script_enabled=scripts,
            reduced_motion="reduce",
        )
        self.context.set_default_timeout(PATIENCE_MS)
        self.status = 0
        self.hosts: set[str] = set()
        self.complaints: list[str] = []
        self._refused: set[str] = set()
        self.context.on("request", self._count)
        self.context.on("response", self._note)
        self.context.on("console", self._hear)
        self.context.on("weberror", lambda error: self.complaints.append(str(error.error)))
        self.page: Page = self.context.new_page()

    def leave(self) -> None:
        """Close the profile; asserts that no script failed and nothing was asked of a strange host."""
        self.context.close()
        assert self.complaints == []
        assert self.hosts <= {self.product.url, self.provider}

    @property
    def provider(self) -> str:
        """Where the stand-in of the payment provider is."""
        return f"http://127.0.0.1:{(self.product.folder / 'payments-demo.port').read_text().strip()}"

    @property
    def booking_id(self) -> str:
        """The booking whose page is open."""
        found = re.search(r"/booking/([0-9a-f-]{36})", self.page.url)
        assert found, self.page.url
        return found[1]

    def say(self, message: str, **values: object) -> str:
        """A message of the catalogue in the reader's language."""
        text = translator(self.language).gettext(message)
        return text % values if values else text

    def go(self, path: str) -> Page:
        """Open an address of ours, whatever it answers."""
        self.page.goto(path)
        return self.page

    def heading(self, message: str, **values: object) -> Locator:
        """Wait for the first heading of the page to say that."""
        heading = self.page.get_by_role("heading", level=1, name=self.say(message, **values), exact=True)
        heading.wait_for()
        return heading

    def button(self, message: str) -> Locator:
        """The button with that label."""
        return self.page.get_by_role("button", name=self.say(message), exact=True)

    def link(self, message: str, **values: object) -> Locator:
        """The link with that text in the main part of the page."""
        return self.page.get_by_role("main").get_by_role("link", name=self.say(message, **values), exact=True)

    def open_menu(self) -> None:
        """On a phone the sections of the office are behind a button."""
        summary = self.page.locator("details[data-menu] > summary")
        if summary.is_visible():
            summary.click()

    def reload_until(self, condition: Callable[[], bool], what: str, seconds: float = 30.0) -> None:
        """Open the page again until it shows what the worker has done."""

        def shown() -> bool:
            self.page.reload()
            return condition()

        wait_for(shown, seconds, what)

    def focused(self, attribute: str) -> str | None:
        """That attribute of the element with the focus."""
        value: str | None = self.page.locator(":focus").get_attribute(attribute)
        return value

    def overflow(self) -> int:
        """Pixels by which the page is wider than the window."""
        pixels: int = self.page.evaluate("document.documentElement.scrollWidth - window.innerWidth")
        return pixels

    def _count(self, request: Request) -> None:
        parts = urlsplit(request.url)
        if parts.scheme not in ("data", "blob"):
            self.hosts.add(f"{parts.scheme}://{parts.netloc}")

    def _note(self, response: Response) -> None:
        if response.request.resource_type == "document":
            self.status = response.status
            if response.status >= 400:
                self._refused.add(response.url)

    def _hear(self, message: ConsoleMessage) -> None:
        # The browser calls a page with a status of 4xx an error; to us it is a page like others.
        if message.type in ("error", "warning") and message.location["url"] not in self._refused:
            self.complaints.append(f"{message.text} ({message.location['url']})")
