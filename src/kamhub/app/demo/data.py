"""Writes the demo: two operators, their people, fleet, timetables and departures from today for sixty days.

Every id is derived from what the row is, so a second run on the same day changes nothing and one on a later day only
adds the days that are new.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from hashlib import sha256
from itertools import pairwise
from pathlib import Path
from uuid import UUID
from zoneinfo import ZoneInfo

import psycopg
from psycopg import Connection

from kamhub.app.demo.geography import PLACES
from kamhub.app.demo.timetable import DRIVERS, LINES, MAIN, SECOND, VEHICLES, LineSeed
from kamhub.platform.crypto.keys import KeyRing
from kamhub.platform.person.passwords import hash_password_now, matches, needs_rehash

CATALOGUE = UUID(int=0)
_MADE_AT_MS = 1_767_225_600_000  # 2026-01-01
ZONE = "Asia/Kamchatka"
DAYS = 60
SALES_CUTOFF = timedelta(minutes=30)
TIERS = ((24 * 60, 100), (12 * 60, 75), (2 * 60, 50))
ROLES = ("owner", "manager", "dispatcher", "driver", "viewer")
_NAMES = {
    "owner": "Ольга Вершинина",
    "manager": "Михаил Северин",
    "dispatcher": "Дарья Корякина",
    "driver": "Денис Авачин",
    "viewer": "Вера Налычева",
}


@dataclass(frozen=True, slots=True)
class DemoAccount:
    """The demo's payment terminal, for the stand-in of the provider."""

    account_id: UUID
    public_id: str
    api_secret: str


def demo_id(*parts: object) -> UUID:
    """The id of a demo row, from what it is: a UUID of version 7 whose random bits are a hash and whose time is fixed."""
    digest = sha256("/".join(str(part) for part in parts).encode()).digest()
    value = (_MADE_AT_MS << 80) | int.from_bytes(digest[:10], "big")
    value = value & ~(0xF << 76) | (7 << 76)
    value = value & ~(0b11 << 62) | (0b10 << 62)
    return UUID(int=value)


def people() -> list[tuple[str, str, str]]:
    """``(organisation, role, e-mail)`` of the demo's people."""
    return [(MAIN, role, f"{role}@{MAIN}.example") for role in ROLES] + [(SECOND, "owner", f"owner@{SECOND}.example")]


def demo_password(given: str | None, data_dir: Path) -> str:
    """The password of all demo people: the one given, or a random one kept in the data folder."""
    if given:
        return given
    path = data_dir / "demo-password"
    if not path.exists():
        data_dir.mkdir(parents=True, exist_ok=True)
        path.touch(mode=0o600)
        path.write_text(secrets.token_urlsafe(12))
    return path.read_text().strip()


def write_demo(
    url: str, keys: KeyRing, password: str, *, today: date, public_id: str | None = None, api_secret: str | None = None
) -> DemoAccount:
    """Bring the demo up to date in one transaction; returns its payment account."""
    with psycopg.connect(url, application_name="kamhub-demo") as connection:
        connection.execute("SELECT pg_advisory_xact_lock(%s)", (0x64656D6F,))
        _organisations(connection)
        _people(connection, password)
        _places(connection)
        _vehicles(connection)
        _drivers(connection)
        for line in LINES:
            _line(connection, line)
            for plate in line.plates:
                if _timetable(connection, line, plate, today):
                    _departures(connection, line, plate, today)
        return _account(connection, keys, public_id, api_secret)


def _insert(connection: Connection, statement: str, rows: Iterable[Sequence[object]]) -> None:
    with connection.cursor() as cursor:
        cursor.executemany(f"INSERT INTO {statement} ON CONFLICT DO NOTHING".encode(), list(rows))


