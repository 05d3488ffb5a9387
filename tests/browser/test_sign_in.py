"""The people of an operator: into the office and out again, and what another site can do to them meanwhile."""

from __future__ import annotations

import re
import threading
from collections.abc import Iterator
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import ClassVar
from uuid import uuid4

import pytest
from playwright.sync_api import Browser, expect

from kamhub.platform.second_factor.rules import code_at, step_at
from tests.browser.conftest import Visit
from tests.browser.mails import link_of_the_mail
from tests.browser.reader import DESKTOP, PATIENCE_MS, PHONE, Language, Reader, Screen
from tests.system.product import PASSWORD, Product

pytestmark = pytest.mark.browser

DISPATCHER = "dispatcher@kamchatka-transfer.example"
MANAGER = "manager@kamchatka-transfer.example"
OWN_PASSWORD = "лавовый-мост-47"
WAYS = pytest.mark.parametrize(
    ("screen", "language", "scripts"), [(PHONE, "ru", True), (DESKTOP, "en", False)], ids=["phone-ru", "plain-en"]
)


@WAYS
def test_who_signs_in_comes_to_the_office(visit: Visit, screen: Screen, language: Language, scripts: bool) -> None:
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
    reader.page.wait_for_url("**/office")
    assert reader.status == 200
    organisation = {"ru": "Камчатка Трансфер", "en": "Kamchatka Transfer"}[language]
    expect(reader.page.get_by_role("main")).to_contain_text(organisation)
    # What they may not open they are not shown.
    reader.open_menu()
    office = reader.page.get_by_role("navigation", name=reader.say("Back office"))
    expect(office.get_by_role("link", name=reader.say("My account"))).to_be_visible()
    expect(office.get_by_role("link", name=reader.say("API keys"))).to_have_count(0)
    reader.go("/office/keys")
    assert reader.status == 403
    if scripts:
        readable = reader.page.evaluate("document.cookie")
        assert "csrf_token=" in readable
        assert "session=" not in readable
        assert "device=" not in readable


@WAYS
def test_from_sign_up_to_a_sign_in_with_the_second_step(
    visit: Visit, screen: Screen, language: Language, scripts: bool
) -> None:
    reader = visit(screen, language, scripts=scripts)
    page = reader.page
    email = f"{uuid4().hex}@people.example"
    reader.go("/signin")
    reader.link("Open an account for your company").click()
    reader.heading("Open an account")
    look_over(reader)
    filled = {"email": email, "name": "Анна Ключевская", "organisation_name": "Тёплые ключи", "password": OWN_PASSWORD}
    for name, value in filled.items():
        page.fill(f"#f-{name}", value)
    page.locator("form[action='/signup'] button[type='submit']").click()
    page.wait_for_url("**/office")
    look_over(reader)

    # No second step before the address is proved: it may be somebody else's.
    reader.go("/account/second-factor")
    expect(page.locator("#f-password")).to_have_count(0)
    reader.go(link_of_the_mail(reader, email, "/email-confirmation"))
    reader.button("Confirm the address").click()
    reader.link("To the back office").click()

    reader.open_menu()
    reader.link("My account").click()
    reader.heading("My account")
    expect(page.locator("#f-name")).to_have_value("Анна Ключевская")
    look_over(reader)
    reader.link("Switch it on").click()
    page.fill("#f-password", OWN_PASSWORD)
    reader.button("Switch it on").click()
    secret = page.locator("code").inner_text()
    look_over(reader)
    page.fill("#f-code", "000000")
    reader.button("Switch it on").click()
    expect(page.get_by_text(reader.say("This code is not right or has been used."))).to_be_visible()
    page.fill("#f-code", code_of(secret))
    reader.button("Switch it on").click()
    codes = page.get_by_role("main").get_by_text(re.compile(r"^[a-z2-9]{5}-[a-z2-9]{5}$"))
    expect(codes).to_have_count(10)
    recovery = codes.first.inner_text()
    look_over(reader)
    reader.link("I have kept them").click()
    reader.heading("My account")

    reader.button("Sign out").click()
    reader.heading("Sign in")
    reader.go("/account")  # leads to the form, and from there back
    for code in (code_of(secret, ahead=1), recovery):
        sign_in(reader, email, OWN_PASSWORD)
        reader.heading("One more step")
        look_over(reader)
        page.fill("#f-code", code)
        reader.button("Sign in").click()
        reader.heading("My account")
        reader.button("Sign out").click()
        reader.heading("Sign in")
        reader.go("/signin?next=/account")


