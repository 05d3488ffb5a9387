"""Machines, networks and disks that fail while jobs run: each effect once, nothing lost, all taken up by itself."""

from __future__ import annotations

import math
import shutil
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from uuid import UUID

import psycopg
import pytest

from kamhub.platform.embedded.cluster import Cluster
from kamhub.platform.embedded.port import free_port
from tests.system.jobs import load, program, small_disk
from tests.system.jobs.audit import audit
from tests.system.jobs.fleet import QUICK, Fleet
from tests.system.jobs.forwarder import can_vanish
from tests.system.jobs.killer import Field, Watch
from tests.system.jobs.load import Load, Wish
from tests.system.jobs.run import TAKEN_UP_WITHIN, battlefield, database
from tests.system.product import wait_for

pytestmark = pytest.mark.timeout(240)

# Silent since its last heartbeat for so long, seen at the next look; the rest is for other programs on the same cores.
_TAKEN_UP = QUICK.stalled_after + QUICK.sweep_every + 6.0


@pytest.fixture(scope="module")
def folder() -> Iterator[Path]:
    made = Path(tempfile.mkdtemp(prefix="kamhub-outages-")).resolve()
    made.chmod(0o711)
    yield made
    shutil.rmtree(made, ignore_errors=True)


@pytest.fixture(scope="module")
def shared_cluster(folder: Path) -> Iterator[Cluster]:
    with database(folder / "data") as cluster:
        yield cluster


@pytest.fixture
def cluster(shared_cluster: Cluster) -> Cluster:
    shared_cluster.start()
    load.clear(shared_cluster.address.owner_url)
    with psycopg.connect(shared_cluster.address.owner_url) as connection:
        connection.execute("ALTER ROLE kamhub_app RESET ALL")
    return shared_cluster


def _owner_of(field: Field, job: UUID) -> int | None:
    """The process that the database believes to be running a job."""
    query = """SELECT w.pid FROM procrastinate_jobs j JOIN job_workers w USING (worker_id)
               WHERE (j.args ->> 'id')::uuid = %s AND j.status = 'doing'"""
    with psycopg.connect(field.owner_url) as connection:
        row = connection.execute(query, (job,)).fetchone()
    return row[0] if row else None


def _effects(field: Field, job: UUID) -> int:
    with psycopg.connect(field.owner_url) as connection:
        row = connection.execute("SELECT count(*) FROM effects WHERE job = %s", (job,)).fetchone()
    return int(row[0]) if row else 0


def _clean(field: Field, seconds: float = TAKEN_UP_WITHIN) -> None:
    assert field.drained(seconds), audit(field.owner_url).faults["stuck"]
    assert not audit(field.owner_url).broken
    assert not field.fleet.faults


@pytest.mark.parametrize(
    "wish", [Wish(program.LONG, {"milliseconds": 1500}), Wish(program.HELD, {"milliseconds": 1500})], ids=["at work", "in its transaction"]
)  # fmt: skip
def test_the_job_of_a_machine_that_vanished_is_taken_up_and_its_late_effect_is_rolled_back(
    folder: Path, cluster: Cluster, wish: Wish
) -> None:
    with battlefield(folder, cluster, ["honest", "honest"]) as field:
        job = load.put_now(field.owner_url, wish)
        field.wait(lambda: _owner_of(field, job) is not None, 10, "it runs")
        victim = next(slot for slot in field.fleet.slots if slot.process and slot.process.pid == _owner_of(field, job))
        field.fleet.freeze(victim, math.inf)
        frozen = victim.process.pid if victim.process else 0
        field.wait(lambda: _owner_of(field, job) != frozen, _TAKEN_UP, "taken up")
        field.wait(lambda: _effects(field, job) == 1, _TAKEN_UP, "done by the other worker")
        field.fleet.wake(victim)
        field.wait(field.workers_well, TAKEN_UP_WITHIN, "the sleeper works again")
        _clean(field)


def test_a_worker_whose_packets_are_swallowed_comes_back_by_itself(folder: Path, cluster: Cluster) -> None:
    if not can_vanish():
        pytest.skip("the kernel lets only root drop packets here")
    with battlefield(folder, cluster, ["honest"]) as field:
        jobs = [load.put_now(field.owner_url, Wish(program.LONG, {"milliseconds": 800})) for _ in range(3)]
        field.wait(lambda: _owner_of(field, jobs[0]) is not None, 10, "it runs")
        field.ways[0].vanish()
        jobs += [load.put_now(field.owner_url, Wish(program.SHORT)) for _ in range(20)]
        field.ways[0].come_back()
        took = field.wait(lambda: all(_effects(field, job) for job in jobs), TAKEN_UP_WITHIN, "all are done")
        print(f"\nall done {took:.1f} s after the network fell silent")
        _clean(field)


def test_jobs_go_on_when_the_database_fails_over_to_another_address(folder: Path, cluster: Cluster) -> None:
    with battlefield(folder, cluster, ["honest", "honest"]) as field:
        with Load(cluster.address.app_url) as before:
            field.wait(lambda: len(before.acknowledged) > 40, 30, "jobs are put in")
        cluster.stop()
        moved = Cluster(cluster.data_dir, free_port())
        try:
            address = moved.start()
            for way in field.ways:
                way.point_to(int(address.owner_url.rpartition(":")[2].partition("/")[0]))
            there = Field(address.owner_url, field.fleet, moved, field.ways)
            with Load(address.app_url) as after:
                there.wait(lambda: len(after.acknowledged) > 40, 30, "jobs are put in")
            _clean(there)
            assert not audit(address.owner_url, [*before.acknowledged, *after.acknowledged]).broken
        finally:
            moved.stop()


def test_what_a_full_disk_interrupted_is_done_when_there_is_room_again(folder: Path) -> None:
    if not small_disk.is_possible():
        pytest.skip("only root may mount a small disk for one process, and not in every container")
    place = folder / "disk"
    place.mkdir(mode=0o711)
    with (
        small_disk.SmallDisk(place, 320) as disk,
        Fleet(folder, [disk.urls["app_url"]] * 2) as fleet,
        Load(disk.urls["app_url"], rate=40) as client,
    ):
        wait_for(lambda: len(client.acknowledged) > 40, 30, "jobs are put in")
        assert disk.fill() > 0
        wait_for(lambda: client.refused > 2, 60, "the database has no room")
        began = time.monotonic()
        ended = disk.free()
        known = len(client.acknowledged)
        wait_for(lambda: len(client.acknowledged) > known + 20, TAKEN_UP_WITHIN, "jobs are put in again")
        client.stop()
        assert Watch(disk.urls["owner_url"], fleet).drained(TAKEN_UP_WITHIN)
        print(f"\nall done {time.monotonic() - began:.1f} s after there was room; the server had ended: {ended}")
        assert not audit(disk.urls["owner_url"], client.acknowledged).broken