def _organisations(connection: Connection) -> None:
    _insert(
        connection,
        "organisations (id, slug, name_ru, name_en, rating, phone, email) VALUES (%s, %s, %s, %s, %s, %s, %s)",
        [
            (CATALOGUE, "catalogue", "Общий справочник", "Shared catalogue", None, None, None),
            (
                demo_id(MAIN),
                MAIN,
                "Камчатка Трансфер",
                "Kamchatka Transfer",
                4.8,
                "+74152000101",
                f"hello@{MAIN}.example",
            ),
            (demo_id(SECOND), SECOND, "Вулкан Тур", "Volcano Tour", 4.6, "+74152000202", f"hello@{SECOND}.example"),
        ],
    )
    for slug in (MAIN, SECOND):
        organisation, policy = demo_id(slug), demo_id(slug, "policy")
        _insert(
            connection,
            "cancellation_policies (organisation_id, id, name) VALUES (%s, %s, %s)",
            [(organisation, policy, "24 / 12 / 2 ч")],
        )
        _insert(
            connection,
            "cancellation_tiers (organisation_id, policy_id, minutes_before, refund_percent) VALUES (%s, %s, %s, %s)",
            [(organisation, policy, minutes, percent) for minutes, percent in TIERS],
        )
        connection.execute(
            "UPDATE organisations SET cancellation_policy_id = %s WHERE id = %s AND cancellation_policy_id IS NULL",
            (policy, organisation),
        )


def _people(connection: Connection, password: str) -> None:
    for organisation, role, email in people():
        person = demo_id("person", email)
        row = connection.execute("SELECT password_hash FROM people WHERE id = %s", (person,)).fetchone()
        if row is None or not _matches(row[0], password):
            connection.execute(
                "INSERT INTO people (id, email, name, password_hash, email_confirmed_at) VALUES (%s, %s, %s, %s, now()) "
                "ON CONFLICT (id) DO UPDATE SET password_hash = excluded.password_hash, "
                "email_confirmed_at = coalesce(people.email_confirmed_at, excluded.email_confirmed_at)",
                (person, email, _NAMES[role], hash_password_now(password)),
            )
        _insert(
            connection,
            "memberships (organisation_id, person_id, role) VALUES (%s, %s, %s)",
            [(demo_id(organisation), person, role)],
        )


def _matches(stored: str, password: str) -> bool:
    return matches(stored, password) and not needs_rehash(stored)


def _places(connection: Connection) -> None:
    _insert(
        connection,
        "places (organisation_id, id, slug, name_ru, name_en, latitude, longitude, time_zone, meeting_point_ru, "
        "meeting_point_en) VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s)",
        [
            (
                CATALOGUE,
                demo_id("place", place.slug),
                place.slug,
                place.name_ru,
                place.name_en,
                place.latitude,
                place.longitude,
                ZONE,
                place.meeting_ru,
                place.meeting_en,
            )
            for place in PLACES
        ],
    )


def _vehicles(connection: Connection) -> None:
    _insert(
        connection,
        "vehicles (organisation_id, id, type, model, capacity, plate, features) VALUES (%s, %s, %s, %s, %s, %s, %s)",
        [
            (
                demo_id(vehicle.organisation),
                demo_id("vehicle", vehicle.plate),
                vehicle.type,
                vehicle.model,
                vehicle.capacity,
                vehicle.plate,
                list(vehicle.features),
            )
            for vehicle in VEHICLES
        ],
    )


def _line(connection: Connection, line: LineSeed) -> None:
    organisation, route, tariff = demo_id(line.organisation), demo_id("route", line.key), demo_id("tariff", line.key)
    position = {place: n for n, (place, _) in enumerate(line.stops)}
    _insert(connection, "routes (organisation_id, id, name) VALUES (%s, %s, %s)", [(organisation, route, line.name)])
    _insert(
        connection,
        "route_stops (organisation_id, route_id, position, place_organisation_id, place_id, offset_minutes) "
        "VALUES (%s, %s, %s, %s, %s, %s)",
        [
            (organisation, route, position[place], CATALOGUE, demo_id("place", place), offset)
            for place, offset in line.stops
        ],
    )
    _insert(connection, "tariffs (organisation_id, id, route_id) VALUES (%s, %s, %s)", [(organisation, tariff, route)])
    _insert(
        connection,
        "tariff_prices (organisation_id, tariff_id, route_id, from_position, to_position, amount) VALUES (%s, %s, %s, %s, %s, %s)",
        [
            (organisation, tariff, route, position[start], position[end], roubles * 100)
            for start, end, roubles in line.prices
        ],
    )


