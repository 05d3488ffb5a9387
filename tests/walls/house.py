"""The whole application with everybody and everything in it, for tests that walk the table of routes."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cache
from inspect import signature
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import httpx
import psycopg
from litestar.handlers import HTTPRouteHandler
from psycopg.types.json import Jsonb

from kamhub.app.asgi import WebConfig
from kamhub.kit.clock import ManualClock
from kamhub.kit.ids import new_id
from kamhub.platform.api_key.rules import digest as key_digest
from kamhub.platform.crypto.keys import KeyRing
from kamhub.platform.embedded.types import ClusterAddress
from kamhub.platform.session.cookie import csrf_binding
from kamhub.platform.session.tokens import digest, new_opaque_token
from kamhub.platform.settings import Settings
from kamhub.platform.web.csrf import Csrf
from kamhub.platform.web.rules import RouteRule, handlers_of, rule_of
from tests.asgi import ORIGIN, Web, routed, serve
from tests.builders import Operator, World, build_world
from tests.hub.payment.support import Provider
from tests.walls import knowledge, network, timetables

NOW = datetime(2026, 11, 24, tzinfo=UTC)
KEYS = KeyRing("a secret of the tests, long enough to be one")
SETTINGS = Settings(env="development", rate_limits="off")
SAFE = frozenset({"GET", "HEAD", "OPTIONS"})
# Who may come in is kept in these; a caller that was let in may have changed them.
_DOORS = ("people", "organisations", "memberships", "sessions", "refresh_tokens", "api_keys", "invitations")
CONTACT = {"name": "Анна Ёлкина", "phone": "+79141234567", "email": "anna@example.org"}


@dataclass(frozen=True, slots=True)
class Route:
    """One method of one route."""

    method: str
    template: str
    handler: HTTPRouteHandler = field(compare=False, repr=False)
    rule: RouteRule = field(compare=False, repr=False)

    def __str__(self) -> str:
        return f"{self.method} {self.template}"

    @property
    def parameters(self) -> list[str]:
        """Names in the path."""
        return re.findall(r"\{(\w+)", self.template)

    @property
    def for_an_organisation(self) -> bool:
        """Whether the handler asks for somebody who works in one."""
        return "staff" in signature(self.handler.fn).parameters

    @property
    def changes(self) -> bool:
        """Whether the method may change something."""
        return self.method not in SAFE


@cache
def routes() -> tuple[Route, ...]:
    """Every route of the application as it is now."""
    app = routed(WebConfig(SETTINGS, "", KEYS, ORIGIN, Path("nowhere")))
    found = [
        Route(method, path, handler, declared)
        for path, handler in handlers_of(app)
        if (declared := rule_of(handler)) is not None
        for method in sorted(handler.http_methods)
        if method != "HEAD"
    ]
    return tuple(sorted(found, key=str))


@dataclass(slots=True)
class House:
    """The running application, and things of the main operator that others must not reach."""

    web: Web
    world: World
    main: dict[str, Any]
    """By the name of a path parameter: something of the main operator's."""
    booking_token: str
    other_booking_token: str

    @property
    def client(self) -> httpx.AsyncClient:
        return self.web.client

    def path(self, route: Route) -> str:
        """The address of that route over the main operator's things. Raises ``KeyError`` for a parameter without one."""
        return re.sub(r"\{(\w+)[^}]*\}", lambda found: str(self.main[found[1]]), route.template)

    def csrf(self, session: str | None = None) -> str:
        """A token for forms in that browser."""
        csrf: Csrf = self.web.app.state.csrf
        return csrf.issue(csrf_binding(session))

    def browser(self, operator: Operator, role: str) -> str:
        """The cookie of a fresh session in a browser."""
        token = new_opaque_token()
        self.world.execute(
            "INSERT INTO sessions (id, person_id, organisation_id, kind, token_hash, created_at, last_seen_at, expires_at) "
            "VALUES (%s, %s, %s, 'browser', %s, %s, %s, %s)",
            new_id(), operator.people[role], operator.id, digest(token), NOW, NOW, NOW.replace(year=2099),
        )  # fmt: skip
        return token

    def key(self, operator: Operator, scopes: list[str], **columns: datetime) -> str:
        """An API key of that operator."""
        key_id, key = make_key(self.world, operator, scopes, **columns)
        assert key_id
        return key

    def keep(self) -> None:
        """Remember who may come in."""
        for table in _DOORS:
            self.world.execute(f"CREATE TABLE walls_{table} AS TABLE {table}")

    def heal(self) -> None:
        """Everybody is who they were, whatever a caller has done."""
        # As a replica, without checks of keys: the rows are consistent as a whole.
        statements = ["SET LOCAL session_replication_role = replica"]
        for table in _DOORS:
            statements += [f"DELETE FROM {table}", f"INSERT INTO {table} SELECT * FROM walls_{table}"]
        self.world.execute("; ".join(statements))


