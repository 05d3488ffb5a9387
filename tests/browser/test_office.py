"""An owner's day in the back office: a colleague joins by the mail, a key is made and revoked, the log is read."""

from __future__ import annotations

import re
from uuid import uuid4

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import Visit
from tests.browser.mails import link_of_the_mail
from tests.browser.reader import DESKTOP, PHONE, Language, Reader, Screen
from tests.browser.test_sign_in import look_over, sign_in
from tests.system.product import PASSWORD

pytestmark = pytest.mark.browser

OWNER = "owner@kamchatka-transfer.example"
OWN_PASSWORD = "лавовый-мост-47"
WAYS = pytest.mark.parametrize(
    ("screen", "language", "scripts"), [(PHONE, "ru", True), (DESKTOP, "en", False)], ids=["phone-ru", "plain-en"]
)


def office(visit: Visit, screen: Screen, language: Language, scripts: bool) -> Reader:
    """The owner, signed in."""
    reader = visit(screen, language, scripts=scripts)
    reader.go("/signin")
    sign_in(reader, OWNER, PASSWORD)
    reader.page.wait_for_url("**/office")
    return reader


@WAYS
def test_a_colleague_is_invited_joins_and_is_removed(
    visit: Visit, screen: Screen, language: Language, scripts: bool
) -> None:
    owner = office(visit, screen, language, scripts)
    address = f"{uuid4().hex}@people.example"
    owner.go("/office/members")
    owner.heading("People")
    look_over(owner)
    owner.page.fill("#f-email", address)
    owner.page.select_option("#f-role", "viewer")
    owner.button("Invite").click()
    expect(owner.page.get_by_text(owner.say("The invitation is on its way."))).to_be_visible()
    expect(owner.page.get_by_role("main")).to_contain_text(address)

    colleague = visit(screen, language, scripts=scripts)
    colleague.go(link_of_the_mail(owner, address, "/invitation"))
    look_over(colleague)
    colleague.page.fill("#f-name", "Павел Толбачик")
    # The browser lets it pass; the server knows better, and keeps what else was typed.
    for password in ("Kamchatka2026", OWN_PASSWORD):
        colleague.page.fill("#f-password", password)
        with colleague.page.expect_navigation():
            colleague.button("Join").click()
        if password != OWN_PASSWORD:
            expect(colleague.page.locator("#f-password-error")).to_be_visible()
            expect(colleague.page.locator("#f-name")).to_have_value("Павел Толбачик")
    colleague.page.wait_for_url("**/office*")
    colleague.go("/office/members")
    assert colleague.status == 403

    owner.go("/office/members")
    row = owner.page.get_by_role("listitem").filter(has_text=address)
    row.get_by_text(owner.say("Remove"), exact=False).first.click()
    row.get_by_role("button", name=owner.say("Remove for good")).click()
    expect(owner.page.get_by_text(owner.say("That person does not work here any more."))).to_be_visible()
    # At the colleague's next step, however long their session would have lasted.
    colleague.go("/office")
    colleague.heading("Sign in")


@WAYS
def test_a_key_is_shown_once_and_revoked(visit: Visit, screen: Screen, language: Language, scripts: bool) -> None:
    owner = office(visit, screen, language, scripts)
    name = f"Сайт {uuid4().hex[:8]}"
    owner.go("/office/keys")
    owner.heading("API keys")
    look_over(owner)
    owner.page.fill("#f-name", name)
    owner.page.locator("input[name=scopes][value=octo]").check()
    owner.button("Make the key").click()
    made = owner.page.get_by_role("main").locator("input[readonly]")
    key = made.input_value()
    assert re.fullmatch(r"kamhub_[\w-]{43}", key)
    look_over(owner)
    asked = owner.context.request.get(f"{owner.product.url}/api/key", headers={"Authorization": f"Bearer {key}"})
    assert (asked.status, asked.json()["scopes"]) == (200, ["octo"])

    owner.go("/office/keys")
    assert key not in owner.page.content()
    row = owner.page.get_by_role("listitem").filter(has_text=name)
    row.get_by_text(owner.say("Revoke"), exact=False).first.click()
    row.get_by_role("button", name=owner.say("Revoke the key")).click()
    expect(owner.page.get_by_text(owner.say("The key does not work any more."))).to_be_visible()
    refused = owner.context.request.get(f"{owner.product.url}/api/key", headers={"Authorization": f"Bearer {key}"})
    assert refused.status == 401

    owner.go("/office/audit?action=api_key.created")
    owner.heading("Audit log")
    expect(owner.page.get_by_role("main")).to_contain_text(owner.say("An API key was made"))
    assert key not in owner.page.content()
    look_over(owner)


