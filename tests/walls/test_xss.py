"""A text stays a text on every page, in every mail and in every file, whoever wrote it and wherever it is shown.

A canary goes into every text field there is, generated from the models, and into every text column that a later route may
fill; then every page is opened and parsed.
"""

from __future__ import annotations

import asyncio
import csv
import io
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from email import policy
from email.parser import BytesParser
from pathlib import Path
from urllib.parse import quote

import httpx
import psycopg
import pytest
from icalendar import Calendar

from kamhub.app.work import JOBS, WorkContext
from kamhub.kit.ids import new_id
from kamhub.platform.embedded.types import ClusterAddress
from kamhub.platform.mail.actions import FOLDER
from kamhub.platform.mail.folder import FolderTransport
from tests.walls import knowledge
from tests.walls.calls import Insider, encoded
from tests.walls.fields import Leaf, changed, fields_of, parameters_of
from tests.walls.house import CONTACT, SETTINGS, House, Route, fresh_database, furnished, routes
from tests.walls.markup import Page, address_canary, canary, faults_of, parsed, shown
from tests.work import work_off

ROUTES = routes()
# Never shown to anybody, by their names.
SECRET = {"password", "current_password", "new_password", "token", "refresh_token", "challenge", "code"}
# Kept, and shown on no page yet, with the reason.
UNSEEN = {
    "ResetForm": "whoever asks is not told whether there is such an account",
    "CodeForm": "leads on, and is shown with no page",
    "TravellerForm": "is looked for, and kept nowhere",
    "NotificationBody": "for the till; on no page yet",
    "document": "for the list of the departure",
    "reason": "for the operator's own page of a booking",
    "NoteForm": "on the page of the booking it was written for, which is not opened again here",
    "NotePageForm": "the same",
    "message": "in the mail of a rejection; bookings that wait for the operator come later",
}
COLUMNS = {
    "organisations": ("name_ru", "name_en", "email"),
    "places": ("name_ru", "name_en", "meeting_point_ru", "meeting_point_en"),
    "vehicles": ("model", "plate"),
    "routes": ("name",),
    "cancellation_policies": ("name",),
    "people": ("name",),
    "api_keys": ("name", "hint"),
    "sessions": ("user_agent", "address"),
    "booking_events": ("actor", "reason"),
    "payments": ("method", "card_last_four", "decline_reason"),
    "dead_jobs": ("kind", "queue", "lock", "error", "traceback", "request_id"),
    "job_failures": ("error", "traceback"),
    "job_history": ("kind", "queue", "reason", "request_id"),
    "audit_events": ("action", "object_kind", "object_id", "actor_name", "user_agent", "request_id"),
}  # fmt: skip
FORMULAS = ("=1+1", "+1+1", "-1+1", "@SUM(1)", "\t=1", "\r=1")


MARK = re.compile(r"onload=(x[0-9]+)")


@dataclass(slots=True)
class Walk:
    """What has become markup, by where; the pages opened; and which number is of which field."""

    wrong: dict[str, list[str]] = field(default_factory=dict)
    kept: set[str] = field(default_factory=set)
    planted: dict[str, str] = field(default_factory=dict)
    """By ``Form.field``: the canary that was accepted there."""
    pages: list[str] = field(default_factory=list)
    opened: set[str] = field(default_factory=set)
    mails: list[str] = field(default_factory=list)
    cells: list[str] = field(default_factory=list)
    calendar: str = ""
    files: dict[str, int] = field(default_factory=dict)
    bookings: list[tuple[str, str]] = field(default_factory=list)

    def look(self, where: str, reply: httpx.Response) -> None:
        """Parse it and keep what is wrong."""
        if faults := faults_of(reply):
            self.wrong.setdefault(where, []).extend(faults)
        if reply.headers.get("content-type", "").startswith("text/html"):
            self.pages.append(reply.text)


@pytest.fixture(scope="module")
def walk(postgres: ClusterAddress, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Walk]:
    with fresh_database(postgres) as (owner_url, app_url):
        yield asyncio.run(attack(owner_url, app_url, tmp_path_factory.mktemp("xss")))


