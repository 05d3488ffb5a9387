"""Whatever is written into a field, a header or a path is data: it runs nowhere, breaks nothing, leads nowhere.

Generated from the table of routes and the models of what they take, so that no field can be forgotten.
"""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import quote
from uuid import uuid4

import httpx
import psycopg
import pytest

from kamhub.app.static_files import STATIC_DIR
from kamhub.platform.embedded.types import ClusterAddress
from kamhub.platform.mail.actions import FOLDER
from tests.walls.calls import FORM, Insider, raw_get
from tests.walls.fields import Leaf, changed, fields_of
from tests.walls.house import House, Route, fresh_database, furnished, routes, snapshot

ROUTES = routes()
PRODUCT = str(1321 * 1353)  # in a reply only if somebody has reckoned it out of a template
ASLEEP = 20.0  # seconds that a carried-out sleep would take: more than any call on a busy machine
SLOW = 15.0
# Each in a field of its own, one call each.
TEXTS = {
    "sql": f"x'; DROP TABLE bookings; SELECT pg_sleep({ASLEEP}); --",
    "sql and placeholders": f"' OR 1=1 OR pg_sleep({ASLEEP}) IS NULL /* %s %(id)s {{0}} {{id.__class__}} $1 :id \\",
    "template": "{{1321*1353}}${1321*1353}#{1321*1353}<%= 1321*1353 %>{% include '/etc/passwd' %}",
    "header": "x\r\nX-Injected: 1\r\nSet-Cookie: injected=1\r\n\r\n<p>",
    "NUL": "a\0b",
    "path": "../../../../etc/passwd",
    "endless": "я" * 9_000,
    "right to left": "a\u202eb\u200b\u200d\ufeff\u2066c\u0301" * 3,
    "lone surrogate": "a\ud800b",
    "no UTF-8": "a\udcffb",
}
# What a field is tried with that takes no text at all, and an id in a path.
FEW = ("sql", "NUL", "lone surrogate", "no UTF-8")
# Every text in every field is ten thousand calls, which is for a soak; usually the fields share the texts among them: each
# field is tried with the two (or the one) that are next, so that each text is tried in many fields.
EVERYTHING = bool(os.environ.get("KAMHUB_TEST_EVERY_ATTACK"))
HEADERS = (
    "x-request-id", "accept-language", "user-agent", "referer", "origin", "idempotency-key", "if-match", "accept",
    "x-forwarded-for", "x-forwarded-host", "if-none-match", "hx-request", "range",
)  # fmt: skip
SCHEMES = (b"Bearer ", b"Booking ", b"Bearer kamhub_", b"")
COOKIES = (b"session", b"locale", b"csrf_token", b"device")
PLANTED = "a file that nobody may read by an address"
CLIMBS = (
    "../",
    "..%2f",
    "%2e%2e/",
    "%2e%2e%2f",
    "..%5c",
    "..\\",
    "%252e%252e%252f",
    "....//",
    "./../",
    "//",
    "%00/",
    "%2f",
)


@dataclass(slots=True)
class Walk:
    """What went wrong, by route; and what no call may change."""

    wrong: dict[str, list[str]] = field(default_factory=dict)
    answered: dict[str, int] = field(default_factory=dict)
    tried: dict[str, int] = field(default_factory=dict)
    lawful: set[str] = field(default_factory=set)
    before: dict[str, object] = field(default_factory=dict)
    after: dict[str, object] = field(default_factory=dict)

    def judge(self, route: Route, what: str, reply: httpx.Response, seconds: float) -> None:
        """Keep what the reply shows of an injection that worked."""
        faults = []
        if reply.status_code >= 500:
            faults.append(str(reply.status_code))
        if PRODUCT in reply.text or "root:x:" in reply.text:
            faults.append("a template was carried out")
        if seconds > SLOW:
            faults.append(f"took {seconds:.1f} s")
        raw = b"".join(name + b"\0" + value for name, value in reply.headers.raw)
        if "x-injected" in reply.headers or b"injected=1" in raw or b"\r" in raw or b"\n" in raw:
            faults.append("a header was injected")
        if faults:
            self.wrong.setdefault(str(route), []).append(f"{what}: {', '.join(faults)} {reply.text[:200]}")
        self.tried[str(route)] = self.tried.get(str(route), 0) + 1


@pytest.fixture(scope="module")
def walk(postgres: ClusterAddress, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Walk]:
    with fresh_database(postgres) as (owner_url, app_url):
        yield asyncio.run(attack(owner_url, app_url, tmp_path_factory.mktemp("injection")))


