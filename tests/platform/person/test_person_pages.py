"""The sign-up page, and the page of one's own account."""

from __future__ import annotations

from uuid import uuid4

import pytest

from tests.asgi import Web
from tests.builders import World
from tests.platform.person.support import PASSWORD
from tests.platform.session.support import Browser, bearer, tokens_of


async def test_sign_up_lets_in_and_founds_the_organisation(web: Web) -> None:
    browser = Browser(web)
    email = f"{uuid4().hex}@people.example"
    reply = await browser.send("/signup", email=email, name="Анна", organisation_name="Север", password=PASSWORD)
    assert (reply.status_code, reply.headers["location"]) == (303, "/office")
    account = await browser.get("/account")
    assert account.status_code == 200
    assert account.headers["cache-control"] == "no-store"
    assert all(text in account.text for text in ("Анна", email, "Север", "203.0.113.7"))
    # The language of the page the reader signed up on is theirs from now on.
    assert (await tokens_of(web, email, PASSWORD))["user"]["locale"] == "en"


@pytest.mark.parametrize(
    ("changes", "status", "kept"),
    [
        ({"password": "password2026"}, 422, "Анна"),
        ({"password": "short"}, 422, "Анна"),
        ({"email": "owner@main.example"}, 409, "owner@main.example"),
        ({"email": "<script>alert(1)</script>"}, 422, "&lt;script&gt;"),
        ({"name": ""}, 422, "anna@people.example"),
    ],
)
async def test_a_sign_up_that_is_refused_makes_nothing_and_keeps_what_was_typed(
    web: Web, world: World, changes: dict[str, str], status: int, kept: str
) -> None:
    tables = ("people", "organisations", "sessions", "mailed_links")
    before = [world.rows(f"SELECT count(*) FROM {table}") for table in tables]
    form = {"email": "anna@people.example", "name": "Анна", "organisation_name": "Север", "password": PASSWORD}
    browser = Browser(web)
    reply = await browser.send("/signup", **(form | changes))
    assert reply.status_code == status
    assert kept in reply.text
    assert "<script>alert(1)" not in reply.text
    assert form["password"] not in reply.text
    assert 'aria-invalid="true"' in reply.text
    assert browser.session is None
    assert [world.rows(f"SELECT count(*) FROM {table}") for table in tables] == before


async def test_profile(web: Web, world: World) -> None:
    browser = await Browser(web).signed_in("viewer@main.example")
    saved = await browser.send("/account/profile", name=" Вера <b>Ключевская</b> ", locale="en")
    assert (saved.status_code, saved.headers["location"]) == (303, "/account?done=saved")
    page = await browser.get("/account?done=saved")
    assert "Saved." in page.text
    assert "Вера &lt;b&gt;Ключевская&lt;/b&gt;" in page.text
    assert "<b>Ключевская" not in page.text
    # What the address asks to be said is a word of ours or nothing.
    assert "drop table" not in (await browser.get("/account?done=drop table")).text
    for wrong in ({"name": "В", "locale": "en"}, {"name": "Вера", "locale": "de"}, {}):
        assert (await browser.send("/account/profile", **wrong)).status_code == 422
    names = world.rows("SELECT name FROM people WHERE email = 'viewer@main.example'")
    assert names == [("Вера <b>Ключевская</b>",)]


async def test_another_password_ends_the_other_sessions_and_keeps_this_one(web: Web, world: World) -> None:
    here = await Browser(web).signed_in("manager@main.example")
    there = await Browser(web).signed_in("manager@main.example")
    program = bearer((await tokens_of(web, "manager@main.example"))["access_token"])
    new = "тихий-фумарол-58"
    wrong = await here.send("/account/password", current_password="x", new_password=new)
    assert wrong.status_code == 422
    assert "This is not your password." in wrong.text
    common = await here.send("/account/password", current_password="correct horse battery", new_password="password2026")
    assert common.status_code == 422
    assert (await there.get("/account")).status_code == 200
    done = await here.send("/account/password", current_password="correct horse battery", new_password=new)
    assert done.headers["location"] == "/account?done=password"
    assert (await here.get("/account")).status_code == 200
    assert (await there.get("/account")).status_code == 303
    assert (await web.client.get("/api/me", headers=program)).status_code == 401
    lines = world.rows("SELECT action FROM audit_events WHERE action = 'password.changed'")
    assert lines == [("password.changed",)]