async def attack(owner_url: str, app_url: str, data_dir: Path) -> Walk:
    """Write canaries everywhere, then look everywhere."""
    async with furnished(owner_url, app_url, data_dir) as house:
        insider, found = Insider(house), Walk()
        await insider.prepare()
        numbers = iter(range(10, 10_000))
        texts = [(route, leaf) for route in ROUTES for leaf in fields_of(route) if leaf.takes_text]
        for route, leaf in sorted(texts, key=lambda pair: pair[1].name not in SECRET):
            await plant(found, insider, route, leaf, next(numbers))
        await mails(found, house, data_dir)
        await pay(insider, "special_requests LIKE %s", "%onload%")
        found.kept = kept(house)
        await look_everywhere(found, insider, "en")
        await tickets(found, insider)
        # Two vehicles that are in use never have the same plate.
        house.world.execute("UPDATE vehicles SET archived_at = now() WHERE id <> %s", house.world.main.vehicle)
        for number, (table, columns) in enumerate(COLUMNS.items()):
            fill(house, table, columns, canary(9000 + number))
        await look_everywhere(found, insider, "ru")
        await mails(found, house, data_dir)
        await errors(found, house)
        await sheets(found, insider)
        return found


async def plant(found: Walk, insider: Insider, route: Route, leaf: Leaf, number: int) -> None:
    """One canary in one field; whatever the answer, it is looked at. A secret one changes nothing for long."""
    house = insider.house
    body = insider.good(route)
    if (
        {"booking_id", "departure_id"} & set(route.parameters)
        or "booking" in route.template
        or "departure" in str(body)
    ):
        await fresh_booking(found, house)
        body = insider.good(route)
    if "article_id" in route.parameters:
        house.main["article_id"] = knowledge.article(house.world, house.world.main)
        body = insider.good(route)
    if "email" in body and leaf.name != "email":
        body["email"] = f"p{number}@people.example" if "signin" not in route.template else body["email"]
    if str(route) == "POST /booking/{booking_id}/cancel":
        body["refund"] = 0
    text = address_canary(number) if leaf.format == "email" else canary(number)[: leaf.longest]
    name = f"{route.rule.body_model.__name__ if route.rule.body_model else route}.{leaf}"
    reply = await insider.call(route, changed(body, leaf.steps, text), headers={"User-Agent": canary(number)})
    found.look(f"{route} {leaf}", reply)
    if leaf.name in SECRET:
        house.heal()
        assert text not in parsed(reply.text).text or leaf.name in {"code", "token", "challenge"}, (
            f"{route} echoes {leaf}"
        )
    elif route.changes and reply.status_code < 400:
        found.planted[name] = text
    if session := reply.cookies.get("session"):
        for path in ("/office", "/account"):
            found.look(path, await house.client.get(path, headers={"Cookie": f"session={session}"}))


async def fresh_booking(found: Walk, house: House) -> None:
    """Every call has a booking of its own to fill in or cancel."""
    body = {"departure_id": str(house.world.departure()), "passengers": 1, "contact": CONTACT}
    booking = (await house.client.post("/api/transfers/book", json=body)).json()
    house.main["booking_id"], house.booking_token = booking["id"], booking["token"]
    house.main["departure_id"] = house.world.departure()
    found.bookings.append((booking["id"], booking["token"]))


async def look_everywhere(found: Walk, insider: Insider, language: str) -> None:
    """Every GET there is, plainly and with a canary in each of its parameters; the pages of every booking."""
    house = insider.house
    for name in sorted(path.name for path in (house.web.app.state.data_dir / FOLDER).glob("*.eml")):
        house.main["name"] = name
        found.look(f"/dev/mail/{name}", await house.client.get(f"/dev/mail/{name}"))
    bookings = house.world.rows(
        "SELECT id FROM bookings b WHERE b::text LIKE '%onload%' OR EXISTS (SELECT FROM booking_passengers p WHERE "
        "p.booking_id = b.id AND p::text LIKE '%onload%')".replace("%", "%%")
    )
    if language == "ru":  # every column of every one of them says the same by now
        bookings = bookings[:2]
    await look_at_articles(found, insider)
    tokens = {row[0]: house.web.hub.tokens.issue(house.world.main.id, row[0]) for row in bookings}  # type: ignore[arg-type]
    for route in ROUTES:
        if route.changes:
            continue
        if "booking_id" in route.parameters and not route.template.endswith(".pdf"):
            for booking, token in tokens.items():
                house.main["booking_id"], house.booking_token = str(booking), token
                found.look(str(route), await insider.call(route))
        body = insider.good(route)
        if "token" in {leaf.name for leaf in parameters_of(route)} and "booking_id" not in route.parameters:
            body["token"] = insider.link_token(route.template)
        path = house.path(route) + (f"?{encoded(body)}" if body else "")
        headers = {"Accept-Language": language, "User-Agent": canary(1), "Referer": canary(2)}
        found.look(str(route), await insider.call(route, {}, path=path, headers=headers))
        found.opened.add(str(route))
        for leaf in fields_of(route):
            attacked = changed(body, leaf.steps, canary(3))
            path = f"{house.path(route)}?{encoded(attacked)}"
            found.look(f"{route} {leaf}", await insider.call(route, {}, path=path))


