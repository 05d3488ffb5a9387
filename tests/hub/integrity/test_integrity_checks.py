"""Promises are counted by the clock, what was found is kept, and who has to know is told: once, and when it is over."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import timedelta
from typing import LiteralString

import psycopg
import pytest

from kamhub.hub.integrity import actions
from kamhub.hub.integrity.actions import CHECK
from kamhub.hub.integrity.alerts import KINDS
from kamhub.hub.integrity.jobs import JOBS
from kamhub.hub.integrity.metrics import integrity_gauges
from kamhub.hub.integrity.rules import OVERDUE_AFTER, is_overdue, may_be_asked
from kamhub.hub.integrity.store import checks
from kamhub.hub.integrity.store.promises import INVARIANTS
from kamhub.hub.integrity.types import CheckState, IntegrityState, Invariant
from kamhub.hub.services import Hub
from kamhub.kit.clock import ManualClock
from kamhub.platform.alert.jobs import JOBS as ALERT_JOBS
from kamhub.platform.alert.types import Alerting, Recipients
from kamhub.platform.database.pool import Database
from kamhub.platform.job.queue import enqueue
from kamhub.platform.job.types import DONE
from kamhub.platform.mail.types import MailMessage
from tests.builders import World
from tests.hub.notice.messengers import Messengers, messengers
from tests.work import work_off

TOKEN = "123456789:alerts-of-the-tests-abcdefghijklmno"
MINUTE = timedelta(minutes=1)


@dataclass
class Context:
    """A worker's, with stand-ins of the ways out."""

    hub: Hub
    alerts: Alerting
    sent: list[MailMessage] = field(default_factory=list)

    @property
    def mail(self) -> Context:
        return self

    async def send(self, message: MailMessage) -> None:
        self.sent.append(message)


@dataclass
class Fleet:
    context: Context
    services: Messengers

    async def check(self) -> IntegrityState:
        """Run the job of the timetable, then whatever is to be told; what is known afterwards."""
        database = self.context.hub.database
        async with database.system() as connection:
            await enqueue(connection, CHECK)
        assert await work_off(database, JOBS, self.context) == [DONE]
        await work_off(database, ALERT_JOBS, self.context)
        async with database.system() as connection:
            await connection.execute("DELETE FROM procrastinate_jobs")
        return await actions.state(self.context.hub)

    def said(self) -> list[str]:
        """First lines of what Telegram was given since the last look; the mails said the same."""
        texts = [message["text"].splitlines()[0] for message in self.services.of("/sendMessage")]
        assert [mail.subject.partition(" · ")[0] for mail in self.context.sent] == texts
        self.services.calls.clear()
        self.context.sent.clear()
        return texts


@pytest.fixture
async def fleet(hub: Hub) -> AsyncIterator[Fleet]:
    async with messengers() as services:
        to = Recipients(("admin@example.org",), services.url, "-1", TOKEN)
        alerting = Alerting(to, {kind.name: kind for kind in KINDS}, "https://hub.example", "en")
        yield Fleet(Context(hub, alerting), services)


async def test_a_breach_is_told_once_kept_and_over_when_it_is_mended(
    fleet: Fleet, world: World, clock: ManualClock
) -> None:
    departure = world.departure()
    state = await fleet.check()
    assert [check.name for check in state.checks] == sorted(one.name for one in INVARIANTS)
    assert (state.broken, state.uncounted, state.last_run, fleet.said()) == ([], [], clock.now(), [])
    world.execute("UPDATE departures SET taken = '{1,0,0}' WHERE id = %s", departure)
    clock.advance(MINUTE)
    broke_at = clock.now()
    [broken] = (await fleet.check()).broken
    assert (broken.name, broken.breaches, broken.broken_since) == ("counters_equal_rows", 1, broke_at)
    assert fleet.said() == ["Alert: A promise of the product is broken"]
    clock.advance(MINUTE)
    [broken] = (await fleet.check()).broken
    assert (broken.broken_since, fleet.said()) == (broke_at, []), "the same breach is not told again"
    world.execute("UPDATE departures SET taken = '{0,0,0}' WHERE id = %s", departure)
    assert (await fleet.check()).broken == []
    assert fleet.said() == ["Over: A promise of the product holds again"]


