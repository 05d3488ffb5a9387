"""What belongs to a person or opens a door is in no log line, no job, no job's error, nothing that Sentry is told, and of the
audit log only names.

The real processes run with everything logged; every flow is walked with values that exist nowhere else, well and badly, until
the database itself refuses rows and the mail server repeats addresses; then those values are looked for.
"""

from __future__ import annotations

import json
import re
import signal
import socketserver
import subprocess
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import quote
from uuid import UUID

import httpx
import pytest

from kamhub.hub.payment.signature import sign
from kamhub.platform.crypto.keys import KeyRing
from kamhub.platform.embedded.types import ClusterAddress
from kamhub.platform.mailed_link.rules import token_of as link_token
from kamhub.platform.organisation.rules import token_of as invitation_token
from kamhub.platform.second_factor.rules import code_at, step_at
from tests.builders import World, build_world
from tests.hub.payment.support import BODIES
from tests.sentry import sentry_stand_in
from tests.system.product import KAMHUB, environment, free_port, wait_for
from tests.walls.house import fresh_database

SECRET_KEY = "canaries need a key that is 0123456789 long"
WITHIN = 60.0  # seconds, on a machine busy with other tests
CARD = "4000056655665556"
# Who works here is named in the audit log; the traveller is not.
MEMBERS = {"owner email", "owner name", "invited email", "invited name"}


@dataclass(slots=True)
class Leaks:
    """What was looked for, and everything that was written."""

    canaries: dict[str, str] = field(default_factory=dict)
    written: dict[str, str] = field(default_factory=dict)
    faults: list[dict[str, Any]] = field(default_factory=list)

    def new(self, name: str, value: str) -> str:
        """Something to look for."""
        self.canaries[name] = value
        return value

    def found(self, where: str, *, allowed: frozenset[str] = frozenset()) -> dict[str, str]:
        """By name: the canaries that are in it, with what stands around."""
        text, leaks = self.written[where], {}
        for name, value in self.canaries.items():
            forms = {value, value.replace("@", "%40"), json.dumps(value)[1:-1], value.lstrip("+")}
            for form in forms if name not in allowed else ():
                if (at := text.find(form)) >= 0:
                    leaks[name] = text[max(0, at - 300) : at + 100]
        return leaks


class Refuser(socketserver.StreamRequestHandler):
    """A mail server that is out of order, and repeats in its refusal whatever it was told."""

    def handle(self) -> None:
        told = ""
        self.wfile.write(b"220 ready\r\n")
        while line := self.rfile.readline().decode().strip():
            told += line
            verb = line[:4].upper()
            if verb == "DATA":
                self.wfile.write(b"354 go on\r\n")
                while (part := self.rfile.readline()) not in {b".\r\n", b""}:
                    told += part.decode(errors="replace").strip() if part[:3] in {b"To:", b"Sub"} else ""
                self.wfile.write(f"451 not now: {told[:400]}\r\n".encode())
            else:
                self.wfile.write(b"250 well\r\n")


@dataclass(slots=True)
class Caller:
    """A program that calls; whatever it is given is a canary too."""

    http: httpx.Client
    leaks: Leaks

    def post(self, path: str, body: object, token: str | None = None, scheme: str = "Bearer") -> dict[str, Any]:
        """Send that; the reply as far as it is JSON. Whatever in it opens a door is looked for from now on."""
        headers = {"Authorization": f"{scheme} {token}"} if token else {}
        reply = self.http.post(path, json=body, headers=headers)
        told: dict[str, Any] = reply.json() if "json" in reply.headers.get("content-type", "") else {}
        for name, value in told.items():
            if name in {"access_token", "refresh_token", "token", "key", "secret", "uri", "challenge"} and value:
                self.leaks.new(f"{path} {name}", str(value))
            if name == "recovery_codes":
                for number, code in enumerate(value):
                    self.leaks.new(f"recovery code {number}", code)
        return told | {"http": reply.status_code}