async def look_at_articles(found: Walk, insider: Insider) -> None:
    """The pages of every article that says something of ours."""
    house = insider.house
    articles = house.world.rows("SELECT id FROM articles a WHERE a::text LIKE %s ORDER BY id", "%onload%")
    for route in ROUTES:
        if "article_id" in route.parameters and not route.changes:
            for (article,) in articles:
                house.main["article_id"] = article
                found.look(str(route), await insider.call(route))


async def errors(found: Walk, house: House) -> None:
    """Pages of what is not there or not allowed, with the canary in address, query and headers."""
    client, text = house.client, quote(canary(4), safe="")
    for path in (
        f"/{text}",
        f"/booking/{text}",
        f"/static/{text}",
        f"/dev/mail/{text}",
        f"/locale/{text}",
        f"/signin/{text}",
    ):
        for method in ("GET", "POST", "PUT"):
            reply = await client.request(
                method, f"{path}?{text}={text}", headers={"Referer": canary(5), "Host": "hub.test"}
            )
            found.look(f"{method} {path}", reply)
    for name in ("locale", "session", "csrf_token", "device"):
        found.look(name, await client.get("/signin", headers={"Cookie": f"{name}={canary(6)}", "Host": canary(7)}))
    for raw in ('/office?x="><svg/onload=x>', '/signin?next=/x"><svg/onload=x>', '/search?from="><svg/onload=x>'):
        found.look(raw, await client.get(raw))


async def mails(found: Walk, house: House, data_dir: Path) -> None:
    """Everything that waits to be mailed is, and its HTML is looked at."""
    mail = FolderTransport(data_dir / FOLDER, "Hub <noreply@hub.test>")
    context = WorkContext(house.web.hub, house.web.app.state.desk, house.web.app.state.people, mail, SETTINGS)
    await work_off(house.web.hub.database, JOBS, context)
    found.mails.clear()
    for path in (data_dir / FOLDER).glob("*.eml"):
        message = BytesParser(policy=policy.default).parsebytes(path.read_bytes())
        body = message.get_body(("html",))
        assert body is not None
        html = body.get_content()
        found.mails.append(html)
        if faults := parsed(html).faults:
            found.wrong.setdefault("a mail", []).extend(faults)


async def tickets(found: Walk, insider: Insider) -> None:
    """A paid booking, at a place whose name would like to be more than a name."""
    house = insider.house
    await fresh_booking(found, house)
    await pay(insider, "id = %s", house.main["booking_id"])
    fold = "x\r\nEND:VEVENT\r\nX-INJECTED:1\nATTACH:javascript:x\\n;," + canary(8)
    house.world.execute("UPDATE bookings SET contact_name = %s WHERE id = %s", fold, house.main["booking_id"])
    house.world.execute("UPDATE places SET name_ru = %(t)s, name_en = %(t)s, meeting_point_ru = %(t)s, meeting_point_en = %(t)s"
                        .replace("%(t)s", "%s"), fold, fold, fold, fold)  # fmt: skip
    for route in ROUTES:
        if route.rule.reply in {"calendar", "pdf"}:
            reply = await insider.call(route)
            found.files[str(route)] = reply.status_code
            if route.rule.reply == "calendar":
                found.calendar = reply.text
            else:
                assert b"/JavaScript" not in reply.content
                assert b"/JS" not in reply.content


async def pay(insider: Insider, which: str, *values: object) -> None:
    """Those bookings are paid for and have tickets."""
    house = insider.house
    [webhook] = [route for route in ROUTES if "cloudpayments" in route.template]
    for code, total in house.world.rows(f"SELECT code, total FROM bookings WHERE {which}", *values):
        number = str(7000 + len(house.world.rows("SELECT FROM payments")))
        told = {"TransactionId": number, "InvoiceId": code, "Amount": f"{int(str(total)) / 100:.2f}"}
        body = insider.good(webhook) | told
        del body["AccountId"]
        assert (await insider.call(webhook, body)).json() == {"code": 0}
        assert house.world.rows("SELECT status FROM bookings WHERE code = %s", code) == [("confirmed",)]


