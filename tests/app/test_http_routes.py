"""The table of routes, and the OpenAPI document made from it."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import httpx
import pytest
from litestar import get, post

from kamhub.app.asgi import WebConfig, guards_for
from kamhub.app.refusals import API_PREFIXES
from kamhub.kit.clock import ManualClock
from kamhub.platform.crypto.keys import KeyRing
from kamhub.platform.settings import Settings
from kamhub.platform.web.rules import RouteRow, RouteWithoutRule, handlers_of, route_table, rule, rule_of
from kamhub.platform.web.schemas import Documented
from tests.app.support import BOOK, HOLD, SEARCH
from tests.asgi import routed

PUBLIC = {
    "GET /api/places",
    "GET /api/transfers/search",
    "POST /api/transfers/hold",
    "POST /api/transfers/book",
    "POST /api/auth/signup",
    "POST /api/auth/signin",
    "POST /api/auth/refresh",
    "POST /api/auth/signout",
    "POST /api/auth/password-reset",
    "POST /api/auth/password-reset/confirm",
    "POST /api/auth/email-confirmation",
    "POST /api/auth/invitation",
    "GET /api/csrf-token",
    "GET /health",
    "GET /health/ready",
    "GET /metrics",
    "GET /api/openapi.json",
    "GET /api/docs",
    "GET /static/{name}",
    "POST /api/monitoring",
}
PAGES = (
    "/",
    "/search",
    "/departures/",
    "/operators/",
    "/places/",
    "/office/departures/boarding-worker.js",
    "/booking",
    "/signin",
    "/signout",
    "/signup",
    "/password-reset",
    "/email-confirmation",
    "/invitation",
    "/privacy",
    "/locale/",
    "/.well-known/security.txt",
)


@pytest.fixture
def rows(keys: KeyRing, tmp_path: Path, clock: ManualClock) -> list[RouteRow]:
    settings = Settings(env="production", allowed_origins=("https://shop.example",))
    return route_table(routed(WebConfig(settings, "", keys, "https://hub.example", tmp_path, clock)))


def test_public_is_what_the_contract_says(rows: list[RouteRow]) -> None:
    assert {f"{row.method} {row.path}" for row in rows if row.access == "public"} == PUBLIC
    pages = [row.path for row in rows if row.access == "page"]
    assert pages
    assert all(path == "/" or path.startswith(PAGES[1:]) for path in pages), pages


def test_every_route_says_how_it_is_guarded(rows: list[RouteRow]) -> None:
    for row in rows:
        assert row.rate != "none" or row.path.startswith(("/health", "/metrics", "/static")), row
        if row.method == "GET":
            assert row.csrf == "safe", row
        elif not row.path.startswith(API_PREFIXES):
            assert row.csrf == "form", row
        else:
            assert row.csrf == {"webhook": "signature", "public": row.csrf}.get(row.access, "token"), row
            assert row.csrf != "form" or row.access == "public", row
        assert (row.permission is not None) == (row.access in {"staff", "key"}), row
        # What changes something is written down, and so is what carries data out of the house.
        carries_out = row.path in {"/api/organisation/audit", "/office/audit/export"}
        assert (row.audit is not None) == (carries_out or (row.method != "GET" and row.access in {"staff", "key"})), row
    assert {row.path for row in rows if row.access == "booking"} == {
        "/api/transfers/cancel",
        *(
            f"/api/transfers/bookings/{{booking_id}}{end}"
            for end in ("", "/cancellation", "/ticket.pdf", "/ticket.ics")
        ),
    }


def test_the_mails_of_development_are_not_in_production(rows: list[RouteRow], keys: KeyRing, tmp_path: Path) -> None:
    development = route_table(routed(WebConfig(Settings(env="development"), "", keys, "http://hub.test", tmp_path)))
    more = {row.path for row in development} - {row.path for row in rows}
    assert more
    assert all("mail" in path for path in more)


def test_a_route_that_says_nothing_is_refused() -> None:
    @get("/mute")
    async def mute() -> None:
        """Say nothing."""

    @post("/half", opt=rule(access="public", rate="public"))
    async def half() -> None:
        """Change something, and name no CSRF rule."""

    with pytest.raises(RouteWithoutRule, match="declares no rule"):
        guards_for(mute)
    from litestar import Litestar

    with pytest.raises(RouteWithoutRule, match="declares no rule"):
        route_table(Litestar([mute], openapi_config=None))
    with pytest.raises(RouteWithoutRule, match="declares no CSRF rule"):
        route_table(Litestar([half], openapi_config=None))

    @get("/staff", opt=rule(access="staff", rate="api"))
    async def staff() -> None:
        """Be for staff, and name no permission."""

    with pytest.raises(RouteWithoutRule, match="names no permission"):
        route_table(Litestar([staff], openapi_config=None))


@pytest.mark.parametrize(
    ("said", "missing"),
    [
        ({"body": "none"}, "does not say what it replies"),
        ({"reply": "none"}, "does not say what it takes"),
        ({"body": "none", "reply": "none"}, "names no audit action"),
    ],
)
def test_a_route_that_leaves_something_open_is_refused(said: dict[str, Any], missing: str) -> None:
    @post("/open", opt=rule(access="staff", rate="api", csrf="token", permission="cases.write", **said))
    async def leaves_open() -> None:
        """Change something."""

    from litestar import Litestar

    with pytest.raises(RouteWithoutRule, match=missing):
        route_table(Litestar([leaves_open], openapi_config=None))


def references(part: object) -> set[str]:
    if isinstance(part, dict):
        own = {part["$ref"]} if isinstance(part.get("$ref"), str) else set()
        return own.union(*(references(each) for each in part.values()))
    return set().union(*(references(each) for each in part)) if isinstance(part, list) else set()


async def test_the_document_is_the_routes(client: httpx.AsyncClient, keys: KeyRing, tmp_path: Path) -> None:
    reply = await client.get("/api/openapi.json")
    assert reply.headers["content-type"] == "application/json"
    document: dict[str, Any] = reply.json()
    assert document["openapi"] == "3.1.0"
    app = routed(WebConfig(Settings(env="development"), "", keys, "http://hub.test", tmp_path))
    expected = {
        (path, method.lower()): declared
        for path, handler in handlers_of(app)
        if path.startswith(API_PREFIXES) and (declared := rule_of(handler))
        for method in handler.http_methods - {"HEAD", "OPTIONS"}
    }
    files = {
        (path, method.lower())
        for path, handler in handlers_of(app)
        if (documented := handler.opt.get(Documented.KEY)) and documented.files
        for method in handler.http_methods - {"HEAD", "OPTIONS"}
    }
    assert files
    operations = {
        (path, method): told for path, methods in document["paths"].items() for method, told in methods.items()
    }
    assert operations.keys() == expected.keys()
    names = [told["operationId"] for told in operations.values()]
    assert len(set(names)) == len(names)
    schemas = document["components"]["schemas"]
    assert all(reference.removeprefix("#/components/schemas/") in schemas for reference in references(document))
    for (path, method), told in operations.items():
        declared = expected[path, method]
        assert told["summary"], path
        assert ([{}, *told.get("security", [])] == [{}]) == (declared.access == "public" and path != BOOK), path
        takes = (declared.body_model is not None and method != "get") or (path, method) in files
        assert ("requestBody" in told) == takes, path
        assert {part["name"] for part in told["parameters"] if part["in"] == "path"} == set(
            re.findall(r"\{(\w+)\}", path)
        ), path
        for status, answer in told["responses"].items():
            refused = int(status) >= 300 and (path, status) != ("/health/ready", "503")
            assert not refused or "application/problem+json" in answer["content"], path
        if declared.reply == "none":
            assert all(int(status) >= 400 or "content" not in answer for status, answer in told["responses"].items())
    for path in (HOLD, BOOK):
        assert "Idempotency-Key" in {part["name"] for part in operations[path, "post"]["parameters"]}
    assert {"/api/transfers/bookings/{booking_id}/ticket.pdf", "/api/transfers/bookings/{booking_id}/ticket.ics"} == {
        path
        for (path, _), told in operations.items()
        if {"application/pdf", "text/calendar"} & told["responses"].get("200", {}).get("content", {}).keys()
    }
    query = {part["name"]: part["required"] for part in operations[SEARCH, "get"]["parameters"]}
    assert {name for name, required in query.items() if required} == {"from", "to", "date"}
    assert query.keys() == {"from", "to", "date", "passengers", "vehicle_type", "max_price", "features"}


async def test_its_page_needs_nobody_elses_server(client: httpx.AsyncClient) -> None:
    page = await client.get("/api/docs")
    assert (page.status_code, page.headers["content-type"].split(";")[0]) == (200, "text/html")
    assert SEARCH in page.text
    assert not re.search(r'(?:src|href)="(?:https?:)?//', page.text)
