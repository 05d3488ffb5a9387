"""What every reply has, whatever the route: request id, headers, limits, and refusals that look alike."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest

from kamhub.kit.clock import ManualClock
from kamhub.platform.crypto.keys import KeyRing
from kamhub.platform.settings import Settings
from kamhub.platform.web.csrf import COOKIE, Csrf
from tests.app.support import BOOK, CONFIRM, CONTACT, HOLD, SEARCH, bearer_of, check_problem, held, stored
from tests.asgi import ORIGIN, Web, serve
from tests.builders import World
from tests.hub.payment.support import Provider

GOOD_SEARCH = {"from": "airport", "to": "springs", "date": "2026-11-27"}
PAGES = ["/", "/search", "/booking", "/signin", "/api/docs", "/nowhere"]
MACHINE = ["/health", "/health/ready", "/api/places", "/api/openapi.json", "/api/csrf-token", "/api/nowhere", "/api/me"]
SHOP = "https://shop.example"


async def test_every_reply_tells_its_request(client: httpx.AsyncClient) -> None:
    asked = [("GET", path) for path in PAGES + MACHINE] + [
        ("DELETE", HOLD),
        ("POST", HOLD),
        ("PUT", "/"),
        ("OPTIONS", HOLD),
    ]
    seen = set()
    for method, path in asked:
        reply = await client.request(method, path)
        seen.add(reply.headers["x-request-id"])
        assert reply.headers["x-content-type-options"] == "nosniff", path
        named = await client.request(method, path, headers={"X-Request-ID": "trip-0042.a_b"})
        assert named.headers.get_list("x-request-id") == ["trip-0042.a_b"]
        for odd in ("short", "x" * 65, "two words", "a\x0bb" * 4, "<script>alert"):
            assert (await client.request(method, path, headers={"X-Request-ID": odd})).headers["x-request-id"] != odd
    assert len(seen) == len(asked)


async def test_pages_run_nothing_of_anybody_else(client: httpx.AsyncClient) -> None:
    for path in PAGES:
        page = await client.get(path)
        assert page.headers["content-type"].split(";")[0] == "text/html"
        policy = dict(part.strip().split(" ", 1) for part in page.headers["content-security-policy"].split(";"))
        assert (policy["default-src"], policy["script-src"], policy["frame-ancestors"]) == (
            "'none'",
            "'self'",
            "'none'",
        )
        assert "unsafe" not in page.headers["content-security-policy"]
        assert (page.headers["x-frame-options"], page.headers["cross-origin-opener-policy"]) == ("DENY", "same-origin")
        assert page.headers["referrer-policy"] == "strict-origin-when-cross-origin"
        assert "strict-transport-security" not in page.headers
        assert not re.search(r"<script(?![^>]*\ssrc=)|\son\w+=|\sstyle=", page.text), path
    for path in MACHINE:
        assert "frame-ancestors 'none'" in (await client.get(path)).headers["content-security-policy"]


async def test_addresses_and_methods_that_are_not_there(client: httpx.AsyncClient) -> None:
    for path in (
        "/api/nowhere",
        "/api/transfers/bookings/7",
        "/static/nothing.js",
        "/static/..%2f..%2fpyproject.toml",
        "/health/x",
    ):
        check_problem(await client.get(path), 404, "not_found")
    for method, path in (("GET", HOLD), ("DELETE", HOLD), ("PATCH", "/api/places"), ("POST", SEARCH), ("PUT", CONFIRM)):
        reply = await client.request(method, path)
        check_problem(reply, 405, "method_not_allowed")
        assert reply.headers["allow"]
    for path in ("/nowhere", "/booking/7", "/departures/x", "/locale/de"):
        page = await client.get(path)
        assert page.status_code in {404, 422}
        assert page.headers["content-type"].split(";")[0] == "text/html"


async def test_head_is_get_without_the_body(client: httpx.AsyncClient) -> None:
    for path in ("/", "/health", "/api/places"):
        got, head = await client.get(path), await client.head(path)
        assert (head.status_code, head.headers["content-type"]) == (got.status_code, got.headers["content-type"])
    assert (await client.head("/api/nowhere")).status_code == 404


async def test_a_fault_of_ours_says_no_more_than_its_number(web: Web, client: httpx.AsyncClient) -> None:
    web.app.state.limiter = object()  # nothing can be called on it
    for path in ("/api/places", "/search"):
        reply = await client.get(path, headers={"X-Request-ID": "fault-0042"})
        assert reply.status_code == 500
        assert "fault-0042" in reply.text
        assert "AttributeError" not in reply.text
        assert "Traceback" not in reply.text
    told = check_problem(await client.get("/api/places"), 500, "internal_error")
    assert told["request_id"]


async def test_a_fault_is_told_even_when_the_page_of_errors_fails(
    web: Web, client: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(web.app.state, "templates", object())
    reply = await client.get("/search", headers={"X-Request-ID": "fault-<43>-no"})
    assert reply.status_code == 500
    assert reply.headers["content-type"].startswith("text/html")
    assert reply.text.count(reply.headers["x-request-id"]) == 2
    assert "Что-то пошло не так" in reply.text
    assert "Something went wrong" in reply.text


async def test_forms_of_other_sites(client: httpx.AsyncClient, world: World, keys: KeyRing) -> None:
    booking = await held(client, world.departure())
    await client.get(f"/booking/{booking['id']}", params={"token": booking["token"]})
    path = f"/booking/{booking['id']}/passengers"
    form = {"name": "Анна Ёлкина", "phone": CONTACT["phone"], "email": CONTACT["email"]}
    before = stored(world)
    token = (await client.get("/api/csrf-token")).json()["csrf_token"]
    assert client.cookies[COOKIE] == token
    assert (await client.get("/api/csrf-token")).json() == {"csrf_token": token}
    stranger = Csrf(KeyRing("another secret, of somebody else entirely"), secure=False, origins=()).issue()
    mine = Csrf(keys, secure=False, origins=()).issue()
    for given in ("", "x", token[:-2], token + "00", stranger, mine, "ж" * 64, "\ufffd"):
        assert (await client.post(path, data=form | {COOKIE: given})).status_code == 403
    assert (await client.post(path, data=form)).status_code == 403
    hostile: list[dict[str, str]] = [
        {"Origin": "https://evil.example"},
        {"Origin": "null"},
        {"Sec-Fetch-Site": "cross-site"},
    ]
    for headers in hostile:
        assert (await client.post(path, data=form | {COOKIE: token}, headers=headers)).status_code == 403
        assert (await client.post(path, data=form, headers=headers | {"X-CSRF-Token": token})).status_code == 403
    for cookie in (stranger, "", "x"):
        both = {"Cookie": f"{COOKIE}={cookie}; booking_{booking['id'].replace('-', '')}={booking['token']}"}
        assert (await client.post(path, data=form | {COOKIE: cookie}, headers=both)).status_code == 403
    assert stored(world) == before
    token = (await client.get("/api/csrf-token")).json()["csrf_token"]  # the false cookies were replaced on the way
    good: list[dict[str, str]] = [{}, {"Origin": ORIGIN}, {"Origin": ORIGIN, "Sec-Fetch-Site": "same-origin"}]
    for headers in good:
        assert (await client.post(path, data=form | {COOKIE: token}, headers=headers)).status_code == 303
    assert (await client.post(path, data=form, headers={"X-CSRF-Token": token})).status_code == 303
    assert world.rows("SELECT contact_name FROM bookings") == [("Анна Ёлкина",)]


@pytest.mark.parametrize("path", ["/booking", "/signin", "/departures/00000000-0000-7000-8000-000000000000/hold"])
async def test_no_form_goes_without_a_token(client: httpx.AsyncClient, path: str) -> None:
    assert (await client.post(path, data={"code": "ABCD2345"})).status_code == 403


async def test_a_form_that_is_too_large(client: httpx.AsyncClient) -> None:
    async def in_pieces() -> AsyncIterator[bytes]:
        for _ in range(40):
            yield b"code=" + b"x" * 65_536 + b"&"

    form = {"Content-Type": "application/x-www-form-urlencoded"}
    assert (await client.post("/booking", content=in_pieces(), headers=form)).status_code == 413
    assert (await client.post("/booking", content=b"code=" + b"x" * 2_000_000, headers=form)).status_code == 413


async def test_ready_says_what_is_not_well(web: Web, client: httpx.AsyncClient, world: World) -> None:
    good = await client.get("/health/ready")
    assert (good.status_code, good.json()) == (200, {"status": "ready", "failing": []})
    world.execute(
        "INSERT INTO schema_migrations (version, name, checksum, oldest_program) "
        "SELECT 8999, '8999_expand.sql', 'x', max(version) FROM schema_migrations"
    )
    assert (await client.get("/health/ready")).status_code == 200  # a newer schema that this program works on
    world.execute("INSERT INTO schema_migrations (version, name, checksum) VALUES (9000, '9000_later.sql', 'x')")
    newer = await client.get("/health/ready")
    assert (newer.status_code, newer.json()) == (503, {"status": "unready", "failing": ["migrations"]})
    await web.hub.database.close()
    gone = await client.get("/health/ready")
    assert (gone.status_code, gone.json()["failing"]) == (503, ["database"])
    assert (await client.get("/health")).status_code == 200
    reply = await client.get(SEARCH, params=GOOD_SEARCH)
    check_problem(reply, 503, "database_unavailable")
    assert reply.headers["retry-after"] == "2"


@pytest.fixture
async def guarded(
    database_url: str, keys: KeyRing, clock: ManualClock, tmp_path: Path, world: World
) -> AsyncIterator[Web]:
    """The application as production has it, but for its store of counts."""
    settings = Settings(
        env="production",
        allowed_origins=(SHOP,),
        trusted_proxies=("10.0.0.0/8",),
        rate_presets={"hold": "3/minute", "authentication": "2/minute", "api": "2/minute"},
    )
    async with serve(database_url, keys, clock, tmp_path, provider=Provider(), settings=settings) as web:
        yield web


async def test_production_asks_for_https_and_secure_cookies(guarded: Web) -> None:
    for path in ("/", "/health", "/api/nowhere"):
        assert "max-age=63072000" in (await guarded.client.get(path)).headers["strict-transport-security"]
    cookie = (await guarded.client.get("/api/csrf-token")).headers["set-cookie"].lower()
    assert "secure" in cookie
    assert "samesite=lax" in cookie
    assert (await guarded.client.get("/dev/mail")).status_code == 404


async def test_other_sites_call_only_when_named(guarded: Web) -> None:
    asked = {"Access-Control-Request-Method": "POST", "Access-Control-Request-Headers": "content-type,idempotency-key"}
    named = await guarded.client.options(HOLD, headers={"Origin": SHOP} | asked)
    assert named.status_code in {200, 204}
    assert named.headers["access-control-allow-origin"] == SHOP
    assert named.headers["access-control-allow-credentials"] == "true"
    assert "idempotency-key" in named.headers["access-control-allow-headers"].lower()
    for reply in [
        await guarded.client.get("/api/places", headers={"Origin": SHOP}),
        await guarded.client.get("/api/me", headers={"Origin": SHOP}),
    ]:
        assert reply.headers["access-control-allow-origin"] == SHOP
        assert "x-request-id" in reply.headers["access-control-expose-headers"].lower()
    for origin in ("https://evil.example", "null", "http://shop.example", f"{SHOP}.evil.example"):
        assert (
            "access-control-allow-origin"
            not in (await guarded.client.get("/api/places", headers={"Origin": origin})).headers
        )
        refused = await guarded.client.options(HOLD, headers={"Origin": origin} | asked)
        assert "access-control-allow-origin" not in refused.headers


async def test_without_names_no_other_site_calls(client: httpx.AsyncClient) -> None:
    assert "access-control-allow-origin" not in (await client.get("/api/places", headers={"Origin": SHOP})).headers


async def test_limits_are_told_and_kept(guarded: Web, world: World) -> None:
    departure = world.departure(capacity=10)
    body = {"departure_id": str(departure), "passengers": 1}
    left = []
    for _ in range(3):
        reply = await guarded.client.post(HOLD, json=body)
        assert (reply.status_code, reply.headers["ratelimit-limit"]) == (201, "3")
        assert reply.headers["ratelimit-policy"] == "3;w=60"
        left.append(reply.headers["ratelimit-remaining"])
    assert left == ["2", "1", "0"]
    forged = {"X-Forwarded-For": "203.0.113.9", "X-Real-IP": "203.0.113.9", "Forwarded": "for=203.0.113.9"}
    for path, headers in ((HOLD, {}), (f"{HOLD}?x=1", {}), (HOLD, forged), (f"{HOLD}/", {})):
        refused = await guarded.client.post(path, json=body, headers=headers)
        check_problem(refused, 429, "rate_limited")
        assert 1 <= int(refused.headers["retry-after"]) <= 60
        assert refused.headers.get_list("ratelimit-remaining") == ["0"]
    assert world.taken(departure) == [3, 3, 3]
    assert (await guarded.client.get("/api/places")).status_code == 200
    for _ in range(50):
        assert (await guarded.client.get("/health")).status_code == 200


async def test_calls_that_are_refused_count_too(guarded: Web, world: World) -> None:
    codes = [(await guarded.client.post(HOLD, content=b"{")).status_code for _ in range(4)]
    assert codes == [400, 400, 400, 429]
    credentials = {"email": world.main.owner_email, "password": "a wrong one"}
    codes = [(await guarded.client.post("/api/auth/signin", json=credentials)).status_code for _ in range(3)]
    assert codes == [401, 401, 429]


async def test_staff_are_counted_by_person_after_the_token(guarded: Web, world: World) -> None:
    path = "/api/payment-accounts"
    # Whoever is not let in is counted by address: nobody may try tokens without end.
    assert [(await guarded.client.get(path)).status_code for _ in range(4)] == [401, 401, 429, 429]
    for who in (guarded.staff(world.main), guarded.staff(world.other)):
        assert [(await guarded.client.get(path, headers=who)).status_code for _ in range(3)] == [200, 200, 429]
    booking = await held(guarded.client, world.departure())
    shown = await guarded.client.get(f"/api/transfers/bookings/{booking['id']}", headers=bearer_of(booking))
    assert (shown.status_code, shown.headers["ratelimit-limit"]) == (200, "2")


async def test_seats_without_a_name_are_few_at_one_address(
    database_url: str, keys: KeyRing, clock: ManualClock, data_dir: Path, service: Provider, world: World
) -> None:
    settings = Settings(env="development", rate_presets={"seats": "100/15 minutes", "hold": "1000/minute"})
    departure = world.departure(capacity=1000)
    async with serve(database_url, keys, clock, data_dir, provider=service, settings=settings) as limited:
        body = {"departure_id": str(departure), "passengers": 50}
        codes = [(await limited.client.post(HOLD, json=body)).status_code for _ in range(3)]
        assert codes == [201, 201, 429]
        # One more seat neither: the window is full, by whatever route.
        assert (await limited.client.post(HOLD, json=body | {"passengers": 1})).status_code == 429
        assert (await limited.client.post(BOOK, json=body | {"passengers": 1, "contact": CONTACT})).status_code == 429
    assert world.taken(departure) == [100, 100, 100]