async def sheets(found: Walk, insider: Insider) -> None:
    """Every route that gives a table to a spreadsheet, with formulas in everything people have written."""
    house = insider.house
    for number, text in enumerate(FORMULAS):
        house.world.execute(
            "INSERT INTO audit_events (organisation_id, id, at, actor_kind, actor_name, action, object_kind, object_id, "
            "user_agent, request_id) VALUES (%s, %s, %s, 'system', %s, 'profile.changed', 'person', %s, %s, %s)",
            house.world.main.id, new_id(), house.world.now.replace(minute=number), *[text] * 4,
        )  # fmt: skip
    for route in ROUTES:
        if route.changes:
            continue
        reply = await insider.call(route, headers={"Accept": "text/csv"})
        if reply.headers.get("content-type", "").startswith("text/csv"):
            found.files[str(route)] = reply.status_code
            found.cells += [cell for row in csv.reader(io.StringIO(reply.text, newline="")) for cell in row]


def kept(house: House) -> set[str]:
    """The marks of all canaries in the database but for the log, which remembers what was written over."""
    with psycopg.connect(house.world.owner_url) as connection:
        tables = connection.execute(
            "SELECT tablename FROM pg_tables WHERE schemaname = 'public' AND tablename <> 'audit_events'"
        ).fetchall()
        rows = [connection.execute(f"SELECT t::text FROM {name} t".encode()).fetchall() for (name,) in tables]
    return {mark for table in rows for (row,) in table for mark in MARK.findall(row)}


def fill(house: House, table: str, columns: tuple[str, ...], text: str) -> None:
    """The text in those columns of every row, as far as the database lets it in."""
    with psycopg.connect(house.world.owner_url, autocommit=True) as connection:
        for column in columns:
            try:
                connection.execute(f"UPDATE {table} SET {column} = %s".encode(), (text,))
            except psycopg.errors.CheckViolation:
                continue


def test_no_text_becomes_markup(walk: Walk) -> None:
    assert walk.wrong == {}


def test_every_page_was_opened(walk: Walk) -> None:
    assert walk.opened == {str(route) for route in ROUTES if not route.changes}
    assert len(walk.mails) >= 5
    assert len(walk.pages) > 100


def test_every_text_that_is_kept_is_shown_somewhere(walk: Walk) -> None:
    """Else the pages above were looked at in vain."""
    assert len(walk.planted) >= 15
    seen = shown([*walk.pages, *walk.mails])
    # What was written over by a later form, or only looked at, is kept nowhere.
    there = {name: text for name, text in walk.planted.items() if not walk.kept.isdisjoint(MARK.findall(text))}
    missing = {name for name, text in there.items() if " ".join(text.split()) not in seen}
    unseen = {name for name in missing if not {name.partition(".")[0], name.rpartition(".")[2]} & UNSEEN.keys()}
    assert unseen == set(), "open the page that shows it, or say in UNSEEN why none does"


def test_a_table_holds_no_formula(walk: Walk) -> None:
    # A sum or a phone number is none.
    cells = [cell for cell in walk.cells if not re.fullmatch(r"[+-][0-9]+(\.[0-9]+)?", cell)]
    assert [cell for cell in cells if cell.startswith(("=", "+", "-", "@", "\t", "\r"))] == []
    assert {f"'{text}" for text in FORMULAS} <= set(walk.cells)


def test_a_calendar_holds_one_trip_and_nothing_else(walk: Walk) -> None:
    [event] = Calendar.from_ical(walk.calendar).walk("VEVENT")
    assert "X-INJECTED" not in event
    assert "ATTACH" not in event
    names = {line.partition(":")[0].partition(";")[0] for line in walk.calendar.replace("\r\n ", "").split("\r\n")}
    assert not {"X-INJECTED", "ATTACH"} & names
    assert "\r" not in walk.calendar.replace("\r\n", "")
    assert set(walk.files.values()) == {200}
    assert len(walk.files) >= 6


def test_the_parser_sees_markup() -> None:
    """The control: the same texts, not escaped."""
    text = canary(1)
    for hole in (f"<p>{text}</p>", f'<input value="{text}">', f"<input value='{text}'>", f"<input value={text}>"):
        assert parsed(hole).faults, hole
    assert parsed(f"<a href='{address_canary(1)}'>").faults
    assert parsed("<a href=' javascript:x'>").faults
    page: Page = parsed(f"<p>{text.replace('<', '&lt;')}</p>")
    assert (page.faults, page.text.strip()) == ([], text.strip())
