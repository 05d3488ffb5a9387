"""The walls between operators, as the database keeps them when a programmer forgets a WHERE."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal
from uuid import UUID

import psycopg
import pytest
from psycopg import sql

from kamhub.hub.booking import actions as bookings
from kamhub.hub.booking.tokens import BookingAccess
from kamhub.hub.booking.types import BookingNotFound, Contact, Passenger
from kamhub.hub.services import Hub
from kamhub.kit.ids import new_id
from kamhub.platform.database.pool import Database
from tests.builders import CATALOGUE, Operator, World
from tests.hub.booking.support import DISPATCHER

ROLES = ("kamhub_public", "kamhub_engine", "kamhub_tenant", "kamhub_system")
# Tables with an organisation that begin before it is known: for the system role alone.
SYSTEM_ONLY = ("refresh_tokens", "sessions")
CONTACT = Contact("Анна Ёлкина", "+79141234567", "anna@example.org", "ru")

_WITH_ORGANISATION = """
SELECT c.oid::regclass::text, c.relrowsecurity FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE n.nspname = 'public' AND c.relkind IN ('r', 'p') AND EXISTS (
  SELECT FROM pg_attribute a WHERE a.attrelid = c.oid AND a.attname = 'organisation_id' AND NOT a.attisdropped)"""


@dataclass
class Walls:
    hub: Hub
    world: World
    tables: list[str]

    @property
    def database(self) -> Database:
        return self.hub.database


@pytest.fixture
async def walls(hub: Hub, world: World) -> Walls:
    """Rows of both operators in every tenant table."""
    for operator in (world.main, world.other):
        held = await bookings.hold(
            hub, departure_id=world.departure(operator=operator), passengers=1, key=operator.slug, channel="api"
        )
        async with hub.database.tenant(operator.id) as connection:
            await connection.execute(
                "UPDATE bookings SET contact_name = %s, contact_phone = %s, contact_email = %s, contact_locale = 'ru'",
                (CONTACT.name, CONTACT.phone, CONTACT.email),
            )
        _money(world, operator, held.booking.id)
    return Walls(hub, world, [str(row[0]) for row in world.rows(_WITH_ORGANISATION)])


def _money(world: World, operator: Operator, booking: UUID) -> None:
    """One row of each remaining table."""
    account, order, payment, refund, entry = operator.account or new_id(), new_id(), new_id(), new_id(), new_id()
    if operator.account is None:
        world.execute(
            "INSERT INTO payment_accounts (organisation_id, id, public_id, secret_encrypted, mode) VALUES (%s, %s, 'pk', 'x', 'demo')",
            operator.id,
            account,
        )
    org = operator.id
    for statement, *values in (
        (
            ("WITH made AS (INSERT INTO places (organisation_id, id, slug, name_ru, name_en, latitude, longitude) "
            "VALUES (%s, %s, 'own', 'x', 'x', 53, 158) RETURNING id) INSERT INTO place_photos "
            "SELECT %s, made.id, 'x', sha256('x'), 1, 1, now() FROM made"),
            org, new_id(), org,
        ),
        (
            ("WITH made AS (INSERT INTO drivers (organisation_id, id, name, phone) VALUES (%s, %s, 'x', '+79140000001') "
            "RETURNING id) INSERT INTO fleet_documents (organisation_id, id, driver_id, kind) "
            "SELECT %s, %s, made.id, 'licence' FROM made"),
            org, new_id(), org, new_id(),
        ),
        (
            "INSERT INTO tariff_rules (organisation_id, tariff_id, position, kind, threshold, percent) VALUES (%s, %s, 0, 'early', 60, -10)",
            org, operator.tariff,
        ),
        (
            ("WITH made AS (INSERT INTO promo_codes (organisation_id, id, code, kind, value) VALUES (%s, %s, 'TEN', 'percent', 10) "
            "RETURNING id) INSERT INTO promo_code_uses (organisation_id, booking_id, promo_code_id, amount, used_at) "
            "SELECT %s, %s, made.id, 1, now() FROM made"),
            org, new_id(), org, booking,
        ),
        (
            ("WITH made AS (INSERT INTO timetables (organisation_id, id, route_id, tariff_id, vehicle_id, weekdays, times, "
            "valid_from, valid_to, sales_cutoff_minutes) VALUES (%s, %s, %s, %s, %s, '{1}', '{08:00}', '2026-11-24', "
            "'2026-11-30', 30) RETURNING id) INSERT INTO timetable_exceptions (organisation_id, timetable_id, on_date, times) "
            "SELECT %s, made.id, '2026-11-26', '{}' FROM made"),
            org, new_id(), operator.route, operator.tariff, operator.vehicle, org,
        ),
        ("INSERT INTO booking_passengers VALUES (%s, %s, 0, 'Анна', NULL, 'adult')", org, booking),
        (
            "INSERT INTO payment_orders VALUES (%s, %s, %s, %s, 100, 'RUB', 'requested', NULL, NULL, NULL, now())",
            org, order, booking, account,
        ),
        (
            ("INSERT INTO payments (organisation_id, id, booking_id, account_id, transaction_id, amount, currency, status, "
            "test, accepted, received_at) VALUES (%s, %s, %s, %s, 1, 100, 'RUB', 'completed', false, true, now())"),
            org, payment, booking, account,
        ),
        (
            "INSERT INTO payment_events (organisation_id, payment_id, at, to_status, actor) VALUES (%s, %s, now(), 'completed', 'x')",
            org, payment,
        ),
        ("INSERT INTO payment_notifications VALUES (%s, %s, 'pay', 1, NULL, 100, now())", org, account),
        (
            ("INSERT INTO refunds (organisation_id, id, payment_id, booking_id, amount, currency, status, reason, requested_at) "
            "VALUES (%s, %s, %s, %s, 100, 'RUB', 'requested', 'x', now())"),
            org, refund, payment, booking,
        ),
        (
            ("INSERT INTO ledger_entries (organisation_id, id, at, kind, source, booking_id) "
            "VALUES (%s, %s, now(), 'charge', 'payment:x', %s)"),
            org, entry, booking,
        ),
        ("INSERT INTO ledger_lines VALUES (%s, %s, 'provider', 100, 'RUB'), (%s, %s, 'travellers', -100, 'RUB')", org, entry, org, entry),
        ("INSERT INTO ledger_closings VALUES (%s, now(), 'provider', 'RUB', 100)", org),
        ("INSERT INTO payouts VALUES (%s, %s, '2026-11-01', '2026-11-30', 100, 'RUB', NULL, now(), NULL)", org, new_id()),
        (
            ("INSERT INTO reconciliations (organisation_id, id, account_id, day, status, started_at) "
            "VALUES (%s, %s, %s, '2026-11-24', 'clean', now())"),
            org, new_id(), account,
        ),
        (
            ("INSERT INTO receipts (organisation_id, id, account_id, booking_id, payment_id, kind, amount, currency, status, "
            "requested_at) VALUES (%s, %s, %s, %s, %s, 'prepayment', 100, 'RUB', 'requested', now())"),
            org, new_id(), account, booking, payment,
        ),
        ("INSERT INTO cases (organisation_id, id, kind, opened_at) VALUES (%s, %s, 'paid_twice', now())", org, new_id()),
        ("INSERT INTO messages VALUES (%s, %s, %s, 'held', 'ru', 'anna@example.org', now(), NULL)", org, new_id(), booking),
        (
            ("INSERT INTO message_attempts (organisation_id, message_id, at, outcome) SELECT organisation_id, id, now(), 'sent' "
            "FROM messages WHERE organisation_id = %s LIMIT 1"),
            org,
        ),
        ("INSERT INTO message_templates VALUES (%s, 'held', 'email', 'ru', 'x', 'x', 1)", org),
        ("INSERT INTO notice_settings (organisation_id) VALUES (%s)", org),
        ("INSERT INTO service_calls (organisation_id, service) VALUES (%s, 'email')", org),
        ("INSERT INTO telegram_chats VALUES (%s, %s, 1, now())", org, booking),
        (
            "INSERT INTO reviews (organisation_id, id, booking_id, rating, author, created_at) VALUES (%s, %s, %s, 5, 'A', now())",
            org, new_id(), booking,
        ),
        (
            "INSERT INTO refresh_tokens VALUES (sha256(%s::text::bytea), %s, %s, %s, now(), now(), NULL, NULL)",
            org, operator.sessions["owner"], operator.people["owner"], org,
        ),
        ("INSERT INTO booking_notes VALUES (%s, %s, %s, now(), NULL, 'x', 'x')", org, booking, new_id()),
        (
            ("INSERT INTO waiting_parties (organisation_id, id, departure_id, from_position, to_position, passengers, name, phone, "
            "email, locale, created_at) SELECT organisation_id, %s, departure_id, 0, 1, 1, 'x', '+79141234567', 'x', 'ru', now() "
            "FROM bookings WHERE id = %s"),
            new_id(), booking,
        ),
        ("INSERT INTO consents VALUES (%s, %s, '2026-11', 'ru', 'page', now())", org, booking),
        (
            ("INSERT INTO invitations (organisation_id, id, email, role, locale, invited_by, created_at, expires_at) "
            "VALUES (%s, %s, 'new@example.org', 'viewer', 'ru', %s, now(), now())"),
            org, new_id(), operator.people["owner"],
        ),
        (
            ("INSERT INTO api_keys (organisation_id, id, name, key_hash, hint, scopes, created_by, created_at) "
            "VALUES (%s, %s, 'shop', sha256(%s::text::bytea), 'abcd', '{octo}', %s, now())"),
            org, new_id(), org, operator.people["owner"],
        ),
        (
            ("INSERT INTO audit_events (organisation_id, id, at, actor_kind, actor_name, action, object_kind) "
            "VALUES (%s, %s, now(), 'system', 'x', 'thing.happened', 'thing')"),
            org, new_id(),
        ),
        (
            ("INSERT INTO job_history (id, organisation_id, kind, queue, outcome, attempts, enqueued_at, started_at, finished_at, "
            "expires_at) VALUES (%s, %s, 'k', 'notices', 'done', 1, now(), now(), now(), now())"),
            new_id(), org,
        ),
        (
            ("INSERT INTO dead_jobs (id, organisation_id, kind, queue, priority, arguments, reason, error, traceback, attempts, "
            "enqueued_at) VALUES (%s, %s, 'k', 'notices', 0, '{}', 'gave_up', 'x', '', 1, now())"),
            new_id(), org,
        ),
        (
            ("INSERT INTO departure_events (organisation_id, departure_id, at, what, actor) "
            "SELECT organisation_id, departure_id, now(), 'closed', 'x' FROM bookings WHERE id = %s"),
            booking,
        ),
        (
            ("WITH category AS (INSERT INTO knowledge_categories (organisation_id, id, name, created_at) VALUES (%s, %s, 'x', now()) "
            "RETURNING id), agent AS (INSERT INTO agents (organisation_id, id, name, created_at) VALUES (%s, %s, 'x', now()) "
            "RETURNING id) INSERT INTO agent_categories SELECT %s, agent.id, category.id FROM agent, category"),
            org, new_id(), org, new_id(), org,
        ),
        (
            ("WITH article AS (INSERT INTO articles (organisation_id, id, title, body, status, created_at, changed_at, changed_by) "
            "VALUES (%s, %s, 'x', 'x', 'draft', now(), now(), 'x') RETURNING id) INSERT INTO article_versions "
            "SELECT %s, article.id, 1, 'x', 'x', 'draft', now(), 'x' FROM article"),
            org, new_id(), org,
        ),
        (
            # The same file of both.
            ("WITH asset AS (INSERT INTO assets (organisation_id, id, kind, name, digest, status, created_at, created_by, changed_at) "
            "VALUES (%s, %s, 'file', 'x', sha256('x'), 'pending', now(), 'x', now()) RETURNING id), chunk AS (INSERT INTO chunks "
            "(organisation_id, id, asset_id, ordinal, digest, title, context, text, language, position) SELECT %s, %s, asset.id, 0, "
            "sha256('x'), 'x', '', 'x', 'other', '{}' FROM asset RETURNING id) INSERT INTO chunk_vectors "
            "SELECT %s, chunk.id, 'm', 1, '[1]' FROM chunk"),
            org, new_id(), org, new_id(), org,
        ),
        (
            ("WITH asset AS (INSERT INTO assets (organisation_id, id, kind, name, digest, status, created_at, created_by, changed_at) "
            "VALUES (%s, %s, 'file', 'x', sha256('graph'), 'pending', now(), 'x', now()) RETURNING id), chunk AS (INSERT INTO chunks "
            "(organisation_id, id, asset_id, ordinal, digest, title, context, text, language, position) SELECT %s, %s, asset.id, 0, "
            "sha256('x'), 'x', '', 'x', 'other', '{}' FROM asset RETURNING id), one AS (INSERT INTO graph_entities (organisation_id, "
            "id, type, key, name, keys, sound, confidence, created_at) VALUES (%s, %s, 'place', 'x', 'x', '|x|', 'x', 1, now()) "
            "RETURNING id), other AS (INSERT INTO graph_entities (organisation_id, id, type, key, name, keys, sound, confidence, "
            "created_at) VALUES (%s, %s, 'rule', 'x', 'x', '|x|', 'x', 1, now()) RETURNING id), tied AS (INSERT INTO graph_relations "
            "(organisation_id, id, source_id, target_id, type, confidence) SELECT %s, %s, one.id, other.id, 'related_to', 1 "
            "FROM one, other RETURNING id), spoken AS (INSERT INTO graph_mentions (organisation_id, chunk_id, entity_id, in_context, "
            "start, length, origin, confidence) SELECT %s, chunk.id, one.id, false, 0, 1, 'rules', 1 FROM one, chunk), read AS ("
            "INSERT INTO graph_readings SELECT %s, chunk.id, 'm', now() FROM chunk) INSERT INTO graph_evidence (organisation_id, "
            "chunk_id, relation_id, start, length, origin, confidence) SELECT %s, chunk.id, tied.id, 0, 1, 'rules', 1 FROM tied, chunk"),
            org, new_id(), org, new_id(), org, new_id(), org, new_id(), org, new_id(), org, org, org,
        ),
        (
            ("INSERT INTO graph_merges (organisation_id, id, type, key_a, key_b, state, reason, confidence, created_at) "
            "VALUES (%s, %s, 'place', 'x', 'y', 'proposed', 'spelling', 1, now())"),
            org, new_id(),
        ),
        ("INSERT INTO graph_states (organisation_id, changed_at) VALUES (%s, now())", org),
        (
            ("WITH word AS (INSERT INTO lexicon_words (organisation_id, stem, word) VALUES (%s, 'x', 'x') RETURNING id) "
            "INSERT INTO chunk_words SELECT c.organisation_id, c.id, ARRAY[word.id], '' FROM chunks c, word WHERE c.organisation_id = %s"),
            org, org,
        ),
        (
            ("INSERT INTO knowledge_gaps (organisation_id, id, digest, question, language, asked_in, first_asked_at, last_asked_at) "
            "VALUES (%s, %s, sha256('x'), 'x', 'other', 'search', now(), now())"),
            org, new_id(),
        ),
        ("INSERT INTO job_failures (job, organisation_id, attempt, error, traceback) VALUES (%s, %s, 1, 'x', '')", new_id(), org),
        (
            ("INSERT INTO booking_moves (organisation_id, booking_id, id, at, from_departure_id, to_departure_id, left_at_before, "
            "left_at_after, total_before, total_after, actor, reason) SELECT %s, %s, %s, now(), d, d, now(), now(), 1, 1, 'x', 'x' "
            "FROM (SELECT departure_id AS d FROM bookings WHERE id = %s)"),
            org, booking, new_id(), booking,
        ),
        (
            ("WITH decided AS (INSERT INTO disruptions (organisation_id, id, rebook, actor, created_at) VALUES (%s, %s, 'ask', 'x', "
            "now()) RETURNING id), tied AS (INSERT INTO disrupted_departures SELECT %s, decided.id, b.departure_id FROM decided, "
            "bookings b WHERE b.id = %s) INSERT INTO disrupted_bookings (organisation_id, disruption_id, booking_id, departure_id) "
            "SELECT %s, decided.id, b.id, b.departure_id FROM decided, bookings b WHERE b.id = %s"),
            org, new_id(), org, booking, org, booking,
        ),
    ):  # fmt: skip
        world.execute(str(statement), *values)


def test_every_tenant_table_has_row_level_security_with_policies(world: World) -> None:
    tables = world.rows(_WITH_ORGANISATION)
    assert len(tables) >= 20
    policies = {str(row[0]) for row in world.rows("SELECT tablename FROM pg_policies WHERE schemaname = 'public'")}
    assert [table for table, protected in tables if not protected or table not in policies] == []


def test_a_tenants_policies_compare_with_the_named_organisation(world: World) -> None:
    loose = world.rows(
        "SELECT tablename, policyname FROM pg_policies WHERE 'kamhub_tenant' = ANY (roles) AND cmd <> 'SELECT' "
        "AND (qual !~ 'current_organisation' OR with_check !~ 'current_organisation')"
    )
    assert loose == []
    read = world.rows(
        "SELECT tablename, qual ~ 'current_organisation' FROM pg_policies WHERE 'kamhub_tenant' = ANY (roles) AND cmd = 'SELECT'"
    )
    # What is shared on purpose, and what is the workers' to write.
    assert {table for table, _ in read} == {"people", "places", "job_failures", "procrastinate_jobs"}
    assert {("job_failures", True), ("procrastinate_jobs", True)} <= set(read)


async def test_with_the_where_forgotten_a_tenant_sees_its_own_rows_alone(walls: Walls) -> None:
    for mine in (walls.world.main, walls.world.other):
        allowed = {mine.id, CATALOGUE}
        async with walls.database.tenant(mine.id) as connection:
            for table in walls.tables:
                if table in SYSTEM_ONLY:
                    continue  # see below
                query = sql.SQL("SELECT DISTINCT organisation_id FROM {}").format(sql.Identifier(table))
                seen = {row[0] for row in await (await connection.execute(query)).fetchall()}
                assert seen <= (allowed if table == "places" else {mine.id}), table
                assert table == "places" or seen == {mine.id}, f"no row of {table}: the test proves nothing"
            organisations = await (await connection.execute("SELECT id FROM organisations")).fetchall()
            assert organisations == [(mine.id,)]


async def test_with_the_where_forgotten_a_tenant_changes_its_own_rows_alone(walls: Walls) -> None:
    async with walls.database.tenant(walls.world.main.id) as connection:
        for statement in ("UPDATE bookings SET special_requests = 'x'", "UPDATE vehicles SET model = 'x'"):
            await connection.execute(statement.encode())
        changed = await connection.execute("UPDATE places SET name_en = 'x' WHERE organisation_id = %s", (CATALOGUE,))
        assert changed.rowcount == 0
    assert walls.world.rows("SELECT organisation_id FROM bookings WHERE special_requests = 'x'") == [
        (walls.world.main.id,)
    ]
    assert walls.world.rows("SELECT organisation_id FROM vehicles WHERE model = 'x'") == [(walls.world.main.id,)]


async def test_without_an_organisation_named_a_tenant_sees_nothing(walls: Walls) -> None:
    async with walls.database.connection("tenant") as connection:
        for table in set(walls.tables) - {*SYSTEM_ONLY, "places"}:
            query = sql.SQL("SELECT count(*) FROM {}").format(sql.Identifier(table))
            assert await (await connection.execute(query)).fetchone() == (0,), table


async def test_the_organisation_of_one_request_is_gone_in_the_next(walls: Walls) -> None:
    for _ in range(8):
        async with walls.database.tenant(walls.world.main.id):
            pass
        async with walls.database.connection("tenant") as connection:
            assert await (await connection.execute("SELECT count(*) FROM bookings")).fetchone() == (0,)


async def test_a_row_cannot_be_written_for_another_operator(walls: Walls) -> None:
    with pytest.raises(psycopg.errors.InsufficientPrivilege, match="row-level security"):
        async with walls.database.tenant(walls.world.main.id) as connection:
            await connection.execute(
                "INSERT INTO vehicles (organisation_id, id, type, model, capacity, plate) VALUES (%s, %s, 'bus', 'x', 9, 'x')",
                (walls.world.other.id, new_id()),
            )
    with pytest.raises(psycopg.errors.InsufficientPrivilege, match="row-level security"):
        async with walls.database.tenant(walls.world.main.id) as connection:
            await connection.execute("UPDATE vehicles SET organisation_id = %s", (walls.world.other.id,))


def test_every_reference_between_tenant_tables_carries_the_organisation(world: World) -> None:
    """Read from the catalogue, so that a new table cannot forget it."""
    loose = world.rows(
        """
        SELECT con.conname FROM pg_constraint con
        WHERE con.contype = 'f' AND con.connamespace = 'public'::regnamespace
          AND con.confrelid <> 'sessions'::regclass -- of people, who may work for several
          AND EXISTS (SELECT FROM pg_attribute WHERE attrelid = con.conrelid AND attname = 'organisation_id')
          AND EXISTS (SELECT FROM pg_attribute WHERE attrelid = con.confrelid AND attname = 'organisation_id')
          AND NOT EXISTS (
            SELECT FROM unnest(con.conkey, con.confkey) AS k(ours, theirs)
            JOIN pg_attribute a ON a.attrelid = con.conrelid AND a.attnum = k.ours
            JOIN pg_attribute b ON b.attrelid = con.confrelid AND b.attnum = k.theirs
            WHERE b.attname = 'organisation_id' AND a.attname IN ('organisation_id', 'place_organisation_id'))"""
    )
    assert loose == []


@pytest.mark.parametrize("scope", ["tenant", "owner"])
async def test_a_reference_to_another_operators_row_cannot_be_stored(
    walls: Walls, scope: Literal["tenant", "owner"]
) -> None:
    """Not by a tenant, and not by the owner of the schema, whom no policy stops."""
    mine, theirs = walls.world.main, walls.world.other
    statements: tuple[tuple[str, tuple[object, ...]], ...] = (
        ("UPDATE departures SET vehicle_id = %s WHERE organisation_id = %s", (theirs.vehicle, mine.id)),
        ("UPDATE bookings SET departure_id = (%s) WHERE organisation_id = %s", (_of(walls, "departures"), mine.id)),
        ("UPDATE payments SET booking_id = %s WHERE organisation_id = %s", (_of(walls, "bookings"), mine.id)),
        ("UPDATE refunds SET payment_id = %s WHERE organisation_id = %s", (_of(walls, "payments"), mine.id)),
    )
    for statement, values in statements:
        with pytest.raises(psycopg.errors.ForeignKeyViolation):
            await _write(walls, scope, statement, values)


async def _write(walls: Walls, scope: str, statement: str, values: tuple[object, ...]) -> None:
    if scope == "owner":
        walls.world.execute(statement, *values)
        return
    async with walls.database.tenant(walls.world.main.id) as connection:
        await connection.execute(statement.encode(), values)


def _of(walls: Walls, table: str) -> object:
    query = f"SELECT id FROM {table} WHERE organisation_id = %s"
    return walls.world.rows(query, walls.world.other.id)[0][0]


def test_a_place_of_another_operator_cannot_be_a_stop(world: World) -> None:
    place = new_id()
    world.execute(
        "INSERT INTO places (organisation_id, id, slug, name_ru, name_en, latitude, longitude) "
        "VALUES (%s, %s, 'theirs', 'x', 'x', 53, 158)",
        world.other.id,
        place,
    )
    with pytest.raises(psycopg.errors.CheckViolation, match="route_stops_place_own_or_shared"):
        world.execute(
            "INSERT INTO route_stops VALUES (%s, %s, 9, %s, %s, 300)",
            world.main.id,
            world.main.route,
            world.other.id,
            place,
        )


@pytest.mark.parametrize(
    "query",
    [
        "SELECT * FROM bookings",
        "SELECT contact_name FROM bookings",
        "SELECT contact_phone FROM bookings",
        "SELECT contact_email FROM bookings",
        "SELECT code FROM bookings",
        "SELECT id FROM bookings",
        "SELECT 1 FROM booking_passengers",
        "SELECT 1 FROM booking_events",
        "SELECT 1 FROM payments",
        "SELECT 1 FROM people",
        "SELECT 1 FROM messages",
        "UPDATE departures SET capacity = capacity",
    ],
)
async def test_the_public_catalogue_shows_nobodys_data(walls: Walls, query: str) -> None:
    with pytest.raises(psycopg.errors.InsufficientPrivilege, match="permission denied"):
        async with walls.database.public() as connection:
            await connection.execute(query.encode())


@pytest.mark.parametrize(
    "query",
    [
        "SELECT 1 FROM payments",
        "SELECT 1 FROM payment_accounts",
        "SELECT 1 FROM people",
        "SELECT 1 FROM booking_passengers",
        "UPDATE bookings SET passengers = 1",
        "UPDATE departures SET capacity = capacity + 1",
        "DELETE FROM bookings",
        "UPDATE booking_events SET actor = 'x'",
    ],
)
async def test_the_engine_reaches_seats_and_nothing_else(walls: Walls, query: str) -> None:
    with pytest.raises(psycopg.errors.InsufficientPrivilege, match="permission denied"):
        async with walls.database.engine() as connection:
            await connection.execute(query.encode())


@pytest.mark.parametrize("scope", ["tenant", "system"])
@pytest.mark.parametrize(
    "query",
    [
        *("UPDATE booking_events SET actor = 'x'", "DELETE FROM booking_events", "TRUNCATE booking_events"),
        *("UPDATE audit_events SET actor_name = 'x'", "DELETE FROM audit_events", "TRUNCATE audit_events"),
        *("UPDATE consents SET channel = 'x'", "DELETE FROM consents"),
    ],
)
async def test_history_cannot_be_rewritten(walls: Walls, scope: Literal["tenant", "system"], query: str) -> None:
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        async with walls.database.connection(scope) as connection:
            await connection.execute(query.encode())


async def test_sign_ins_are_for_the_system_alone(walls: Walls) -> None:
    for table in (*SYSTEM_ONLY, "mailed_links", "recovery_codes"):
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            async with walls.database.tenant(walls.world.main.id) as connection:
                await connection.execute(sql.SQL("SELECT 1 FROM {}").format(sql.Identifier(table)))


@pytest.mark.parametrize("column", ["password_hash", "totp_secret", "totp_last_step"])
async def test_of_its_people_an_organisation_sees_no_secret(walls: Walls, column: str) -> None:
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        async with walls.database.tenant(walls.world.main.id) as connection:
            await connection.execute(sql.SQL("SELECT {} FROM people").format(sql.Identifier(column)))


async def test_an_organisation_sees_its_own_people_alone(walls: Walls) -> None:
    async with walls.database.tenant(walls.world.main.id) as connection:
        seen = {row[0] for row in await (await connection.execute("SELECT id FROM people")).fetchall()}
    assert seen == set(walls.world.main.people.values())


def test_nobody_who_runs_is_above_the_walls(world: World, database_url: str) -> None:
    with psycopg.connect(database_url) as connection:
        login = connection.execute("SELECT session_user").fetchone()
        assert login is not None
        rights = connection.execute(
            "SELECT rolname FROM pg_roles WHERE rolname = ANY (%s) AND (rolsuper OR rolbypassrls OR rolcreaterole "
            "OR rolcreatedb OR rolreplication OR rolinherit)",
            ([*ROLES, login[0]],),
        ).fetchall()
        assert rights == []
        owned = connection.execute(
            "SELECT count(*) FROM pg_class WHERE pg_get_userbyid(relowner) = ANY (%s)", ([*ROLES, login[0]],)
        ).fetchone()
        assert owned == (0,), "the owner of a table is above its policies"


def test_the_login_itself_reads_nothing_before_it_takes_a_role(world: World, database_url: str) -> None:
    with psycopg.connect(database_url) as connection, pytest.raises(psycopg.errors.InsufficientPrivilege):
        connection.execute("SELECT 1 FROM bookings")


async def test_another_operators_booking_is_not_there_for_an_action(walls: Walls) -> None:
    theirs = _of(walls, "bookings")
    assert isinstance(theirs, UUID)
    access = BookingAccess(walls.world.main.id, theirs, "staff:x")
    for refused in (
        bookings.load(walls.hub, access),
        bookings.cancel(walls.hub, access, None),
        bookings.decide(walls.hub, access, trail=DISPATCHER, confirm=True, message=None),
        bookings.book(walls.hub, access, contact=CONTACT, passenger_list=[Passenger("A B", None, "adult")]),
    ):
        with pytest.raises(BookingNotFound):
            await refused
