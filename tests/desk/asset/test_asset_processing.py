"""Runs of assets: killed, failed, outdated, addresses read again; whatever happens, nothing is stuck."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from kamhub.desk.asset import actions, files, processing, store
from kamhub.desk.asset.jobs import JOBS
from kamhub.desk.asset.types import PROCESS, AssetChange, NewFile, NewUrl
from kamhub.desk.embedding.types import EmbedderUnavailable
from kamhub.desk.services import Desk
from kamhub.kit.clock import ManualClock
from kamhub.platform.audit.types import Trail
from kamhub.platform.file.types import FilesUnavailable
from kamhub.platform.job.queue import enqueue
from kamhub.platform.job.types import DONE, TryAgain
from kamhub.platform.live.hub import Broadcaster
from kamhub.platform.live.rules import topics_of
from kamhub.platform.live.types import Change
from kamhub.platform.person.types import Staff
from tests.builders import Operator, World
from tests.desk.asset.support import Reading, work
from tests.platform.outbound.pages import Page, Site, fetcher, names, site

RIGHTS = frozenset({"knowledge.read", "knowledge.write"})
PATIENCE = 10.0


def staff_of(operator: Operator) -> Staff:
    return Staff(operator.id, RIGHTS, Trail("system", None, "test"))


@pytest.fixture
def staff(world: World) -> Staff:
    return staff_of(world.main)


@pytest.fixture
async def here() -> AsyncIterator[Site]:
    async with site() as opened:
        yield opened


@pytest.fixture
def reader(desk: Desk) -> Desk:
    """A desk that may read the site of the test."""
    return replace(desk, fetcher=fetcher())


async def taken_in(desk: Desk, staff: Staff, text: str = "a\nb\nc\nd\ne") -> UUID:
    async with desk.files.staging(1000) as staging:
        await staging.add(text.encode())
        asset, _ = await actions.add_file(desk, staff, await staging.finish(), NewFile("x.txt", None, None))
    return asset.id


async def pointed_at(desk: Desk, staff: Staff, url: str, hours: int | None = None) -> UUID:
    asset, _ = await actions.add_url(desk, staff, NewUrl(url, None, None, hours))
    return asset.id


def state(world: World, asset: UUID) -> tuple[object, ...]:
    (row,) = world.rows("SELECT status, stage, error FROM assets WHERE id = %s", asset)
    return row


def texts(world: World, asset: UUID) -> list[object]:
    return [row[0] for row in world.rows("SELECT text FROM chunks WHERE asset_id = %s ORDER BY ordinal", asset)]


def ids(world: World) -> dict[object, object]:
    """Of all chunks by their words."""
    return {row[0]: row[1] for row in world.rows("SELECT text, id FROM chunks")}


def kept(data_dir: Path) -> list[Path]:
    return [path for path in data_dir.rglob("*") if path.is_file()]


class Killed(BaseException):
    """The worker is gone."""


@pytest.mark.parametrize("stage", ["read", "embed", "link"])
async def test_a_run_that_was_killed_goes_on_where_it_was(
    desk: Desk, staff: Staff, world: World, reading: Reading, stage: str
) -> None:
    asset = await taken_in(desk, staff)
    calls = 0

    async def kill(at: str) -> None:
        nonlocal calls
        if at == stage:
            calls += 1
            if calls == (2 if stage == "embed" else 1):
                raise Killed

    reading.disturb = kill
    with pytest.raises(Killed):
        await work(desk)
    assert state(world, asset)[:2] == ("processing", stage)
    await work(desk)
    assert state(world, asset) == ("completed", None, None)
    assert texts(world, asset) == list("abcde")
    assert reading.read_count == 1, "what was read is not read again"
    assert len(reading.embedded) == len(set(reading.embedded)) == 5, "nor embedded"
    assert reading.linked == [asset]


async def test_a_long_document_lets_short_ones_go_before(
    desk: Desk, staff: Staff, world: World, reading: Reading, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(processing, "SAY_EVERY", 0.0)

    async def slow_at_first(stage: str) -> None:
        if stage == "read":
            monkeypatch.setattr(processing, "TURN", 0.0 if reading.read_count == 0 else 3600.0)

    reading.disturb = slow_at_first
    long = await taken_in(desk, staff, "\n".join(f"line {number}" for number in range(12)))
    short = await taken_in(desk, staff_of(world.other), "a")
    assert await work(desk) == [DONE, DONE]
    assert state(world, short)[0] == "completed", "it came later, of another operator, and is done"
    assert state(world, long)[:2] == ("processing", "embed")
    assert world.rows("SELECT count(*) FROM procrastinate_jobs WHERE status = 'todo'") == [(1,)]
    (before,) = world.rows("SELECT progress, (SELECT count(*) FROM chunk_vectors) FROM assets WHERE id = %s", long)
    assert before == (49, 3), "two of twelve, and the short one's"
    assert await work(desk) == [DONE], "nobody waits any more, so it goes to its end"
    assert state(world, long)[0] == "completed"
    assert (reading.read_count, len(reading.embedded), len(set(reading.embedded))) == (2, 13, 13)
    assert world.rows("SELECT count(*) FROM dead_jobs") == [(0,)]


async def test_what_cannot_be_taken_now_makes_nobody_go_behind(
    desk: Desk, staff: Staff, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(processing, "SAY_EVERY", 0.0)
    monkeypatch.setattr(processing, "TURN", 0.0)
    asset = await taken_in(desk, staff)
    async with desk.hub.database.tenant(staff.organisation_id) as connection:
        # Of the same asset, so it waits for this very run; and one that is not due yet.
        await processing.enqueue_run(connection, staff.organisation_id, asset, 99)
        await enqueue(
            connection, PROCESS, organisation_id=staff.organisation_id, run_at=datetime.now(UTC) + timedelta(hours=1),
            asset_id=str(asset), run_number=99,
        )  # fmt: skip
    await work(desk)
    assert state(world, asset)[0] == "completed"


async def test_a_run_killed_at_its_very_end_ends_the_same(desk: Desk, staff: Staff, world: World) -> None:
    asset = await taken_in(desk, staff)
    await work(desk, crash=True)
    assert state(world, asset)[0] == "processing"
    assert world.rows("SELECT progress FROM assets")[0][0] < 100  # type: ignore[operator]
    await work(desk)
    assert state(world, asset)[0] == "completed"
    assert texts(world, asset) == list("abcde")


async def test_what_is_away_is_waited_for_and_the_stage_stays(
    desk: Desk, staff: Staff, world: World, reading: Reading, clock: ManualClock
) -> None:
    asset = await taken_in(desk, staff)

    async def away(stage: str) -> None:
        if stage == "embed":
            raise EmbedderUnavailable

    reading.disturb = away
    assert await work(desk) == [TryAgain(clock.now() + timedelta(seconds=5), "EmbedderUnavailable")]
    assert state(world, asset) == ("processing", "embed", None)


async def test_files_that_are_away_are_waited_for(
    desk: Desk, staff: Staff, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    asset = await taken_in(desk, staff)

    async def away(*_: object) -> None:
        raise FilesUnavailable

    monkeypatch.setattr(desk.files, "keep", away)
    (outcome,) = await work(desk)
    assert isinstance(outcome, TryAgain)
    assert state(world, asset) == ("processing", "read", None)


async def test_an_unexpected_fault_is_told_when_it_is_the_last(
    desk: Desk, staff: Staff, world: World, reading: Reading, monkeypatch: pytest.MonkeyPatch
) -> None:
    asset = await taken_in(desk, staff)

    async def broken(stage: str) -> None:
        raise ZeroDivisionError

    reading.disturb = broken
    with pytest.raises(ZeroDivisionError):
        await work(desk)
    assert state(world, asset) == ("processing", "read", None), "it will be tried again"
    job = next(job for job in JOBS if job.kind is PROCESS)
    monkeypatch.setattr("tests.desk.asset.support.JOBS", [replace(job, retry=replace(job.retry, attempts=1))])
    with pytest.raises(ZeroDivisionError):
        await work(desk)
    assert state(world, asset) == ("failed", "read", "interrupted")
    reading.disturb = Reading().disturb
    await work(desk)
    assert state(world, asset) == ("completed", None, None), "a person who runs the dead letter again is served"


async def test_a_job_that_died_unseen_is_seen(desk: Desk, staff: Staff, world: World) -> None:
    asset = await taken_in(desk, staff)
    world.execute(
        "WITH gone AS (DELETE FROM procrastinate_jobs WHERE task_name = 'asset.process' RETURNING args) "
        "INSERT INTO dead_jobs (id, organisation_id, kind, queue, priority, arguments, reason, error, traceback, attempts, "
        "enqueued_at) SELECT (args ->> 'id')::uuid, (args ->> 'organisation')::uuid, 'asset.process', 'knowledge', 0, "
        "args -> 'with', 'kills_workers', 'x', '', 5, now() FROM gone"
    )
    await actions.look_after(desk)
    assert state(world, asset) == ("failed", None, "interrupted")
    assert (await actions.retry(desk, staff, asset)).run == 2
    await work(desk)
    assert state(world, asset)[0] == "completed"
    await actions.look_after(desk)
    assert state(world, asset)[0] == "completed", "the letter is about a run that is over"


async def test_what_lost_its_job_can_be_read_again(desk: Desk, staff: Staff, world: World) -> None:
    asset = await taken_in(desk, staff)
    assert (await actions.retry(desk, staff, asset)).run == 1, "it is under way"
    world.execute("DELETE FROM procrastinate_jobs")
    assert (await actions.retry(desk, staff, asset)).run == 2
    await work(desk)
    assert state(world, asset)[0] == "completed"


async def test_the_job_of_an_older_run_changes_nothing(
    desk: Desk, staff: Staff, world: World, reading: Reading
) -> None:
    asset = await taken_in(desk, staff)
    world.execute("UPDATE assets SET run = 2")
    assert await work(desk) == [DONE]
    assert state(world, asset) == ("pending", None, None)
    assert reading.read_count == 0


@pytest.mark.parametrize("stage", ["read", "embed", "link"])
async def test_removed_while_it_is_worked_on_nothing_is_left(
    desk: Desk, staff: Staff, world: World, reading: Reading, data_dir: Path, stage: str
) -> None:
    asset = await taken_in(desk, staff)

    async def remove(at: str) -> None:
        if at == stage:
            reading.disturb = Reading().disturb
            await actions.remove(desk, staff, asset)

    reading.disturb = remove
    assert DONE in await work(desk)
    await work(desk)
    for table in ("assets", "chunks", "chunk_vectors"):
        assert world.rows(f"SELECT count(*) FROM {table}") == [(0,)]
    assert kept(data_dir) == []


async def test_a_file_is_not_removed_from_under_somebody_who_begins_to_need_it(
    desk: Desk, staff: Staff, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = await taken_in(desk, staff)
    (digest,) = ((await actions.asset(desk, staff, first)).digest,)
    assert digest is not None
    await actions.remove(desk, staff, first)
    # The file goes at the very moment between being kept and being needed.
    real = desk.files.keep
    forgotten: list[bytes] = []

    async def keep(organisation: UUID, staged: Any) -> None:
        await real(organisation, staged)
        if not forgotten:
            forgotten.append(staged.digest)
            await files.forget(desk, organisation, staged.digest)

    monkeypatch.setattr(desk.files, "keep", keep)
    second = await taken_in(desk, staff)
    assert forgotten
    await files.forget(desk, staff.organisation_id, digest)
    assert await desk.files.has(staff.organisation_id, digest), "it is needed"
    await work(desk)
    assert state(world, second)[0] == "completed"


async def test_removers_and_keepers_of_a_file_wait_for_each_other(desk: Desk, staff: Staff) -> None:
    digest, organisation = b"x" * 32, staff.organisation_id
    async with desk.hub.database.public() as connection, store.removing_file(connection, organisation, digest):

        async def need() -> None:
            async with desk.hub.database.tenant(organisation) as tenant:
                await store.lock_file(tenant, organisation, digest)

        waiting = asyncio.create_task(need())
        done, _ = await asyncio.wait({waiting}, timeout=0.3)
        assert not done
    async with asyncio.timeout(PATIENCE):
        await waiting


async def test_a_file_that_vanished_is_told_and_heals_with_the_next_upload(
    desk: Desk, staff: Staff, world: World
) -> None:
    asset = await taken_in(desk, staff)
    digest = (await actions.asset(desk, staff, asset)).digest
    assert digest is not None
    await desk.files.remove(staff.organisation_id, digest)
    await work(desk)
    assert state(world, asset) == ("failed", "read", "file_missing")
    assert await taken_in(desk, staff) == asset
    await actions.retry(desk, staff, asset)
    await work(desk)
    assert state(world, asset)[0] == "completed"


async def test_an_empty_document_is_told(desk: Desk, staff: Staff, world: World) -> None:
    asset = await taken_in(desk, staff, " \n ")
    await work(desk)
    assert state(world, asset) == ("failed", "cut", "no_text")


async def test_progress_is_heard_by_those_who_may_read(
    desk: Desk, staff: Staff, world: World, database_url: str
) -> None:
    broadcaster = Broadcaster(database_url)
    with (
        broadcaster.subscribe(world.main.id, topics_of(RIGHTS)) as reader,
        broadcaster.subscribe(world.main.id, topics_of({"departures.read"})) as driver,
    ):
        async with asyncio.timeout(PATIENCE):
            for listening in (1, 2):
                assert await reader.wait(PATIENCE), listening
            asset = await taken_in(desk, staff)
            await work(desk)
            assert await reader.wait(PATIENCE) == (Change("asset", asset),)
        heard = await driver.wait(0.1)
        assert all(change.topic == "resync" for change in heard)


async def test_an_address_is_read_and_named_by_its_title(
    reader: Desk, staff: Staff, world: World, here: Site, clock: ManualClock
) -> None:
    here.pages["/"] = Page(headers={"Content-Type": "text/html", "ETag": '"1"'}, body=(b"<title>Prices</title>\none",))
    asset = await pointed_at(reader, staff, here.url(), hours=24)
    assert (await pointed_at(reader, staff, here.url())) == asset, "the same address is one"
    await work(reader)
    found = await actions.asset(reader, staff, asset)
    assert (found.status, found.name, found.etag, found.read_at) == ("completed", "Prices", '"1"', clock.now())
    assert found.reread_at is not None
    assert timedelta(hours=21) <= found.reread_at - clock.now() <= timedelta(hours=27)
    assert texts(world, asset) == ["<title>Prices</title>", "one"]


async def test_an_address_is_read_again_when_it_is_due_and_only_what_changed_is_new(
    reader: Desk, staff: Staff, world: World, here: Site, clock: ManualClock, reading: Reading, data_dir: Path
) -> None:
    here.pages["/"] = Page(headers={"ETag": '"1"'}, body=(b"a\nb\nc",))
    asset = await pointed_at(reader, staff, here.url(), hours=24)
    await work(reader)
    before = ids(world)
    assert await actions.look_after(reader) == 0, "not due yet"
    here.pages["/"] = Page(headers={"ETag": '"2"'}, body=(b"a\nnew\nc",))
    clock.advance(timedelta(hours=30))
    assert await actions.look_after(reader) == 1
    assert await actions.look_after(reader) == 0, "once"
    await work(reader)
    await work(reader)
    assert 'If-None-Match: "1"' in here.asked[-1]
    after = ids(world)
    assert after.keys() == {"a", "new", "c"}
    assert (after["a"], after["c"]) == (before["a"], before["c"])
    assert len(reading.embedded) == 4, "three, and the new one"
    assert len(kept(data_dir)) == 2, "the old file and its text are gone"
    # Not changed: by its server's word, then by its content.
    for page in (Page("304 Not Modified", body=()), Page(body=(b"a\nnew\nc",))):
        here.pages["/"] = page
        clock.advance(timedelta(hours=30))
        assert await actions.look_after(reader) == 1
        await work(reader)
        assert state(world, asset)[0] == "completed"
        assert ids(world) == after
    assert (len(reading.embedded), reading.read_count) == (4, 2)


async def test_an_address_that_cannot_be_read_says_why(desk: Desk, staff: Staff, world: World, here: Site) -> None:
    resolve = names(site_test="127.0.0.1", inside_test="10.0.0.1")
    reader = replace(desk, fetcher=fetcher(resolve=resolve))
    gone = await pointed_at(reader, staff, here.url("/gone"))
    inside = await pointed_at(reader, staff, "http://inside.test/")
    huge = await pointed_at(reader, staff, here.url("/huge"))
    here.pages["/huge"] = Page(headers={"Content-Length": "60000000"})
    await work(reader)
    assert state(world, gone) == ("failed", "fetch", "url_status")
    assert world.rows("SELECT error_facts FROM assets WHERE id = %s", gone) == [({"status": 404},)]
    assert state(world, inside) == ("failed", "fetch", "url_not_allowed")
    assert state(world, huge) == ("failed", "fetch", "url_too_large")


async def test_a_site_in_trouble_is_asked_a_few_times_and_what_was_known_stays(
    reader: Desk, staff: Staff, world: World, here: Site, clock: ManualClock
) -> None:
    here.pages["/"] = Page(body=(b"a\nb",))
    asset = await pointed_at(reader, staff, here.url(), hours=1)
    await work(reader)
    here.pages["/"] = Page("503 Busy")
    clock.advance(timedelta(hours=2))
    await actions.look_after(reader)
    for _ in range(3):
        (outcome,) = await work(reader)
        assert isinstance(outcome, TryAgain)
        assert state(world, asset) == ("processing", "fetch", None)
        world.execute("UPDATE procrastinate_jobs SET attempts = attempts + 1, scheduled_at = NULL")
    await work(reader)
    assert state(world, asset) == ("failed", "fetch", "url_status")
    assert texts(world, asset) == ["a", "b"], "what was read before can still be found"
    assert (await actions.asset(reader, staff, asset)).reread_at is not None, "and is tried again in its time"


async def test_how_often_an_address_is_read_can_be_changed(
    reader: Desk, staff: Staff, here: Site, clock: ManualClock
) -> None:
    here.pages["/"] = Page()
    asset = await pointed_at(reader, staff, here.url())
    await work(reader)
    changed = await actions.change(reader, staff, asset, AssetChange({"reread_hours": 10}))
    assert changed.reread_at is not None
    assert abs(changed.reread_at - clock.now() - timedelta(hours=10)) <= timedelta(hours=1)
    assert (await actions.change(reader, staff, asset, AssetChange({"reread_hours": None}))).reread_at is None


async def test_the_same_address_of_two_organisations_is_two(reader: Desk, world: World, here: Site) -> None:
    here.pages["/"] = Page(body=(b"a",))
    for operator in (world.main, world.other):
        await pointed_at(reader, staff_of(operator), here.url())
    await work(reader)
    assert world.rows("SELECT count(*), count(DISTINCT organisation_id) FROM chunks") == [(2, 2)]