class Elsewhere(BaseHTTPRequestHandler):
    """Pages of a site that means harm: forms that a script sends at once to the address in the query."""

    page: ClassVar[str] = """<!doctype html><title>elsewhere</title>
<form method="post" action="{target}"><input name="name" value="Mallory"><input name="locale" value="en">
<input name="csrf_token" id="token"></form>
<script>
  // On one host cookies know no port: what our scripts may read, those of a neighbour may too.
  const found = /csrf_token=([0-9a-f]+)/.exec(document.cookie);
  document.getElementById("token").value = found ? found[1] : "00";
  fetch("{api}", {{method: "PATCH", credentials: "include", body: '{{"name": "Mallory", "locale": "en"}}',
    headers: {{"Content-Type": "application/json", "X-CSRF-Token": found ? found[1] : "00"}}}}).catch(() => 0)
    .finally(() => document.forms[0].submit());
</script>"""
    product: ClassVar[str] = ""
    cookies: ClassVar[str] = ""

    def do_GET(self) -> None:
        if self.path == "/":
            type(self).cookies = self.headers.get("Cookie", "")
        text = self.page.format(target=f"{self.product}/account/profile", api=f"{self.product}/api/me").encode()
        self.send_response(200)
        self.send_header("Content-Type", "text/html")
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text)

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@pytest.fixture
def elsewhere(product: Product) -> Iterator[int]:
    """The port of the other site; it answers as ``localhost`` and as ``127.0.0.1``."""
    Elsewhere.product = product.url
    with ThreadingHTTPServer(("127.0.0.1", 0), Elsewhere) as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        yield server.server_port
        server.shutdown()
        thread.join()


def test_another_site_changes_nothing_through_the_readers_browser(
    product: Product, chromium: Browser, elsewhere: int
) -> None:
    context = chromium.new_context(base_url=product.url, locale="en-GB")
    context.set_default_timeout(PATIENCE_MS)
    page = context.new_page()
    page.goto("/signin?next=/account")
    page.fill("#f-email", MANAGER)
    page.fill("#f-password", PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    page.wait_for_url("**/account")
    name = page.locator("#f-name").input_value()
    # Another site: its form comes without the session, as if nobody were signed in. A neighbour on this very host: with everything, and refused.
    for host, left_at, status in (("localhost", "/office", 200), ("127.0.0.1", "/account/profile", 403)):
        with page.expect_response(re.compile(f"{re.escape(product.url)}{left_at}$")) as answered:
            page.goto(f"http://{host}:{elsewhere}/")
        assert answered.value.status == status
        page.wait_for_url(f"{product.url}{left_at}")
        assert ("session=" in Elsewhere.cookies) == ("csrf_token=" in Elsewhere.cookies) == (host == "127.0.0.1")
        page.goto("/account")
        assert page.locator("#f-name").input_value() == name != "Mallory"
    # The same from our own page goes through.
    page.get_by_role("button", name="Save", exact=True).click()
    page.wait_for_url("**/account?done=saved")
    context.close()


def code_of(secret: str, ahead: int = 0) -> str:
    """What an authenticator shows, so many half minutes from now."""
    return code_at(secret, step_at(datetime.now(UTC)) + ahead)


def look_over(reader: Reader) -> None:
    """As every page is looked over; axe itself is a script."""
    if reader.scripts:
        from tests.browser.test_accessibility import look_over as with_axe

        with_axe(reader)


def sign_in(reader: Reader, email: str, password: str) -> None:
    reader.page.fill("#f-email", email)
    reader.page.fill("#f-password", password)
    with reader.page.expect_navigation():
        reader.button("Sign in").click()