@pytest.fixture(scope="module")
def leaks(postgres: ClusterAddress, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Leaks]:
    data_dir = tmp_path_factory.mktemp("canaries")
    found = Leaks()
    with fresh_database(postgres) as (owner_url, app_url), ExitStack() as running:
        world = build_world(owner_url, KeyRing(SECRET_KEY), datetime.now(UTC))
        mail = running.enter_context(socketserver.ThreadingTCPServer(("127.0.0.1", 0), Refuser))
        threading.Thread(target=mail.serve_forever, daemon=True).start()
        running.callback(mail.shutdown)
        told = running.enter_context(sentry_stand_in())
        settings = environment(
            database_url=app_url, migration_database_url=owner_url, data_dir=str(data_dir), secret_key=SECRET_KEY,
            rate_limits="off", log_level="debug", log_requests="1", smtp_url=f"smtp://127.0.0.1:{mail.server_address[1]}",
            cloudpayments_api_url="http://127.0.0.1:9", sentry_dsn=told.dsn,
        )  # fmt: skip
        port = free_port()
        logs = [data_dir / f"{kind}.log" for kind in ("web", "worker")]
        with process(settings, logs[0], "web", "--port", str(port)), process(settings, logs[1], "worker"):
            base = f"http://127.0.0.1:{port}"
            wait_for(lambda: answers(f"{base}/health/ready"), WITHIN, "web serves")
            with httpx.Client(base_url=base, timeout=WITHIN) as http:
                walk(Caller(http, found), world)
            tried = "SELECT count(*) FROM procrastinate_jobs WHERE attempts = 0 AND status = 'todo'"
            wait_for(lambda: world.rows(tried) == [(0,)], WITHIN, "every job was tried")
            wait_for(lambda: len(world.rows("SELECT FROM job_failures")) >= 4, WITHIN, "errors of jobs are kept")
        found.written = {path.stem: path.read_text() for path in logs}
        # As it was sent, and as it reads: JSON writes what is not English by its numbers.
        found.written["sentry"] = told.text + json.dumps(told.items("event"), ensure_ascii=False)
        found.faults = told.items("event")
        for table in ("procrastinate_jobs", "dead_jobs", "job_history", "job_failures", "audit_events"):
            found.written[table] = "\n".join(str(row[0]) for row in world.rows(f"SELECT t::text FROM {table} t"))
        yield found


@contextmanager
def process(settings: dict[str, str], log: Path, *arguments: str) -> Iterator[None]:
    """That part of the product, with all it says in a file."""
    with log.open("wb") as file:
        running = subprocess.Popen([*KAMHUB, *arguments], env=settings, stdout=file, stderr=subprocess.STDOUT)
        try:
            yield
            running.send_signal(signal.SIGTERM)
            assert running.wait(WITHIN) == 0, log.read_text()[-2000:]
        finally:
            running.kill()
            running.wait(5)


def answers(url: str) -> bool:
    try:
        return httpx.get(url, timeout=5).status_code == 200
    except httpx.TransportError:
        return False


def walk(caller: Caller, world: World) -> None:
    """Every flow."""
    token = of_the_owner(caller)
    passwords_and_codes(caller, world, token)
    of_an_organisation(caller, world, token)
    of_a_traveller(caller, world)
    of_the_till(caller, world)
    nowhere(caller)
    everywhere(caller, token)
    refused_by_the_database(caller, world)


def of_the_owner(caller: Caller) -> str:
    """Sign up, sign in wrong and right, by a program and by a browser. Returns the access token."""
    new = caller.leaks.new
    email, password = new("owner email", "k4naria.owner@people.example"), new("password", "Zq7-kanareika-ne-poet")
    name = new("owner name", "Канария Владельцева")
    account = {"email": email, "password": password, "name": name, "organisation_name": "Vulkanarium"}
    assert caller.post("/api/auth/signup", account)["http"] == 201
    wrong = new("wrong password", "Wr0ng-kanareika-horse")
    assert caller.post("/api/auth/signin", {"email": email, "password": wrong})["http"] == 401
    stranger = {"email": new("unknown email", "k4naria.nobody@people.example"), "password": wrong}
    assert caller.post("/api/auth/signin", stranger)["http"] == 401
    csrf = new("csrf", caller.http.get("/api/csrf-token").json()["csrf_token"])
    form = {"csrf_token": csrf, "email": email, "password": wrong}
    assert caller.http.post("/signin", data=form).status_code == 401
    entered = caller.http.post("/signin", data={**form, "password": password})
    assert entered.status_code == 303
    new("session cookie", entered.cookies["session"])
    assert caller.http.get("/office").status_code == 200
    caller.http.cookies.clear()
    return str(caller.post("/api/auth/signin", {"email": email, "password": password})["access_token"])


