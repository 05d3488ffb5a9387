"""Kills under a mixed load of jobs, small; ``make soak`` does 200. With controls that show what the audit would see."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from kamhub.platform.embedded.cluster import Cluster
from tests.system.jobs import load, program
from tests.system.jobs.audit import CHECKS, audit
from tests.system.jobs.load import Wish
from tests.system.jobs.run import battlefield, database, run, summary

pytestmark = pytest.mark.timeout(240)

_EACH_ONCE = {
    "kill -9 of a worker": 1,
    "SIGTERM to a worker": 1,
    "SIGTERM twice": 1,
    "kill -9 of all workers at once": 1,
    "worker frozen, and awake again after its jobs were taken up": 1,
    "database restarted": 1,
    "kill -9 of the postmaster": 1,
    "all connections ended by the server": 1,
}


@pytest.fixture(scope="module")
def folder() -> Iterator[Path]:
    made = Path(tempfile.mkdtemp(prefix="kamhub-kills-")).resolve()
    made.chmod(0o711)
    yield made
    shutil.rmtree(made, ignore_errors=True)


@pytest.fixture(scope="module")
def shared_cluster(folder: Path) -> Iterator[Cluster]:
    with database(folder / "data") as cluster:
        yield cluster


@pytest.fixture
def cluster(shared_cluster: Cluster) -> Cluster:
    load.clear(shared_cluster.address.owner_url)
    return shared_cluster


def test_every_effect_happens_once_and_in_order_whatever_is_killed(folder: Path, cluster: Cluster) -> None:
    result = run(folder, cluster, _EACH_ONCE, workers=2)
    print("\n".join(["", *summary(result)]))
    assert not result.broken
    assert result.kills == len(_EACH_ONCE)
    assert result.acknowledged > 50


def test_control_effects_saved_apart_from_their_mark_are_doubled_and_the_audit_says_so(
    folder: Path, cluster: Cluster
) -> None:
    result = run(
        folder, cluster, {"kill -9 of a worker": 2, "kill -9 of all workers at once": 1}, mode="apart", workers=2
    )
    assert result.audit.faults["doubled"]
    assert not result.audit.faults["lost"]


def test_control_a_job_deleted_behind_the_scenes_is_lost_and_the_audit_says_so(folder: Path, cluster: Cluster) -> None:
    owner_url = cluster.address.owner_url
    with battlefield(folder, cluster, ["honest"]) as field:
        load.put_now(owner_url, Wish(program.SHORT))
        victim = load.put_now(owner_url, Wish(program.SHORT, delay=3.0))
        with psycopg.connect(owner_url) as connection:
            gone = connection.execute("DELETE FROM procrastinate_jobs WHERE (args ->> 'id')::uuid = %s", (victim,))
            assert gone.rowcount == 1
        assert field.drained(30)
    assert audit(owner_url).broken == [f"lost: kill.short {victim}"]


_NEVER = "'01900000-0000-7000-8000-000000000bad'"
_FIRST = "(SELECT job FROM expected ORDER BY seq LIMIT 1)"
_DOCTORED = {
    "lost": f"DELETE FROM effects WHERE job = {_FIRST}",
    "doubled": f"INSERT INTO effects (job, attempt, version) VALUES ({_FIRST}, 1, '')",
    "effect of what never was or should not be": f"INSERT INTO effects (job, attempt, version) VALUES ({_NEVER}, 1, '')",
    "out of order": "UPDATE effects SET id = -id",
    "parts missing": "UPDATE expected SET parts = 2",
    "stuck": "INSERT INTO procrastinate_jobs (queue_name, task_name, args, status) VALUES ('chat', 'x', '{}', 'todo')",
    "dead letter missing": "UPDATE expected SET fate = 'gave_up'",
    "dead letter too many": f"""INSERT INTO dead_jobs (id, kind, queue, priority, arguments, reason, error, traceback, attempts,
      enqueued_at) VALUES ({_NEVER}, 'x', 'chat', 0, '{{}}', 'gave_up', '', '', 1, now())""",
    "history without effect": "DELETE FROM effects",
    "effect without history": "DELETE FROM job_history",
}  # fmt: skip


def test_the_audit_sees_every_kind_of_fault(cluster: Cluster) -> None:
    owner_url = cluster.address.owner_url
    assert set(_DOCTORED) == set(CHECKS)
    jobs = [load.put_now(owner_url, Wish(program.ORDERED, {"how": "well"}, object=1)) for _ in range(3)]
    with psycopg.connect(owner_url, autocommit=True) as connection:
        for job in jobs:
            connection.execute("INSERT INTO effects (job, attempt, version) VALUES (%s, 1, '')", (job,))
            connection.execute(
                """INSERT INTO job_history (id, kind, queue, outcome, attempts, enqueued_at, started_at, finished_at, expires_at)
                   VALUES (%s, 'kill.ordered', 'chat', 'done', 1, now(), now(), now(), now())""",
                (job,),
            )
        connection.execute("DELETE FROM procrastinate_jobs")
        assert audit(owner_url, jobs).broken == []
        for name, doctor in _DOCTORED.items():
            with connection.transaction(force_rollback=True):
                connection.execute(doctor.encode())
                assert connection.execute(CHECKS[name].encode()).fetchall(), name
