"""Every route that takes a form, from the table: without the token of this session, from this site, nothing happens."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from kamhub.platform.embedded.types import ClusterAddress
from tests.asgi import ORIGIN
from tests.walls.house import House, Route, fresh_database, furnished, routes, snapshot

FORMS = [route for route in routes() if route.rule.csrf == "form"]
# A write of staff that a browser may make by its cookie as well.
BY_COOKIE = [route for route in routes() if route.rule.csrf == "token" and route.rule.access == "staff"]
REFUSED = "This page has grown old"  # and no other 403


@dataclass(frozen=True, slots=True)
class Sent:
    """How a request tries: the cookie of forms, the header, the field, and what the browser says."""

    cookie: str | None = None
    header: str | None = None
    typed: str | None = None
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(slots=True)
class Tried:
    """What came of it, by route and way."""

    refused: dict[tuple[str, str], bool] = field(default_factory=dict)
    before: dict[str, object] = field(default_factory=dict)
    after: dict[str, object] = field(default_factory=dict)


def forgeries(house: House, session: str) -> dict[str, Sent]:
    """Ways to be refused."""
    own, before, other = house.csrf(session), house.csrf(), house.csrf(house.browser(house.world.main, "viewer"))
    evil = "https://evil.example"
    return {
        "nothing at all": Sent(),
        "the cookie alone": Sent(own),
        "no cookie": Sent(None, own, own),
        "another value in the field": Sent(own, None, house.csrf(session)),
        "another value in the header": Sent(own, house.csrf(session), own),
        "made up": Sent("00" * 32, "00" * 32),
        "of before the sign-in": Sent(before, before),
        "of another session": Sent(other, other),
        "from another origin": Sent(own, own, None, {"Origin": evil}),
        "from a sandbox": Sent(own, own, None, {"Origin": "null"}),
        "from another page": Sent(own, None, own, {"Referer": f"{evil}/form"}),
        "across sites": Sent(own, None, own, {"Sec-Fetch-Site": "cross-site"}),
    }


def right_ways(house: House, session: str) -> dict[str, Sent]:
    """Ways of our own pages and scripts."""
    own = house.csrf(session)
    return {
        "in the header": Sent(own, own, None, {"Origin": ORIGIN, "Sec-Fetch-Site": "same-origin"}),
        "in the field": Sent(own, None, own, {"Referer": f"{ORIGIN}/account"}),
    }


@pytest.fixture(scope="module")
def tried(postgres: ClusterAddress, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Tried]:
    data_dir = tmp_path_factory.mktemp("forms")
    with fresh_database(postgres) as (owner_url, app_url):
        yield asyncio.run(walk(owner_url, app_url, data_dir))


async def walk(owner_url: str, app_url: str, data_dir: Path) -> Tried:
    """First every forgery, which must leave no trace; then the right ways."""
    async with furnished(owner_url, app_url, data_dir) as house:
        found = Tried()
        session = house.browser(house.world.main, "owner")
        forged, right = forgeries(house, session), right_ways(house, session)
        house.keep()
        found.before = snapshot(house.world)
        for route in FORMS + BY_COOKIE:
            for way, sent in forged.items():
                found.refused[str(route), way] = await refused(house, route, session, sent)
        found.after = snapshot(house.world)
        for route in FORMS + BY_COOKIE:
            for way, sent in right.items():
                found.refused[str(route), way] = await refused(house, route, session, sent)
                house.heal()
        return found


async def refused(house: House, route: Route, session: str, sent: Sent) -> bool:
    """Send it with the session of a signed-in owner; whether the wall against forgeries said no."""
    cookies = {"session": session} | ({"csrf_token": sent.cookie} if sent.cookie else {})
    headers = dict(sent.headers) | {
        "Cookie": "; ".join(f"{name}={value}" for name, value in cookies.items()),
        "Accept-Language": "en",
    }
    if sent.header:
        headers["X-CSRF-Token"] = sent.header
    body = {"data": {"csrf_token": sent.typed} if sent.typed else {}} if route.rule.csrf == "form" else {}
    reply = await house.client.request(route.method, house.path(route), headers=headers, **body)  # type: ignore[arg-type]
    house.client.cookies.clear()
    assert reply.status_code < 500, f"{route}: {reply.text[:300]}"
    return reply.status_code == 403 and (REFUSED in reply.text or '"csrf_failed"' in reply.text)


@pytest.mark.parametrize("route", FORMS + BY_COOKIE, ids=str)
def test_a_forgery_is_refused_and_the_real_thing_is_not(tried: Tried, route: Route) -> None:
    ways = {way: no for (of, way), no in tried.refused.items() if of == str(route)}
    real = {"in the header"} if route.rule.csrf == "token" else {"in the header", "in the field"}
    assert {way for way, no in ways.items() if not no} == real


def test_forgeries_leave_no_trace(tried: Tried) -> None:
    changed = {name for name, rows in tried.before.items() if tried.after[name] != rows}
    assert changed == set()


def test_every_change_of_a_page_is_among_them() -> None:
    pages = [route for route in routes() if route.changes and not route.template.startswith(("/api/", "/octo", "/mcp"))]
    assert pages
    assert {str(route) for route in pages} == {str(route) for route in FORMS}
