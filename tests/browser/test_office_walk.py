"""Every page of the office that a link leads to: it opens and fits the screen, and axe finds nothing on a phone.

The pages people work with are looked over by axe on a desktop too, in ``test_office``.
"""

from __future__ import annotations

import re
from collections import deque
from urllib.parse import urlsplit

import pytest

from tests.browser import journey
from tests.browser.conftest import Visit
from tests.browser.reader import DESKTOP, PHONE, Language, Reader, Screen
from tests.browser.test_office import office
from tests.browser.test_sign_in import look_over

pytestmark = pytest.mark.browser

FEWEST = 30  # kinds of pages; there are more, and a link that is lost shows here
_VARIABLE = re.compile(r"[0-9a-f]{8}-[0-9a-f-]{27}|\d{4}-\d{2}(-\d{2})?|\d+")
# A link in a picture has its address in another form.
_ADDRESSES = "links => links.map(link => new URL(link.getAttribute('href'), document.baseURI).href)"
_FILES = re.compile(r"\.(csv|pdf|zip|ics|jpg)$|/export$")


def kind_of(path: str) -> str:
    """The path with ids, dates and numbers left out: one page of a kind is enough."""
    return _VARIABLE.sub("*", path)


def links_of(reader: Reader) -> list[str]:
    """Paths and queries of the links on the page that stay in the office."""
    hrefs: list[str] = reader.page.eval_on_selector_all("a[href]:not([download])", _ADDRESSES)
    found = []
    for href in hrefs:
        parts = urlsplit(href)
        if f"{parts.scheme}://{parts.netloc}" == reader.product.url and parts.path.startswith(("/office", "/account")):
            found.append(parts.path + (f"?{parts.query}" if parts.query else ""))
    return found


@pytest.mark.timeout(600)
@pytest.mark.parametrize(("screen", "language"), [(PHONE, "ru"), (DESKTOP, "en")], ids=["phone-ru", "desktop-en"])
def test_every_page_of_the_office_opens_and_is_accessible(visit: Visit, screen: Screen, language: Language) -> None:
    journey.ticket(visit(screen, language))  # so that bookings, payments and messages have pages of their own
    owner = office(visit, screen, language, True)
    waiting, met = deque([("/office", "")]), {"/office"}
    while waiting:
        address, linked_from = waiting.popleft()
        owner.go(address)
        assert owner.status == 200, f"{address}, linked from {linked_from}"
        if screen == PHONE:
            look_over(owner)
        assert owner.overflow() <= 0, address
        for link in links_of(owner):
            path = link.partition("?")[0]
            if kind_of(path) not in met and not _FILES.search(path):
                met.add(kind_of(path))
                waiting.append((link, address))
    assert len(met) >= FEWEST, sorted(met)
