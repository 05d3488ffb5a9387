"""Every table has a period or a reason; the hub's old rows end; looking for them reads no table whole."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import psycopg
import pytest

from kamhub.desk.periods import KEPT as KEPT_BY_THE_DESK
from kamhub.hub.booking import actions as bookings
from kamhub.hub.privacy import jobs, store
from kamhub.hub.privacy.periods import KEPT, PERIODS
from kamhub.platform.job.queue import enqueue
from kamhub.platform.job.types import DONE
from kamhub.platform.retention import actions
from kamhub.platform.retention import store as platform_store
from tests.builders import World
from tests.hub.privacy.support import Scene, book, settle_everything, whole_life
from tests.hub.privacy.test_privacy_erase import traces
from tests.work import work_off

TICK = timedelta(seconds=1)
AFTER = {period.table: period.after for period in PERIODS}


def test_every_table_is_either_pruned_or_kept_for_a_reason(world: World) -> None:
    tables = {
        row[0]
        for row in world.rows(
            "SELECT table_name FROM information_schema.tables WHERE table_schema = 'public' AND table_type = 'BASE TABLE'"
        )
    }
    pruned = [period.table for period in PERIODS]
    assert len(pruned) == len(set(pruned))
    kept = {**KEPT, **KEPT_BY_THE_DESK}
    assert len(kept) == len(KEPT) + len(KEPT_BY_THE_DESK)
    assert set(pruned) & set(kept) == set()
    assert set(pruned) | set(kept) == tables, (
        "say in a table of retention how long the new table is kept, or why for ever"
    )
    assert all(kept.values())


async def prune(scene: Scene, batch: int = 1_000) -> dict[str, int]:
    """On a clock moved far ahead; the log is left out, whose own guard goes by the clock of the database."""
    ours = [period for period in PERIODS if period.table != "audit_events"]
    return await actions.prune(scene.hub.database, ours, scene.clock.now(), batch)


async def test_travellers_go_three_years_after_the_trip(scene: Scene) -> None:
    world = scene.world
    await whole_life(scene, world.main)
    settle_everything(scene)
    departed = scene.world.rows("SELECT max(departs_at), count(DISTINCT departs_at) FROM departures")[0][0]
    assert hasattr(departed, "tzinfo")
    scene.clock.advance(departed - scene.clock.now() + AFTER["bookings"] - TICK)  # type: ignore[operator]
    await prune(scene)
    left = world.rows("SELECT count(*) FROM bookings WHERE contact_phone IS NOT NULL")
    assert left == [(1,)], "the last to depart is not old enough"
    scene.clock.advance(2 * TICK)
    assert (await prune(scene))["bookings"] == 1
    assert traces(world, None) == set()
    assert world.rows("SELECT 1 FROM bookings WHERE erased_at IS NULL AND contact_phone IS NULL") == []
    assert (await prune(scene))["bookings"] == 0


async def test_addresses_of_mails_go_after_a_year_and_unsent_mails_too(scene: Scene) -> None:
    await book(scene)
    await book(scene)
    scene.world.execute(
        "UPDATE messages SET sent_at = created_at WHERE id = (SELECT id FROM messages ORDER BY id LIMIT 1)"
    )
    scene.clock.advance(AFTER["messages"] - TICK)
    assert (await prune(scene))["messages"] == 0
    scene.clock.advance(2 * TICK)
    assert (await prune(scene))["messages"] == 2
    assert scene.world.rows("SELECT recipient FROM messages") == [(store.ERASED,)]
    assert (await prune(scene))["messages"] == 0


async def test_keys_of_calls_go_after_a_month_and_bookings_stay(scene: Scene) -> None:
    departure = scene.world.departure()
    for key in ("one", "two", "three"):
        await bookings.hold(scene.hub, departure_id=departure, passengers=1, key=key, channel="api")
    scene.clock.advance(AFTER["idempotency_keys"] + TICK)
    assert (await prune(scene, batch=2))["idempotency_keys"] == 3
    assert scene.world.rows("SELECT count(*) FROM bookings") == [(3,)]


async def test_many_bookings_go_batch_by_batch_in_both_organisations(scene: Scene) -> None:
    for operator in (scene.world.main, scene.world.other, scene.world.main, scene.world.other):
        await book(scene, operator=operator)
    scene.clock.advance(AFTER["bookings"] + timedelta(days=2))
    assert (await prune(scene, batch=3))["bookings"] == 4
    assert traces(scene.world, None) == set()


async def test_the_nightly_job_goes_through_the_table(scene: Scene) -> None:
    await book(scene)
    back = "interval '4 years'"
    scene.world.execute(
        f"UPDATE departures SET departs_at = departs_at - {back}, sales_close_at = sales_close_at - {back}"
    )
    scene.world.execute(f"UPDATE bookings SET created_at = created_at - {back}")
    for _ in range(2):
        async with scene.hub.database.system() as connection:
            await enqueue(connection, jobs.PRUNE)
        assert await work_off(scene.hub.database, jobs.JOBS, scene) == [DONE]
    assert traces(scene.world, None) == set()


_ROWS = 20_000
_CROWD = (
    # A year of bookings, a third of them with a contact that is too old, and what hangs on them.
    """INSERT INTO bookings (organisation_id, id, code, departure_id, from_position, to_position, passengers, status,
         price_per_seat, total, currency, channel, contact_name, contact_phone, contact_email, contact_locale, created_at)
       SELECT d.organisation_id, gen_random_uuid(), lpad(n::text, 8, '0'), d.id, 0, 1, 1, 'expired', 100, 100, 'RUB', 'page',
         'N', '+7914' || lpad(n::text, 7, '0'), 'n' || n || '@example.org', 'ru', d.departs_at - n * interval '5 minutes'
       FROM generate_series(1, %s) n CROSS JOIN (SELECT * FROM departures LIMIT 1) d""",
    """INSERT INTO messages (organisation_id, id, booking_id, kind, locale, recipient, created_at, sent_at)
       SELECT organisation_id, gen_random_uuid(), id, 'held', 'ru', contact_email, created_at, created_at FROM bookings""",
    """INSERT INTO idempotency_keys (key_hash, request_hash, organisation_id, booking_id, created_at)
       SELECT sha256(id::text::bytea), '', organisation_id, id, created_at FROM bookings""",
    """INSERT INTO payment_orders (organisation_id, id, booking_id, account_id, amount, currency, status, created_at)
       SELECT b.organisation_id, gen_random_uuid(), b.id, a.id, 100, 'RUB', 'closed', b.created_at
       FROM bookings b JOIN payment_accounts a USING (organisation_id)""",
    """INSERT INTO sessions (id, person_id, kind, created_at, last_seen_at, expires_at)
       SELECT b.id, p.id, 'token', b.created_at, b.created_at, b.created_at
       FROM bookings b CROSS JOIN (SELECT id FROM people LIMIT 1) p""",
    """INSERT INTO refresh_tokens (token_hash, family_id, person_id, issued_at, expires_at)
       SELECT sha256(id::text::bytea), id, person_id, created_at, expires_at FROM sessions""",
    """INSERT INTO mailed_links (id, purpose, created_at, expires_at)
       SELECT id, 'password_reset', created_at, created_at FROM bookings""",
    """INSERT INTO audit_events (organisation_id, id, at, actor_kind, actor_name, action, object_kind)
       SELECT organisation_id, id, created_at, 'system', 'x', 'thing.happened', 'thing' FROM bookings""",
)
_BIG = {
    "bookings", "messages", "idempotency_keys", "payment_orders", "sessions", "refresh_tokens", "mailed_links", "audit_events",
}  # fmt: skip


def _scanned(plan: dict[str, Any]) -> set[str]:
    """Tables a plan reads from end to end."""
    own = {plan["Relation Name"]} if plan["Node Type"] == "Seq Scan" else set()
    return own.union(*(_scanned(part) for part in plan.get("Plans", [])))


@pytest.fixture
def crowd(world: World) -> World:
    world.departure()
    with psycopg.connect(world.owner_url, autocommit=True) as connection:
        for statement in _CROWD:
            connection.execute(statement.encode(), (_ROWS,) if "%s" in statement else ())
        connection.execute("ANALYZE")
    return world


def test_no_big_table_is_read_whole(crowd: World) -> None:
    organisation, booking = crowd.rows("SELECT organisation_id, id FROM bookings LIMIT 1")[0]
    before = crowd.rows("SELECT min(created_at) + interval '20 days' FROM bookings")[0][0]
    whom = (organisation, "+79140000007", "n7@example.org")
    asked: list[tuple[str, tuple[object, ...]]] = [
        *(
            (statement, (before, 1_000))
            for statement in platform_store.EXPIRED.values()
            if "invitations" not in statement
        ),
        # The body of prune_audit_events, which cannot be looked into from outside.
        ("SELECT organisation_id, id FROM audit_events WHERE at < %s ORDER BY at LIMIT %s", (before, 1_000)),
        (store.OLD_KEYS, (before, 1_000)),
        (store.OLD_RECIPIENTS, (before, 1_000)),
        (store.OLD_UNSENT, (before, 1_000)),
        (store.OLD_CONTACTS, (before, before, 1_000)),
        (f"SELECT id FROM bookings WHERE {store.THEIRS} ORDER BY id FOR NO KEY UPDATE", whom),
        (store.STATES, (organisation, [booking])),
        (
            "SELECT 1 FROM messages WHERE organisation_id = %s AND lower(recipient) = %s AND recipient <> 'erased'",
            (organisation, "n7@example.org"),
        ),
        (store.CLOSE_ORDERS, (organisation, [booking])),
    ]
    with psycopg.connect(crowd.owner_url) as connection:
        for statement, values in asked:
            row = connection.execute(f"EXPLAIN (FORMAT JSON) {statement}".encode(), values).fetchone()
            assert row is not None
            plan = row[0] if isinstance(row[0], list) else json.loads(row[0])
            assert _scanned(plan[0]["Plan"]) & _BIG == set(), statement