SLOW = Invariant("slow", "it takes for ever", "SELECT count(pg_sleep(30))")


async def test_a_count_that_does_not_end_is_told_and_leaves_what_was_known(
    hub: Hub, world: World, fleet: Fleet, clock: ManualClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def say(_done: int, _total: int, _what: str) -> None:
        """Nobody looks."""

    broken = Invariant("slow", "it is broken", "SELECT 3")
    await actions.check(hub, say, [broken])
    counted = clock.now()
    clock.advance(MINUTE)
    monkeypatch.setattr(actions, "MOST_SECONDS", 0.2)
    unreadable: LiteralString = "SELECT count(*) FROM there_is_no_such_table"
    await actions.check(hub, say, [SLOW, Invariant("unreadable", "it cannot be read", unreadable)])
    state = await actions.state(hub)
    [first, second] = state.uncounted
    assert first.error == "It takes longer than 0.2 seconds."
    assert (first.breaches, first.counted_at, first.tried_at) == (3, counted, clock.now())
    assert second.error == "The database refuses: UndefinedTable."
    assert (second.breaches, state.last_run) == (None, None), "one was never counted"
    await work_off(hub.database, ALERT_JOBS, fleet.context)
    assert fleet.said().count("Alert: A promise of the product could not be checked") == 2
    await actions.check(hub, say, [Invariant("slow", "it holds", "SELECT 0")])
    state = await actions.state(hub)
    assert [check.name for check in state.checks] == ["slow"], "what is promised no more is forgotten"
    open_ones = "SELECT kind, about FROM alerts WHERE recovered_at IS NULL"
    assert world.rows(open_ones) == [], "and nothing of it stays open"


async def test_counting_reads_only_and_holds_nobody_up(hub: Hub, world: World) -> None:
    departure = world.departure()
    async with hub.database.system() as connection:
        await checks.bound(connection, 5)
        await connection.execute("SELECT count(*) FROM departures")
        world.execute("UPDATE departures SET capacity = 5 WHERE id = %s", departure)  # waits for no lock of ours
        with pytest.raises(psycopg.errors.ReadOnlySqlTransaction):
            await connection.execute("DELETE FROM departures")
    assert world.rows("SELECT capacity FROM departures WHERE id = %s", departure) == [(5,)]


async def test_organisations_see_nothing_of_the_table(database: Database, world: World) -> None:
    for role in ("kamhub_tenant", "kamhub_public", "kamhub_engine"):
        assert world.rows("SELECT has_table_privilege(%s, 'integrity_checks', 'SELECT')", role) == [(False,)]
    async with database.tenant(world.main.id) as connection:
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            await connection.execute("SELECT * FROM integrity_checks")


def test_metrics_say_nothing_of_what_was_never_counted(clock: ManualClock) -> None:
    now = clock.now()
    well = CheckState("well", now, 0.5, now, 0, None, None)
    never = CheckState("never", now, 120.0, None, None, None, "It takes longer than 120 seconds.")
    told = {family.name: family.samples for family in integrity_gauges(IntegrityState([never, well]))}
    assert [(one.labels, one.value) for one in told["kamhub_integrity_breaches"]] == [({"check": "well"}, 0)]
    assert told["kamhub_integrity_last_run_timestamp_seconds"] == []
    whole = {family.name: family.samples for family in integrity_gauges(IntegrityState([well]))}
    assert whole["kamhub_integrity_last_run_timestamp_seconds"][0].value == now.timestamp()


def test_when_it_is_too_long_ago_and_when_it_may_be_asked(clock: ManualClock) -> None:
    now = clock.now()
    assert is_overdue(IntegrityState(), now - OVERDUE_AFTER - MINUTE, now)
    assert not is_overdue(IntegrityState(), now - OVERDUE_AFTER, now)
    fresh = IntegrityState([CheckState("well", now, 0.5, now, 0, None, None)])
    assert not is_overdue(fresh, now - timedelta(days=9), now)
    assert may_be_asked(IntegrityState(), now)
    assert not may_be_asked(fresh, now + 9 * MINUTE)
    assert may_be_asked(fresh, now + 10 * MINUTE)
