"""Each way in which backups fail sends its alert to a stand-in of Telegram and by mail, by the jobs of the worker."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import AsyncIterator
from dataclasses import dataclass, field, replace
from datetime import timedelta

import pytest

from kamhub.kit.clock import ManualClock
from kamhub.platform.alert.jobs import JOBS as ALERT_JOBS
from kamhub.platform.alert.types import Alerting, Recipients
from kamhub.platform.backup import jobs
from kamhub.platform.backup.actions import told
from kamhub.platform.backup.actions.listing import listed
from kamhub.platform.backup.alerts import KINDS
from kamhub.platform.backup.metrics import alert_gauges, backup_gauges
from kamhub.platform.backup.services import Backups
from kamhub.platform.backup.store import runs
from kamhub.platform.backup.types import BackupError, BackupState, Stop
from kamhub.platform.database.pool import Database
from kamhub.platform.job.queue import enqueue
from kamhub.platform.job.types import DONE, Kind, Outcome, TryAgain
from kamhub.platform.mail.types import MailMessage
from tests.builders import World
from tests.hub.notice.messengers import Messengers, messengers
from tests.work import work_off

TOKEN = "123456789:alerts-of-the-tests-abcdefghijklmno"
HOUR = timedelta(hours=1)


@dataclass
class Context:
    """A worker's, with stand-ins of the ways out."""

    backups: Backups | None
    alerts: Alerting
    sent: list[MailMessage] = field(default_factory=list)

    @property
    def mail(self) -> Context:
        return self

    async def send(self, message: MailMessage) -> None:
        self.sent.append(message)


@dataclass
class Fleet:
    """The database, the jobs, and what was told."""

    database: Database
    context: Context
    services: Messengers

    @property
    def backups(self) -> Backups:
        assert self.context.backups is not None
        return self.context.backups

    async def run(self, kind: Kind) -> Outcome:
        """Run one job of the timetable, then whatever is to be told."""
        async with self.database.system() as connection:
            await connection.execute("DELETE FROM procrastinate_jobs")
            await enqueue(connection, kind)
        [end] = await work_off(self.database, jobs.JOBS, self.context)
        await work_off(self.database, ALERT_JOBS, self.context)
        return end

    def said(self) -> list[str]:
        """First lines of what Telegram was given since the last look; the mails said the same."""
        texts = [message["text"].splitlines()[0] for message in self.services.of("/sendMessage")]
        assert [mail.subject.partition(" · ")[0] for mail in self.context.sent] == texts
        self.services.calls.clear()
        self.context.sent.clear()
        return texts

    async def state(self) -> BackupState:
        async with self.database.system() as connection:
            return await runs.state(connection)


@pytest.fixture
async def fleet(backups: Backups, database: Database, world: World) -> AsyncIterator[Fleet]:
    async with messengers() as services:
        to = Recipients(("admin@example.org",), services.url, "-1", TOKEN)
        alerting = Alerting(to, {kind.name: kind for kind in KINDS}, "https://hub.example", "en")
        world.execute("UPDATE installation SET created_at = %s", backups.clock.now())
        yield Fleet(database, Context(backups, alerting), services)


async def test_a_failed_one_is_told_once_and_its_end_too(fleet: Fleet, clock: ManualClock) -> None:
    root = fleet.backups.folder.root
    root.write_text("in the way")
    assert isinstance(await fleet.run(jobs.CREATE), TryAgain)
    assert fleet.said() == ["Alert: A backup could not be made"]
    clock.advance(timedelta(minutes=10))
    assert isinstance(await fleet.run(jobs.CREATE), TryAgain)
    assert fleet.said() == [], "the same alert is not told again"
    root.unlink()
    assert await fleet.run(jobs.CREATE) == DONE
    assert fleet.said() == ["Over: Backups are made again"]
    state = await fleet.state()
    assert (state.created_ok, state.created_at, state.failures) == (True, clock.now(), {"create": 2})


async def test_one_that_is_too_small_is_told_of_and_kept(fleet: Fleet, world: World, clock: ManualClock) -> None:
    world.execute(
        "INSERT INTO alerts (kind, raised_at, told_at, facts, recovered_at) SELECT 'x.y', now(), now(), "
        "jsonb_build_object('x', string_agg(md5(n::text), '')), now() FROM generate_series(1, 40000) n"
    )
    assert await fleet.run(jobs.CREATE) == DONE
    world.execute("DELETE FROM alerts")
    clock.advance(6 * HOUR)
    assert await fleet.run(jobs.CREATE) == DONE
    assert fleet.said() == ["Alert: A backup is much smaller than the one before"]
    assert len(listed(fleet.backups)) == 2
    clock.advance(6 * HOUR)
    await fleet.run(jobs.CREATE)
    assert fleet.said() == ["Over: Backups have their usual size again"]