def passwords_and_codes(caller: Caller, world: World, token: str) -> None:
    """Reset, confirmation, second factor: well and badly."""
    new, keys = caller.leaks.new, KeyRing(SECRET_KEY)
    caller.post("/api/auth/password-reset", {"email": "k4naria.owner@people.example"})
    for purpose, link in world.rows("SELECT purpose, id FROM mailed_links"):
        assert isinstance(link, UUID)
        sent = new(f"{purpose} {link}", link_token(keys, purpose, link))  # type: ignore[arg-type]
        caller.http.get("/password-reset/new", params={"token": sent})
        caller.http.get("/email-confirmation", params={"token": sent})
        caller.http.get("/invitation", params={"token": sent})
        caller.post("/api/auth/password-reset/confirm", {"token": sent, "password": "qwertyuiop"})
        caller.post("/api/auth/email-confirmation", {"token": sent})
    password = caller.leaks.canaries["password"]
    begun = caller.post("/api/me/second-factor", {"password": password}, token)
    assert begun["http"] == 201
    caller.post("/api/me/second-factor/confirm", {"code": new("wrong code", "918273")}, token)
    code = code_at(begun["secret"], step_at(datetime.now(UTC)))
    assert caller.post("/api/me/second-factor/confirm", {"code": code}, token)["http"] == 200
    owner = {"email": "k4naria.owner@people.example", "password": password}
    assert caller.post("/api/auth/signin", owner)["http"] == 401
    caller.post("/api/auth/signin", {**owner, "code": caller.leaks.canaries["recovery code 0"]})
    other = new("new password", "N0vaya-kanareika-poet")
    caller.post("/api/me/password", {"current_password": password, "new_password": other}, token)


def of_an_organisation(caller: Caller, world: World, token: str) -> None:
    """Invitation and key, used well and badly."""
    new = caller.leaks.new
    email = new("invited email", "k4naria.invited@people.example")
    assert caller.post("/api/organisation/invitations", {"email": email, "role": "viewer"}, token)["http"] == 201
    [(organisation, invitation)] = world.rows("SELECT organisation_id, id FROM invitations")
    link = new("invitation", invitation_token(KeyRing(SECRET_KEY), organisation, invitation))  # type: ignore[arg-type]
    caller.http.get("/invitation", params={"token": link})
    joining = {
        "token": link,
        "name": new("invited name", "Гостья Канареева"),
        "password": new("joined", "J0ined-kanareika-x"),
    }
    assert caller.post("/api/auth/invitation", joining)["http"] == 200
    made = caller.post("/api/organisation/api-keys", {"name": "till", "scopes": ["bookings.read"]}, token)
    assert made["http"] == 201
    for key in (made["key"], new("wrong key", "kamhub_AAAAbbbbCCCCdddd1111222233334444")):
        caller.http.get("/api/key", headers={"Authorization": f"Bearer {key}"})
    about = {"email": new("asked email", "k4naria.asked@people.example"), "phone": new("asked phone", "+79147771122")}
    assert caller.post("/api/personal-data/search", about, token)["http"] == 200
    caller.post("/api/personal-data/export", about, token)
    caller.post("/api/personal-data/erase", {**about, "reason": "request"}, token)
    caller.http.get("/api/organisation/audit", headers={"Authorization": f"Bearer {token}"})


def of_a_traveller(caller: Caller, world: World) -> None:
    """Hold, book, look up, cancel: well and badly."""
    new = caller.leaks.new
    contact = {
        "name": new("traveller name", "Путешественница Канарейкина"),
        "phone": new("traveller phone", "+79147654321"),
        "email": new("traveller email", "k4naria.traveller@people.example"),
    }
    passenger = {"name": new("passenger name", "Дитя Канарейкино"), "document": new("document", "4109 778812")}
    body = {"departure_id": str(world.departure()), "passengers": 1, "contact": contact, "passenger_list": [passenger]}
    booked = caller.post("/api/transfers/book", {**body, "special_requests": new("request", "с канарейкой в клетке")})
    assert booked["http"] == 201
    token, booking = booked["token"], booked["id"]
    assert caller.http.get(f"/booking/{booking}", params={"token": token}).status_code == 303
    caller.http.get(f"/booking/{booking}", params={"token": new("broken booking token", token[:-3] + "AAA")})
    caller.http.cookies.clear()
    csrf = caller.http.get("/api/csrf-token").json()["csrf_token"]
    for asked in (contact["email"], contact["phone"]):
        caller.http.post("/booking", data={"csrf_token": csrf, "code": booked["code"], "email_or_phone": asked})
    cancelled = {"booking_id": booking, "reason": new("reason", "канарейка заболела")}
    assert caller.post("/api/transfers/cancel", cancelled, token, "Booking")["http"] == 200
    for wrong in (
        {
            **body,
            "contact": {
                **contact,
                "email": new("no email", "k4naria-no-mail@"),
                "phone": new("no phone", "8914-55-KANARI"),
            },
        },
        {**body, "passenger_list": [passenger] * 60},
        {**body, "password": new("field too many", "kanareika-in-a-field")},
    ):
        assert caller.post("/api/transfers/book", wrong)["http"] == 422
    caller.http.post("/api/transfers/book", content=b'{"contact": {"email": "k4naria.traveller@people.example"')