async def attack(owner_url: str, app_url: str, data_dir: Path) -> Walk:
    """Call everything well once, to see what it may change; then with every attack in every field."""
    async with furnished(owner_url, app_url, data_dir) as house:
        insider, found = Insider(house), Walk()
        await insider.prepare()
        found.before = untouchable(house)
        start = snapshot(house.world)
        # What ends things comes after everything that speaks of them.
        for ends in (False, True):
            for route in [route for route in ROUTES if ends_something(route) is ends]:
                found.answered[str(route)] = await one(found, insider, route, "a good body")
            found.lawful |= {name for name, rows in snapshot(house.world).items() if rows != start[name]}
        for route in ROUTES:
            for leaf in fields_of(route):
                for name in tried_with(route, leaf):
                    await one(found, insider, route, f"{name} in {leaf}", leaf, TEXTS[name])
            await in_headers(found, insider, route)
            await in_the_path(found, insider, route)
            if route.changes and route.rule.csrf == "form":
                await as_files(found, insider, route)
        found.after = untouchable(house) | {
            name: rows for name, rows in snapshot(house.world).items() if name not in found.lawful
        }
        found.before |= {name: rows for name, rows in start.items() if name not in found.lawful}
        return found


# Pages that say, with their form, that the same was done before: by the API, a moment ago in this very walk.
DONE_BEFORE = {
    "POST /office/cases/{case_id}/act",
    "POST /office/cases/{case_id}/close",
    "POST /office/timetables/{timetable_id}/archive",
}
# Lets in who knows the secret of a bot, which nobody has registered here.
OF_A_BOT = {"POST /api/webhooks/telegram/{channel_id}"}


def ends_something(route: Route) -> bool:
    """Whether others have nothing to speak of afterwards."""
    return route.method == "DELETE" or route.template.endswith(("/archive", "/cancel", "/close", "/reset"))


async def one(
    found: Walk, insider: Insider, route: Route, what: str, leaf: Leaf | None = None, text: str = "", **more: object
) -> int:
    """The status of one call, judged; whoever may come in is who they were afterwards."""
    body = insider.good(route)
    if leaf is not None:
        body = changed(body, leaf.steps, f"{text}@people.example" if leaf.format == "email" else text)
    began = time.perf_counter()
    reply = await insider.call(route, body, **more)  # type: ignore[arg-type]
    found.judge(route, what, reply, time.perf_counter() - began)
    if route.changes and reply.status_code < 400:
        insider.house.heal()
    return reply.status_code


def share(names: Sequence[str], turn: int, most: int) -> list[str]:
    """Those of the texts whose turn it is."""
    return list(names) if EVERYTHING else [names[(turn * most + step) % len(names)] for step in range(most)]


def tried_with(route: Route, leaf: Leaf) -> list[str]:
    """The names of the texts that go into that field."""
    turn = ROUTES.index(route) + fields_of(route).index(leaf)
    return share(tuple(TEXTS), turn, 2) if leaf.takes_text else share(FEW, turn, 1)


async def in_headers(found: Walk, insider: Insider, route: Route) -> None:
    """All headers at once; then what lets one in. They are read in one place for all: every route gets other texts."""
    shift = ROUTES.index(route)
    guarded = route.rule.access in {"staff", "key", "booking"}
    schemes: tuple[bytes | None, ...] = (None, *SCHEMES) if guarded else (None, None)
    if guarded and not EVERYTHING:
        schemes = (None, SCHEMES[shift % len(SCHEMES)])
    for index, scheme in enumerate(schemes):
        name = list(TEXTS)[(shift * 5 + index) % len(TEXTS)]
        value = TEXTS[name].encode("utf-8", "replace" if name == "lone surrogate" else "surrogateescape")
        told: dict[str, str | bytes] = dict.fromkeys(HEADERS, value)
        if scheme is not None:
            told = {"Authorization": scheme + value}
        if scheme == b"":
            told = {"Cookie": b"; ".join(cookie + b"=" + value for cookie in COOKIES)}
        await one(found, insider, route, f"{name} in {', '.join(told)}", headers=told)


async def in_the_path(found: Walk, insider: Insider, route: Route) -> None:
    """Every text in place of every parameter."""
    house = insider.house
    for parameter in route.parameters:
        turn = ROUTES.index(route)
        for name in share(FEW, turn, 1) if parameter.endswith("_id") else share(tuple(TEXTS), turn, 2):
            text = TEXTS[name]
            value = quote(text.encode("utf-8", "surrogateescape" if name == "no UTF-8" else "replace")[:900], safe="")
            path = house.path(route).replace(str(house.main[parameter]), value)
            assert value in path
            await one(found, insider, route, f"{name} as {parameter}", path=path)


async def as_files(found: Walk, insider: Insider, route: Route) -> None:
    """A file where a text is expected, and fields again and again."""
    boundary, leaves = uuid4().hex, fields_of(route)
    parts = [
        f'--{boundary}\r\nContent-Disposition: form-data; name="{leaf}"; filename="../x\\"; y=\\""\r\n'
        f"Content-Type: text/html\r\n\r\n{{{{1321*1353}}}}\r\n"
        for leaf in leaves
    ]
    content = ("".join(parts) + f"--{boundary}--\r\n").encode()
    await one(found, insider, route, "files", sent=(f"multipart/form-data; boundary={boundary}", content))
    often = "&".join(f"{leaf}=x" for leaf in leaves * 50)
    await one(found, insider, route, "everything often", sent=(FORM, often.encode()))
    await one(found, insider, route, "no boundary", sent=("multipart/form-data", b"--x\r\n"))


