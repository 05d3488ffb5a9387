"""Builders of rows for tests: small worlds with people, routes and departures."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from uuid import UUID

import psycopg
from argon2 import PasswordHasher

from kamhub.kit.ids import new_id
from kamhub.platform.crypto.keys import KeyRing
from kamhub.platform.person.types import ROLES

CATALOGUE = UUID(int=0)
PASSWORD = "correct horse battery"
STOPS = (("airport", 0), ("town", 15), ("city", 50), ("springs", 105))
PRICES = {(0, 1): 100_000, (0, 2): 150_000, (0, 3): 250_000, (1, 2): 120_000, (1, 3): 220_000, (2, 3): 130_000}
TIERS = ((1440, 100), (720, 75), (120, 50))


_mine = threading.local()


@contextmanager
def as_owner(url: str) -> Iterator[psycopg.Connection]:
    """A transaction as the owner of that database, on the connection that this thread had last: opening one takes longer."""
    kept: tuple[str, psycopg.Connection] | None = getattr(_mine, "kept", None)
    if kept is not None:
        try:
            if kept[0] == url:
                kept[1].execute("SELECT")
            else:
                kept[1].close()
                kept = None
        except psycopg.Error:  # the server was started anew, or the database emptied
            kept = None
    if kept is None:
        kept = _mine.kept = (url, psycopg.connect(url, autocommit=True))
    with kept[1].transaction():
        yield kept[1]


@dataclass(slots=True)
class Operator:
    """One organisation of a world: a person of every role, each with a session that lives for long."""

    id: UUID
    slug: str
    route: UUID
    tariff: UUID
    vehicle: UUID
    owner_email: str
    people: dict[str, UUID] = field(default_factory=dict)
    sessions: dict[str, UUID] = field(default_factory=dict)
    account: UUID | None = None
    api_secret: str = ""


@dataclass(slots=True)
class World:
    """Two operators on the same four places (``airport, town, city, springs``: three legs)."""

    owner_url: str
    now: datetime
    places: dict[str, UUID] = field(default_factory=dict)
    main: Operator = field(init=False)
    other: Operator = field(init=False)

    def departure(
        self,
        *,
        operator: Operator | None = None,
        capacity: int = 4,
        departs_in: timedelta = timedelta(days=3),
        sales_cutoff: timedelta = timedelta(minutes=30),
        status: str = "open",
    ) -> UUID:
        """A dated departure of three legs; returns its id."""
        owner = operator or self.main
        departs_at = self.now + departs_in
        departure_id = new_id()
        with as_owner(self.owner_url) as connection:
            connection.execute(
                "INSERT INTO departures (organisation_id, id, route_id, tariff_id, vehicle_id, departs_at, sales_close_at, "
                "status, capacity, taken) VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, '{0,0,0}')",
                (
                    owner.id,
                    departure_id,
                    owner.route,
                    owner.tariff,
                    owner.vehicle,
                    departs_at,
                    departs_at - sales_cutoff,
                    status,
                    capacity,
                ),
            )
        return departure_id

    def taken(self, departure_id: UUID) -> list[int]:
        """The counters of a departure, leg by leg."""
        with as_owner(self.owner_url) as connection:
            row = connection.execute("SELECT taken FROM departures WHERE id = %s", (departure_id,)).fetchone()
        assert row is not None
        return list(row[0])

    def rows(self, query: str, *params: object) -> list[tuple[object, ...]]:
        """Rows of a query, as the owner of the schema."""
        with as_owner(self.owner_url) as connection:
            return connection.execute(query.encode(), params).fetchall()

    def execute(self, statement: str, *params: object) -> None:
        """Carry out a statement as the owner of the schema."""
        with as_owner(self.owner_url) as connection:
            connection.execute(statement.encode(), params or None)


def build_world(owner_url: str, keys: KeyRing, now: datetime) -> World:
    """Write the world and return it; only the main operator takes payments online."""
    world = World(owner_url, now)
    # Eighty statements, not waited for one by one.
    with as_owner(owner_url) as connection, connection.pipeline():
        connection.execute(
            "INSERT INTO organisations (id, slug, name_ru, name_en) VALUES (%s, 'catalogue', 'Справочник', 'Catalogue')",
            (CATALOGUE,),
        )
        for slug, _ in STOPS:
            world.places[slug] = new_id()
            connection.execute(
                "INSERT INTO places (organisation_id, id, slug, name_ru, name_en, latitude, longitude) "
                "VALUES (%s, %s, %s, %s, %s, 53, 158)",
                (CATALOGUE, world.places[slug], slug, f"Место {slug}", slug.title()),
            )
        world.main = _operator(connection, world, "main")
        world.other = _operator(connection, world, "other")
        world.main.account, world.main.api_secret = new_id(), "s3cret-api"
        connection.execute(
            "INSERT INTO payment_accounts (organisation_id, id, public_id, secret_encrypted, mode) VALUES (%s, %s, 'pk_test', %s, 'demo')",
            (world.main.id, world.main.account, keys.encrypt(world.main.api_secret)),
        )
    return world


def _person(connection: psycopg.Connection, world: World, operator: Operator, role: str, password_hash: str) -> None:
    person = operator.people[role] = new_id()
    session = operator.sessions[role] = new_id()
    run = connection.execute
    run(
        "INSERT INTO people (id, email, name, password_hash, email_confirmed_at) VALUES (%s, %s, %s, %s, %s)",
        (person, f"{role}@{operator.slug}.example", role.title(), password_hash, world.now),
    )
    run(
        "INSERT INTO memberships (organisation_id, person_id, role) VALUES (%s, %s, %s)",
        (operator.id, person, role),
    )
    run(
        "INSERT INTO sessions (id, person_id, organisation_id, kind, created_at, last_seen_at, expires_at) "
        "VALUES (%s, %s, %s, 'token', %s, %s, %s)",
        (session, person, operator.id, world.now, world.now, world.now + timedelta(days=365)),
    )


def _operator(connection: psycopg.Connection, world: World, slug: str) -> Operator:
    made = Operator(new_id(), slug, new_id(), new_id(), new_id(), f"owner@{slug}.example")
    policy = new_id()
    run = connection.execute
    run("INSERT INTO organisations (id, slug, name_ru, name_en) VALUES (%s, %s, %s, %s)", (made.id, slug, slug, slug))
    run("INSERT INTO cancellation_policies (organisation_id, id, name) VALUES (%s, %s, 'standard')", (made.id, policy))
    for minutes, percent in TIERS:
        run("INSERT INTO cancellation_tiers VALUES (%s, %s, %s, %s)", (made.id, policy, minutes, percent))
    run("UPDATE organisations SET cancellation_policy_id = %s WHERE id = %s", (policy, made.id))
    password_hash = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1).hash(PASSWORD)
    for role in ROLES:
        _person(connection, world, made, role, password_hash)
    run("INSERT INTO routes (organisation_id, id, name) VALUES (%s, %s, 'line')", (made.id, made.route))
    for position, (place, offset) in enumerate(STOPS):
        run(
            "INSERT INTO route_stops VALUES (%s, %s, %s, %s, %s, %s)",
            (made.id, made.route, position, CATALOGUE, world.places[place], offset),
        )
    run("INSERT INTO tariffs (organisation_id, id, route_id) VALUES (%s, %s, %s)", (made.id, made.tariff, made.route))
    for (start, end), amount in PRICES.items():
        run(
            "INSERT INTO tariff_prices VALUES (%s, %s, %s, %s, %s, %s)",
            (made.id, made.tariff, made.route, start, end, amount),
        )
    run(
        "INSERT INTO vehicles (organisation_id, id, type, model, capacity, plate) VALUES (%s, %s, 'minibus', 'Sprinter', 16, %s)",
        (made.id, made.vehicle, f"P{slug}"),
    )
    return made