def of_the_till(caller: Caller, world: World) -> None:
    """Notifications with a signature that is wrong, and one over nonsense."""
    card = caller.leaks.new("card", CARD)
    fields = BODIES["pay"] | {
        "Name": caller.leaks.new("card holder", "KANARIA HOLDER"),
        "CardNumber": card,
        "InvoiceId": "NOSUCH22",
    }
    fields |= {
        "Email": "k4naria.traveller@people.example",
        "Token": caller.leaks.new("card token", "477BBA133C182267FE5F086924AB"),
    }
    for signed in (False, True):
        for kind, content in (("pay", "&".join(f"{k}={v}" for k, v in fields.items())), ("check", f"Amount={card}")):
            signature = sign(world.main.api_secret if signed else "another secret", content.encode())
            path = f"/api/webhooks/cloudpayments/{world.main.account}/{kind}"
            kind_of = "application/x-www-form-urlencoded"
            caller.http.post(path, content=content, headers={"Content-HMAC": signature, "Content-Type": kind_of})
    caller.leaks.new("api secret", world.main.api_secret)


def nowhere(caller: Caller) -> None:
    """Addresses that are not there, with everything in the query and the headers that should not be."""
    new = caller.leaks.new
    query = {
        "token": new("token in a query", "q7TokenKanareika1234567890"),
        "email": "k4naria.traveller@people.example",
    }
    headers = {
        "Authorization": f"Bearer {new('foreign bearer', 'eyJhbGciOiJub25lIn0.eyJrYW5hcmkiOjF9.kanareika')}",
        "Cookie": f"session={new('foreign cookie', 'c00kieKanareika0987654321')}",
        "Referer": f"http://x.example/?token={query['token']}",
        "X-Request-ID": "k4naria.traveller@people.example",
        "User-Agent": "k4naria.traveller@people.example",
    }
    for path in (
        "/nowhere",
        "/api/nowhere",
        "/booking/x",
        "/office",
        "/api/me",
        "/static/x",
        "/signin",
        "/api/transfers/search",
    ):
        caller.http.get(path, params=query, headers=headers)
        caller.http.put(path, params=query, headers=headers)


def everywhere(caller: Caller, token: str) -> None:
    """Every route there is, with what must not be read in every place a caller can put it."""
    new = caller.leaks.new
    told = {
        "name": new("name sent everywhere", "Всюду Канарейкина"),
        "email": new("e-mail sent everywhere", "k4naria.everywhere@people.example"),
        "phone": new("phone sent everywhere", "+79147650000"),
        "token": new("token sent everywhere", "q7Everywhere0987654321kanareika"),
        "reason": new("remark sent everywhere", "канарейка летает всюду"),
    }
    table = Path("docs/routes.md").read_text().partition("## Routes")[2].partition("\n## ")[0]
    rows = re.findall(r"^\| ([A-Z]+) \| (/\S*) \| (\w+) \|", table, re.MULTILINE)
    assert len(rows) > 300
    for method, path, access in sorted(rows, key=lambda row: (row[0] != "GET", row[1])):
        if path == "/api/events":
            continue  # a stream that does not end
        address = re.sub(r"\{\w*uuid\w*\}|\{\w*id\}", str(UUID(int=7)), path)
        address = re.sub(r"\{\w+\}", quote(told["token"]), address)
        headers = {"Authorization": f"Bearer {token}"} if access in {"staff", "key"} else {"X-Token": told["token"]}
        body: dict[str, Any] = {"json": told} if path.startswith("/api/") else {"data": told}
        caller.http.request(method, address, params=told, headers=headers, **(body if method != "GET" else {}))
    caller.http.cookies.clear()