def untouchable(house: House) -> dict[str, object]:
    """The rows of the other organisation, by table, and how the tables are made."""
    with psycopg.connect(house.world.owner_url) as connection:
        tables = connection.execute(
            "SELECT table_name FROM information_schema.columns WHERE table_schema = 'public' AND column_name = "
            "'organisation_id' AND table_name NOT LIKE 'walls%'"
        ).fetchall()
        found: dict[str, object] = {
            f"{name} of the other": connection.execute(
                f"SELECT count(*), md5(string_agg(t::text, '' ORDER BY t::text)) FROM {name} t WHERE organisation_id = %s".encode(),
                (house.world.other.id,),
            ).fetchone()
            for (name,) in tables
        }
        found["columns"] = connection.execute(
            "SELECT table_name, column_name, data_type FROM information_schema.columns WHERE table_schema = 'public' "
            "AND table_name NOT LIKE 'walls%' ORDER BY 1, 2"
        ).fetchall()
        found["logins"] = connection.execute("SELECT rolname, rolsuper FROM pg_roles ORDER BY 1").fetchall()
    return found


@pytest.mark.parametrize("route", ROUTES, ids=str)
def test_what_is_sent_is_data_and_nothing_else(walk: Walk, route: Route) -> None:
    assert walk.wrong.get(str(route), []) == []
    assert walk.tried[str(route)] > sum(len(tried_with(route, leaf)) for leaf in fields_of(route))


def test_a_good_body_is_good(walk: Walk) -> None:
    """The control: attacks get as far as the fields do, and are not all turned away before."""
    refused = {
        route: status
        for route, status in walk.answered.items()
        if status in {400, 401, 403, 415, 422} and route not in {*DONE_BEFORE, *OF_A_BOT}
    }
    assert refused == {}, "say in tests/walls/fields.py what is good"


def test_nothing_changes_that_a_good_call_does_not(walk: Walk) -> None:
    assert {"public.bookings", "public.audit_events"} <= walk.lawful
    assert {name for name, rows in walk.before.items() if walk.after[name] != rows} == set()
    assert len(walk.before) > 20


@pytest.mark.parametrize("root", ["/static/", "/dev/mail/"])
async def test_a_name_never_leaves_its_folder(
    root: str, postgres: ClusterAddress, tmp_path_factory: pytest.TempPathFactory
) -> None:
    data_dir = tmp_path_factory.mktemp("folders")
    mail, named = data_dir / FOLDER, f"2026-11-24-{uuid4()}.eml"
    for inside in (mail / "sub", mail):
        inside.mkdir(exist_ok=True, parents=True)
        (inside / "secret.txt").write_text(PLANTED)
    for outside in (data_dir / named, data_dir / "secret.txt", mail / "sub" / named):
        outside.write_text(f"Subject: {PLANTED}\r\nDate: Tue, 24 Nov 2026 00:00:00 +0000\r\n\r\n{PLANTED}")
    source = STATIC_DIR.parent / "asgi.py"
    with fresh_database(postgres) as urls:
        async with furnished(*urls, data_dir) as house:
            targets = ["secret.txt", named, f"sub/{named}", f"sub%2f{named}", "asgi.py", "etc/passwd", f"{named}%00"]
            paths = [root + climb * times + target for climb in CLIMBS for times in range(4) for target in targets]
            paths += [root + quote(str(path), safe="") for path in (data_dir / named, source, "/etc/passwd")]
            paths += [root + str(path) for path in (data_dir / named, source, "/etc/passwd")]
            for path in paths:
                status, body = await raw_get(house, path)
                assert status == 404, path
                assert not any(text in body for text in (PLANTED.encode(), b"The ASGI application", b"root:x:")), path
            # The control: what is in the folder is served, by its own name.
            (mail / named).write_text(f"Subject: hello\r\nDate: Tue, 24 Nov 2026 00:00:00 +0000\r\n\r\n{PLANTED}")
            assert (await raw_get(house, "/static/app.css"))[0] == 200
            status, body = await raw_get(house, f"/dev/mail/{named}")
            assert (status, PLANTED.encode() in body) == (200, True)


def test_the_walk_sees_what_worked() -> None:
    """The control: replies of an application with holes."""
    walk, route = Walk(), ROUTES[0]
    request = httpx.Request("GET", "http://hub.test/")
    walk.judge(route, "template", httpx.Response(200, text=f"<p>{PRODUCT}", request=request), 0)
    walk.judge(route, "header", httpx.Response(200, headers={"X-Injected": "1"}, request=request), 0)
    walk.judge(route, "crlf", httpx.Response(200, headers={"location": "/x\r\ny: z"}, request=request), 0)
    walk.judge(route, "sql", httpx.Response(200, request=request), ASLEEP)
    walk.judge(route, "fault", httpx.Response(500, request=request), 0)
    assert len(walk.wrong[str(route)]) == 5