def make_key(world: World, operator: Operator, scopes: list[str], **columns: datetime) -> tuple[UUID, str]:
    """A key that was used this very moment."""
    key_id, key = new_id(), f"kamhub_{uuid4().hex}"
    world.execute(
        "INSERT INTO api_keys (organisation_id, id, name, key_hash, hint, scopes, created_by, created_at, last_used_at, "
        "expires_at, revoked_at) VALUES (%s, %s, 'shop', %s, 'hint', %s, %s, %s, %s, %s, %s)",
        operator.id, key_id, key_digest(key), scopes, operator.people["owner"], NOW, NOW,
        columns.get("expires_at"), columns.get("revoked_at"),
    )  # fmt: skip
    return key_id, key


def snapshot(world: World) -> dict[str, object]:
    """A digest of every table."""
    with psycopg.connect(world.owner_url) as connection:
        names = connection.execute(
            "SELECT table_schema || '.' || table_name FROM information_schema.tables "
            "WHERE table_schema = 'public' AND table_type = 'BASE TABLE' AND table_name NOT LIKE 'walls%'"
        ).fetchall()
        found: dict[str, object] = {}
        for (name,) in names:
            row = connection.execute(
                f"SELECT count(*), md5(string_agg(t::text, '' ORDER BY t::text)) FROM {name} t".encode()
            ).fetchone()
            found[str(name)] = row
        return found


@contextmanager
def fresh_database(postgres: ClusterAddress) -> Iterator[tuple[str, str]]:
    """URLs of a new database, as its owner and as the running login."""
    name = f"walls_{uuid4().hex}"
    server = postgres.owner_url.rsplit("/", 1)[0]
    with psycopg.connect(f"{server}/postgres", autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name} TEMPLATE {postgres.database} STRATEGY FILE_COPY".encode())
        yield f"{server}/{name}", f"{postgres.app_url.rsplit('/', 1)[0]}/{name}"
        connection.execute(f"DROP DATABASE {name} WITH (FORCE)".encode())


@asynccontextmanager
async def furnished(owner_url: str, app_url: str, data_dir: Path) -> AsyncIterator[House]:
    """The application on that database with the usual world, a booking, an invitation, a key."""
    world = build_world(owner_url, KEYS, NOW)
    async with serve(app_url, KEYS, ManualClock(NOW), data_dir, provider=Provider(), settings=SETTINGS) as web:
        departure = world.departure(capacity=40)
        mine, others = [await _booked(web, departure) for _ in range(2)]
        invitation = new_id()
        world.execute(
            "INSERT INTO invitations (organisation_id, id, email, role, locale, invited_by, created_at, expires_at) "
            "VALUES (%s, %s, 'new@main.example', 'viewer', 'en', %s, %s, %s)",
            world.main.id, invitation, world.main.people["owner"], NOW, NOW.replace(year=2099),
        )  # fmt: skip
        disruption = new_id()
        world.execute(
            "INSERT INTO disruptions (organisation_id, id, rebook, actor, created_at) VALUES (%s, %s, 'refund', 'x', %s)",
            world.main.id, disruption, NOW,
        )  # fmt: skip
        promo_code = new_id()
        world.execute(
            "INSERT INTO promo_codes (organisation_id, id, code, kind, value) VALUES (%s, %s, 'WALLS', 'percent', 10)",
            world.main.id, promo_code,
        )  # fmt: skip
        key_id, _ = make_key(world, world.main, ["bookings.read"])
        job_id = new_id()
        kill(world, world.main, job_id)
        review = new_id()
        world.execute(
            "INSERT INTO reviews (organisation_id, id, booking_id, rating, author, created_at) VALUES (%s, %s, %s, 5, 'A', %s)",
            world.main.id, review, mine["id"], NOW,
        )  # fmt: skip
        party = new_id()
        world.execute(
            "INSERT INTO waiting_parties (organisation_id, id, departure_id, from_position, to_position, passengers, name, phone, "
            "email, locale, created_at) VALUES (%s, %s, %s, 0, 1, 1, 'Ждан', '+79140000001', 'zhdan@example.org', 'ru', %s)",
            world.main.id, party, departure, NOW,
        )  # fmt: skip
        things = {
            "waiting_party_id": party,
            "account_id": world.main.account,
            "channel_id": new_id(),
            "message_id": world.rows("SELECT id FROM messages WHERE booking_id = %s", mine["id"])[0][0],
            "review_id": review,
            **_money(world, UUID(others["id"])),
            "booking_id": mine["id"],
            "departure_id": departure,
            "invitation_id": invitation,
            "job_id": job_id,
            "key_id": key_id,
            "person_id": world.main.people["viewer"],
            "promo_code_id": promo_code,
            "disruption_id": disruption,
            "timetable_id": timetables.furnish(world),
            "on_date": timetables.ON_DATE,
            **network.furnish(world),
            **knowledge.furnish(world),
            "route_id": world.main.route,
            "session_id": world.main.sessions["owner"],
            # Of nobody: words out of a list.
            "chosen": "en",
            "operator_slug": "main",
            "kind": "pay",
            "name": "app.css",
        }
        yield House(web, world, things, mine["token"], others["token"])