def refused_by_the_database(caller: Caller, world: World) -> None:
    """The worst fault: a row the database refuses, and quotes while it does."""
    for table in ("people", "booking_passengers", "messages", "sessions", "mailed_links"):
        world.execute(f"ALTER TABLE {table} ADD CONSTRAINT broken CHECK (false) NOT VALID")
    contact = {
        "name": "Путешественница Канарейкина",
        "phone": "+79147654321",
        "email": "k4naria.traveller@people.example",
    }
    passenger = {"name": "Дитя Канарейкино", "document": "4109 778812"}
    body = {"departure_id": str(world.departure()), "passengers": 1, "contact": contact, "passenger_list": [passenger]}
    assert caller.post("/api/transfers/book", body)["http"] == 500
    account = {
        "email": "k4naria.nobody@people.example",
        "password": caller.leaks.canaries["password"],
        "name": "Канария Владельцева",
    }
    assert caller.post("/api/auth/signup", account)["http"] == 500
    owner = {"email": world.main.owner_email, "password": "correct horse battery"}
    assert caller.post("/api/auth/signin", owner)["http"] == 500
    assert caller.post("/api/auth/password-reset", {"email": "k4naria.invited@people.example"})["http"] == 500


@pytest.mark.parametrize("part", ["web", "worker"])
def test_no_line_of_the_log_gives_anybody_away(leaks: Leaks, part: str) -> None:
    assert leaks.found(part) == {}


def test_every_request_has_its_line(leaks: Leaks) -> None:
    lines = [line for line in leaks.written["web"].splitlines() if re.search(r"\] request ", line)]
    assert len({found[0] for line in lines if (found := re.search(r"route=\S+", line))}) > 300
    # Most were let in, and say by ids who it was.
    assert sum("person_id=" in line and "organisation_id=" in line for line in lines) > 200
    assert sum("status=401" in line for line in lines) < 60


def test_sentry_is_told_of_faults_and_of_nobody(leaks: Leaks) -> None:
    assert leaks.found("sentry") == {}
    web = [fault for fault in leaks.faults if fault["server_name"] == "web"]
    # Every fault of the web application, no refusal: what was answered 4xx above is hundreds of requests.
    assert {fault["tags"]["route"] for fault in web} == {
        "/api/transfers/book", "/api/auth/signup", "/api/auth/signin", "/api/auth/password-reset"
    }  # fmt: skip
    assert all(fault["tags"]["constraint"] == "broken" for fault in web)
    assert all(fault["tags"]["request_id"] in leaks.written["web"] for fault in web)
    steps = [step["category"] for fault in web for step in fault["breadcrumbs"]["values"]]
    assert "booking created" in steps
    jobs = [fault for fault in leaks.faults if fault["server_name"] == "worker"]
    assert jobs
    assert "warning" in {fault["level"] for fault in jobs}  # to be tried again
    assert all(fault["tags"]["job"] and fault["tags"]["job_id"] for fault in jobs)


@pytest.mark.parametrize("table", ["procrastinate_jobs", "dead_jobs", "job_history", "job_failures"])
def test_jobs_and_their_errors_name_ids_alone(leaks: Leaks, table: str) -> None:
    assert leaks.found(table) == {}


def test_the_audit_log_names_members_and_nothing_that_opens_a_door(leaks: Leaks) -> None:
    assert leaks.found("audit_events", allowed=frozenset(MEMBERS)) == {}


def test_there_was_something_to_find(leaks: Leaks) -> None:
    """The control: faults were logged with their causes, jobs failed, and the search finds what is there."""
    assert len(leaks.canaries) > 40
    assert leaks.written["web"].count("unhandled_fault") >= 4
    assert leaks.written["web"].count("CheckViolation") >= 4
    assert "•••" in leaks.written["web"]
    assert re.search(r"outcome=(retried|dead)", leaks.written["worker"])
    assert "451" in leaks.written["job_failures"]
    assert "invitation.created" in leaks.written["audit_events"]
    assert {"owner name", "invited email"} <= leaks.found("audit_events").keys()
