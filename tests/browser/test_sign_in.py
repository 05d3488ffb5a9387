"""The page for people of an operator."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import Visit
from tests.browser.reader import DESKTOP, PHONE, Language, Reader, Screen
from tests.system.product import PASSWORD

pytestmark = pytest.mark.browser

DISPATCHER = "dispatcher@kamchatka-transfer.example"


@pytest.mark.parametrize(
    ("screen", "language", "scripts"), [(PHONE, "ru", True), (DESKTOP, "en", False)], ids=["phone-ru", "plain-en"]
)
def test_who_signs_in_is_told_who_they_are(visit: Visit, screen: Screen, language: Language, scripts: bool) -> None:
    reader = visit(screen, language, scripts=scripts)
    reader.go("/")
    reader.page.get_by_role("contentinfo").get_by_role("link", name=reader.say("For operators")).click()
    sentences = set()
    for wrong in ((DISPATCHER, "not the password"), ("nobody@kamchatka-transfer.example", PASSWORD)):
        sign_in(reader, *wrong)
        assert reader.status == 401
        sentences.add(reader.page.get_by_role("alert").inner_text())
        expect(reader.page.locator("#f-email")).to_have_value(wrong[0])
        expect(reader.page.locator("#f-password")).to_be_focused()
    assert sentences == {reader.say("The e-mail or the password is not right.")}

    sign_in(reader, DISPATCHER.upper(), PASSWORD)
    assert reader.status == 200
    account = reader.page.get_by_role("region", name=reader.say("Your account"))
    for text in (
        DISPATCHER,
        reader.say("dispatcher"),
        {"ru": "Камчатка Трансфер", "en": "Kamchatka Transfer"}[language],
    ):
        expect(account).to_contain_text(text)
    reader.link("API reference").click()
    reader.page.wait_for_url("**/api/docs")


def sign_in(reader: Reader, email: str, password: str) -> None:
    reader.page.fill("#f-email", email)
    reader.page.fill("#f-password", password)
    with reader.page.expect_navigation():
        reader.button("Sign in").click()
