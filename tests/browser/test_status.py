"""The state of the hub, looked at: every part is there, one whose table cannot be read says so alone and comes back."""

from __future__ import annotations

import pytest
from playwright.sync_api import Locator, expect

from tests.browser.conftest import Visit
from tests.browser.reader import DESKTOP, PHONE, Language, Reader, Screen
from tests.browser.test_office import office
from tests.browser.test_sign_in import look_over
from tests.system.product import Product, wait_for

pytestmark = pytest.mark.browser

HEADINGS = ("What the hub promises", "Backups", "Background jobs", "Services of others", "What the hub runs on")
FAILED = "This part could not be shown. The rest of the page works."
WAYS = pytest.mark.parametrize(
    ("screen", "language", "scripts"), [(PHONE, "ru", True), (DESKTOP, "en", False)], ids=["phone-ru", "plain-en"]
)


def part(reader: Reader, heading: str) -> Locator:
    return reader.page.get_by_role("heading", level=2, name=reader.say(heading), exact=True)


@WAYS
def test_every_part_is_there_and_one_that_fails_comes_back(
    visit: Visit, product: Product, screen: Screen, language: Language, scripts: bool
) -> None:
    owner = office(visit, screen, language, scripts)
    owner.go("/office/status")
    if not product.rows("SELECT FROM integrity_checks"):
        owner.button("Check now").click()
        asked = owner.say("The promises are being checked. Look again in a moment.")
        expect(owner.page.get_by_role("status").filter(has_text=asked)).to_be_visible()
    wait_for(lambda: len(product.rows("SELECT FROM integrity_checks")) > 10, 60, "a worker counts the promises")
    owner.go("/office/status")
    for heading in HEADINGS:
        expect(part(owner, heading)).to_be_visible()
    failed = owner.page.locator("[data-part-failed]")
    expect(failed).to_have_count(0)
    look_over(owner)
    product.execute("REVOKE SELECT ON service_calls FROM kamhub_tenant")
    try:
        owner.go("/office/status")
        assert owner.status == 200
        expect(failed).to_have_count(1)
        expect(owner.page.locator("#part-providers")).to_contain_text(owner.say(FAILED))
        for heading in (*HEADINGS[:3], HEADINGS[4]):
            expect(part(owner, heading)).to_be_visible()
        look_over(owner)
        again = owner.page.get_by_role("link", name=owner.say("Try again"))
        again.click()  # it still fails, and can be asked for once more
        expect(failed).to_have_count(1)
    finally:
        product.execute("GRANT SELECT ON service_calls TO kamhub_tenant")
    again.click()
    expect(part(owner, HEADINGS[3])).to_be_visible()
    expect(failed).to_have_count(0)
    assert owner.page.url.partition("#")[0] == f"{product.url}/office/status"