def _money(world: World, booking: UUID) -> dict[str, UUID]:
    """Money of a booking: paid, in part refused to go back, with a case, an entry, a payout and a comparison."""
    org, account = world.main.id, world.main.account
    names = ("payment_id", "refund_id", "case_id", "entry_id", "payout_id", "reconciliation_id")
    things = {name: new_id() for name in names}
    world.execute("UPDATE bookings SET paid = total WHERE id = %s", booking)
    for statement, *values in (
        (
            ("INSERT INTO payments (organisation_id, id, booking_id, account_id, transaction_id, amount, currency, status, test, "
            "accepted, received_at) SELECT %s, %s, id, %s, 777, total, currency, 'completed', true, true, %s FROM bookings WHERE id = %s"),
            org, things["payment_id"], account, NOW, booking,
        ),
        (
            ("INSERT INTO refunds (organisation_id, id, payment_id, booking_id, amount, currency, status, reason, error, requested_at) "
            "VALUES (%s, %s, %s, %s, 100, 'RUB', 'refused', 'x', 'no money', %s)"),
            org, things["refund_id"], things["payment_id"], booking, NOW,
        ),
        (
            ("INSERT INTO cases (organisation_id, id, kind, booking_id, payment_id, refund_id, opened_at) "
            "VALUES (%s, %s, 'refund_refused', %s, %s, %s, %s)"),
            org, things["case_id"], booking, things["payment_id"], things["refund_id"], NOW,
        ),
        (
            ("INSERT INTO ledger_entries (organisation_id, id, at, kind, source, booking_id, payment_id) "
            "VALUES (%s, %s, %s, 'charge', 'payment:' || %s::text, %s, %s)"),
            org, things["entry_id"], NOW, things["payment_id"], booking, things["payment_id"],
        ),
        (
            ("INSERT INTO ledger_lines SELECT organisation_id, %s, unnest('{provider,travellers}'::text[]), "
            "unnest(ARRAY[total, -total]), currency FROM bookings WHERE id = %s"),
            things["entry_id"], booking,
        ),
        (
            "INSERT INTO payouts VALUES (%s, %s, '2026-11-01', '2026-11-10', 100, 'RUB', NULL, %s, NULL)",
            org, things["payout_id"], NOW,
        ),
        (
            ("INSERT INTO reconciliations (organisation_id, id, account_id, day, status, started_at) "
            "VALUES (%s, %s, %s, '2026-11-20', 'clean', %s)"),
            org, things["reconciliation_id"], account, NOW,
        ),
    ):  # fmt: skip
        world.execute(str(statement), *values)
    return things


def kill(world: World, operator: Operator, job_id: UUID) -> None:
    """The operator's job of that id is a dead letter, whatever has become of it since."""
    world.execute("DELETE FROM procrastinate_jobs WHERE (args ->> 'id')::uuid = %s", job_id)
    world.execute("DELETE FROM job_history WHERE id = %s", job_id)
    world.execute(
        "INSERT INTO dead_jobs (id, organisation_id, kind, queue, priority, arguments, reason, error, traceback, attempts, "
        "enqueued_at, died_at) VALUES (%s, %s, 'notice.send', 'notices', 0, %s, 'out_of_attempts', 'refused', '', 2, %s, %s) "
        "ON CONFLICT DO NOTHING",
        job_id, operator.id, Jsonb({"message_id": str(uuid4())}), NOW, NOW,
    )  # fmt: skip


async def _booked(web: Web, departure: UUID) -> dict[str, Any]:
    body = {"departure_id": str(departure), "passengers": 1, "contact": CONTACT}
    reply = await web.client.post("/api/transfers/book", json=body)
    assert reply.status_code == 201, reply.text
    booking: dict[str, Any] = reply.json()
    return booking