@pytest.mark.parametrize(("screen", "language"), [(PHONE, "ru"), (DESKTOP, "en")], ids=["phone-ru", "desktop-en"])
def test_every_page_of_the_office_is_looked_over(visit: Visit, screen: Screen, language: Language) -> None:
    owner = office(visit, screen, language, True)
    for path in ("/office", "/office/audit", "/office/personal-data", "/account", "/account/second-factor", "/privacy"):
        owner.go(path)
        assert owner.status == 200
        look_over(owner)
    owner.go("/office/personal-data")
    owner.page.fill("#f-email", f"{uuid4().hex}@nobody.example")
    owner.button("Find").click()
    expect(owner.page.get_by_role("status").filter(has_text=re.compile(r"\S"))).to_contain_text(
        owner.say("You hold nothing that was left with this e-mail or phone.")
    )
    look_over(owner)
    # The part of the office that is open is in sight; on a phone behind the button of the menu, which names it.
    owner.go("/office/audit")
    if screen is PHONE:
        menu = owner.page.locator("summary").filter(has_text=owner.say("Menu"))
        expect(menu).to_contain_text(owner.say("Audit log"))
        menu.click()
    current = owner.page.get_by_role("navigation", name=owner.say("Back office")).locator("[aria-current=page]")
    expect(current).to_have_count(1)
    current.scroll_into_view_if_needed()
    expect(current).to_be_in_viewport(ratio=0.9)


@WAYS
def test_an_address_is_confirmed_and_a_new_password_set_by_mail(
    visit: Visit, screen: Screen, language: Language, scripts: bool
) -> None:
    reader = visit(screen, language, scripts=scripts)
    address = f"{uuid4().hex}@people.example"
    reader.go("/signup")
    for field, text in (("organisation_name", "Гейзер"), ("name", "Инна Узон"), ("email", address)):
        reader.page.fill(f"#f-{field}", text)
    reader.page.fill("#f-password", OWN_PASSWORD)
    reader.page.locator("form[action='/signup'] button[type='submit']").click()
    reader.page.wait_for_url("**/office")

    reader.go(link_of_the_mail(reader, address, "/email-confirmation"))
    look_over(reader)
    reader.button("Confirm the address").click()
    reader.heading("Thank you, your address is confirmed")

    reader.go("/account")
    reader.button("Sign out").click()
    reader.page.get_by_role("link", name=reader.say("Forgot the password?")).click()
    look_over(reader)
    reader.page.fill("#f-email", address)
    reader.button("Send the link").click()
    reader.heading("Look into your mail")
    link = link_of_the_mail(reader, address, "/password-reset/new")
    reader.go(link)
    look_over(reader)
    reader.page.fill("#f-password", "Petropavlovsk1740")
    reader.button("Save the password").click()
    expect(reader.page.locator("#f-password-error")).to_be_visible()
    reader.page.fill("#f-password", "другой-мост-48-к-морю")
    reader.button("Save the password").click()
    reader.heading("The new password is in force")
    reader.go(link)
    assert reader.status == 410
    look_over(reader)
    reader.go("/signin")
    sign_in(reader, address, "другой-мост-48-к-морю")
    reader.page.wait_for_url("**/office")