def _drivers(connection: Connection) -> None:
    _insert(
        connection,
        "drivers (organisation_id, id, name, phone, languages, person_id) VALUES (%s, %s, %s, %s, %s, %s)",
        [
            (
                demo_id(driver.organisation),
                demo_id("driver", driver.plate),
                driver.name,
                driver.phone,
                list(driver.languages),
                demo_id("person", driver.email) if driver.email else None,
            )
            for driver in DRIVERS
        ],
    )


def _timetable(connection: Connection, line: LineSeed, plate: str, today: date) -> bool:
    """Bring the season of a timetable up to date; False when somebody has changed it: then it is theirs."""
    row = connection.execute(
        "INSERT INTO timetables (organisation_id, id, route_id, tariff_id, vehicle_id, driver_id, weekdays, times, "
        "valid_from, valid_to, sales_cutoff_minutes) VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s) "
        "ON CONFLICT (organisation_id, id) DO UPDATE SET valid_to = greatest(timetables.valid_to, excluded.valid_to), "
        "valid_from = greatest(timetables.valid_from, excluded.valid_to - 730) "
        "WHERE timetables.version = 1 AND timetables.archived_at IS NULL RETURNING id",
        (
            demo_id(line.organisation),
            timetable_id(line, plate),
            demo_id("route", line.key),
            demo_id("tariff", line.key),
            demo_id("vehicle", plate),
            demo_id("driver", plate),
            list(line.weekdays),
            list(line.times(plate)),
            today,
            today + timedelta(days=DAYS - 1),
            SALES_CUTOFF // timedelta(minutes=1),
        ),
    ).fetchone()
    return row is not None


def timetable_id(line: LineSeed, plate: str) -> UUID:
    """The timetable by which that vehicle runs on that line."""
    return demo_id("timetable", line.key, plate)


def _departures(connection: Connection, line: LineSeed, plate: str, today: date) -> None:
    organisation = demo_id(line.organisation)
    capacity = next(vehicle.capacity for vehicle in VEHICLES if vehicle.plate == plate)
    length = timedelta(minutes=line.stops[-1][1])
    moments = [
        datetime.fromisoformat(f"{day}T{time}").replace(tzinfo=ZoneInfo(ZONE)).astimezone(UTC)
        for day in (today + timedelta(days=n) for n in range(DAYS))
        if day.isoweekday() in line.weekdays
        for time in line.times(plate)
    ]
    connection.execute(
        "INSERT INTO departures (organisation_id, id, route_id, tariff_id, vehicle_id, driver_id, timetable_id, departs_at, "
        "sales_close_at, capacity, taken, on_road) SELECT %s, u.id, %s, %s, %s, %s, %s, u.at, u.at - %s, %s, %s, "
        "tstzrange(u.at, u.at + %s) FROM unnest(%s::uuid[], %s::timestamptz[]) AS u(id, at) ON CONFLICT DO NOTHING",
        (
            organisation,
            demo_id("route", line.key),
            demo_id("tariff", line.key),
            demo_id("vehicle", plate),
            demo_id("driver", plate),
            timetable_id(line, plate),
            SALES_CUTOFF,
            capacity,
            [0] * len(list(pairwise(line.stops))),
            length,
            [demo_id("departure", line.key, at.isoformat()) for at in moments],
            moments,
        ),
    )


def _account(connection: Connection, keys: KeyRing, public_id: str | None, api_secret: str | None) -> DemoAccount:
    organisation, account = demo_id(MAIN), demo_id(MAIN, "cloudpayments")
    row = connection.execute(
        "SELECT public_id, secret_encrypted FROM payment_accounts WHERE id = %s", (account,)
    ).fetchone()
    stored = (row[0], keys.decrypt(row[1])) if row else (None, None)
    chosen_id = public_id or stored[0] or f"demo_{secrets.token_hex(12)}"
    chosen_secret = api_secret or stored[1] or secrets.token_hex(16)
    if (chosen_id, chosen_secret) != stored:
        connection.execute(
            "INSERT INTO payment_accounts (organisation_id, id, public_id, secret_encrypted, mode) "
            "VALUES (%s, %s, %s, %s, 'demo') ON CONFLICT (organisation_id, id) DO UPDATE "
            "SET public_id = excluded.public_id, secret_encrypted = excluded.secret_encrypted",
            (organisation, account, chosen_id, keys.encrypt(chosen_secret)),
        )
    return DemoAccount(account, chosen_id, chosen_secret)
