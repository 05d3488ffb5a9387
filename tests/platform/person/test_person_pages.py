"""The sign-in page over HTTP; how it looks is shown in a browser."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Callable

import httpx
import pytest
from litestar import Litestar
from litestar.datastructures import State
from litestar.di import Provide

from kamhub.app import refusals
from kamhub.app.static_files import StaticFiles
from kamhub.app.templating import Templates
from kamhub.platform.crypto.keys import KeyRing
from kamhub.platform.person import actions, pages
from kamhub.platform.person.services import People
from kamhub.platform.person.types import NewAccount
from kamhub.platform.settings import Settings
from kamhub.platform.web.csrf import Csrf, csrf_guard
from tests.builders import World

URL = "http://hub.test"


@pytest.fixture
async def browser(people: People, keys: KeyRing) -> AsyncIterator[httpx.AsyncClient]:
    """A client of an application with these pages alone; it has opened the form and so has the cookie of forms."""

    async def provide_people() -> People:
        return people

    app = Litestar(
        route_handlers=[*pages.HANDLERS],
        dependencies={"people": Provide(provide_people)},
        guards=[csrf_guard],
        exception_handlers=refusals.HANDLERS,
        openapi_config=None,
        state=State(
            {
                "settings": Settings(),
                "csrf": Csrf(keys, secure=False, origins=(URL,)),
                "clock": people.clock,
                "templates": Templates(StaticFiles()),
            }
        ),
    )
    transport = httpx.ASGITransport(app)  # type: ignore[arg-type]
    async with httpx.AsyncClient(transport=transport, base_url=URL, headers={"Accept-Language": "en"}) as client:
        assert (await client.get("/signin")).status_code == 200
        yield client


async def send(browser: httpx.AsyncClient, email: str, password: str) -> httpx.Response:
    form = {"email": email, "password": password, "csrf_token": browser.cookies["csrf_token"]}
    return await browser.post("/signin", data=form)


async def test_the_right_password_shows_the_account_and_begins_no_session(
    browser: httpx.AsyncClient, people: People, new_account: Callable[..., NewAccount], world: World
) -> None:
    account = new_account(organisation_name="Север")
    await actions.sign_up(people, account)
    before = world.rows("SELECT count(*) FROM refresh_tokens")

    reply = await send(browser, f" {account.email.upper()} ", account.password)

    assert reply.status_code == 200
    assert all(text in reply.text for text in (account.name, account.email, "Север", "owner"))
    assert reply.headers["cache-control"] == "no-store"
    assert "set-cookie" not in reply.headers
    assert world.rows("SELECT count(*) FROM refresh_tokens") == before


async def test_a_person_without_an_organisation_is_told_so(
    browser: httpx.AsyncClient, people: People, new_account: Callable[..., NewAccount]
) -> None:
    account = new_account()
    await actions.sign_up(people, account)
    reply = await send(browser, account.email, account.password)
    assert reply.status_code == 200
    assert "none yet" in reply.text


@pytest.mark.parametrize(
    ("email", "password"),
    [("nobody@people.example", "лавовый-мост-47"), ("no address", "x"), ("", ""), (None, "wrong")],
)
async def test_whatever_is_wrong_the_page_is_the_same(
    browser: httpx.AsyncClient,
    people: People,
    new_account: Callable[..., NewAccount],
    email: str | None,
    password: str,
) -> None:
    account = new_account()
    await actions.sign_up(people, account)
    sent = account.email if email is None else email
    reply = await send(browser, sent, password)
    assert reply.status_code == 401
    assert re.findall(r'role="alert">.*?<p>(.*?)</p>', reply.text, re.DOTALL) == [
        "The e-mail or the password is not right."
    ]
    assert "www-authenticate" not in reply.headers  # or the browser would ask by itself


async def test_a_form_from_elsewhere_is_refused(browser: httpx.AsyncClient) -> None:
    reply = await browser.post("/signin", data={"email": "a@b.example", "password": "x"})
    assert reply.status_code == 403