async def test_an_old_one_is_told_of_until_there_is_a_fresh_one(fleet: Fleet, clock: ManualClock) -> None:
    await fleet.run(jobs.CREATE)
    clock.advance(7 * HOUR)
    await fleet.run(jobs.WATCH)
    assert fleet.said() == []
    clock.advance(timedelta(minutes=1))
    await fleet.run(jobs.WATCH)
    await fleet.run(jobs.WATCH)
    assert fleet.said() == ["Alert: The newest backup is too old"]
    await fleet.run(jobs.CREATE)
    assert fleet.said() == ["Over: There is a fresh backup again"]


async def test_a_bad_verification_is_told_of(fleet: Fleet) -> None:
    assert await fleet.run(jobs.VERIFY) == DONE, "there is nothing to prove yet"
    assert fleet.said() == []
    await fleet.run(jobs.CREATE)
    [made] = listed(fleet.backups)
    folder = fleet.backups.folder.root / made.name
    shutil.copytree(folder, folder.with_name("aside"))
    (folder / "dump" / "toc.dat").write_bytes(b"spoilt")
    assert isinstance(await fleet.run(jobs.VERIFY), TryAgain)
    assert fleet.said() == ["Alert: A backup could not be verified"]
    assert (await fleet.state()).verified_ok is False
    shutil.rmtree(folder)
    folder.with_name("aside").rename(folder)
    assert await fleet.run(jobs.VERIFY) == DONE
    assert fleet.said() == ["Over: A backup was verified again"]
    state = await fleet.state()
    assert state.verified_ok
    assert {gauge.name for gauge in backup_gauges(state)} >= {"kamhub_backup_verified_ok", "kamhub_backup_size_bytes"}


async def test_a_failed_pruning_is_told_of(fleet: Fleet, clock: ManualClock, monkeypatch: pytest.MonkeyPatch) -> None:
    await fleet.run(jobs.CREATE)
    clock.advance(9 * 24 * HOUR)
    await fleet.run(jobs.CREATE)
    fleet.said()
    with monkeypatch.context() as patched:

        def refuse(_name: str) -> None:
            raise BackupError("The folder of backups cannot be used: Read-only file system.")

        patched.setattr(fleet.backups.folder, "remove", refuse)
        assert isinstance(await fleet.run(jobs.PRUNE), TryAgain)
    assert fleet.said() == ["Alert: Old backups could not be removed"]
    assert await fleet.run(jobs.PRUNE) == DONE
    assert fleet.said() == ["Over: Old backups are removed again"]
    assert len(listed(fleet.backups)) == 1


async def test_what_overlaps_waits_and_tells_nobody(fleet: Fleet) -> None:
    with fleet.backups.alone():
        assert isinstance(await fleet.run(jobs.CREATE), TryAgain)
    assert fleet.said() == []
    assert (await fleet.state()).created_ok is None


async def test_switched_off_nothing_is_done(fleet: Fleet, clock: ManualClock) -> None:
    fleet.context.backups = None
    clock.advance(99 * HOUR)
    for kind in (jobs.CREATE, jobs.VERIFY, jobs.PRUNE, jobs.WATCH):
        assert await fleet.run(kind) == DONE
    assert fleet.said() == []


async def test_a_worker_that_stops_ends_its_backup(fleet: Fleet) -> None:
    stop = Stop()
    begun = asyncio.Event()
    loop = asyncio.get_running_loop()

    def say(_done: int, _total: int, _what: str) -> None:
        loop.call_soon_threadsafe(begun.set)

    work = asyncio.create_task(
        told.create(
            fleet.database,
            fleet.backups,
            stop=stop,
            say=say,
        )
    )
    await begun.wait()
    work.cancel()
    with pytest.raises(asyncio.CancelledError):
        await work
    assert [path.name for path in fleet.backups.folder.root.iterdir()] in ([], [b.name for b in listed(fleet.backups)])
    with fleet.backups.alone():
        pass  # nobody holds the lock any more


async def test_a_fault_is_told_as_well(fleet: Fleet) -> None:
    broken = replace(fleet.backups, check=lambda _: 1 / 0)  # type: ignore[arg-type, return-value]
    await told.create(fleet.database, fleet.backups, stop=Stop())
    with pytest.raises(ZeroDivisionError):
        await told.verify(fleet.database, broken, stop=Stop())
    assert (await fleet.state()).verified_ok is False


async def test_a_hub_without_any_backup_has_no_lines_of_one(fleet: Fleet) -> None:
    names = {gauge.name for gauge in backup_gauges(await fleet.state())}
    assert names == {"kamhub_backup_installation_timestamp_seconds", "kamhub_backup_failed_runs"}
    assert alert_gauges([])[0].samples == []
