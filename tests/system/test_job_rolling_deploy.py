"""Old and new workers side by side while jobs flow."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from tests.system.jobs import load, program
from tests.system.jobs.audit import audit
from tests.system.jobs.killer import Field
from tests.system.jobs.load import Load, Wish
from tests.system.jobs.run import battlefield, database

pytestmark = pytest.mark.timeout(180)

_OLD = Wish(program.RENAMED_OLD, object=900)
_NEW = Wish(program.RENAMED_NEW, object=900)
_NOVEL = Wish(program.NOVEL, object=900)


@pytest.fixture
def folder() -> Iterator[Path]:
    made = Path(tempfile.mkdtemp(prefix="kamhub-deploy-")).resolve()
    made.chmod(0o711)
    yield made
    shutil.rmtree(made, ignore_errors=True)


def _states(field: Field, kind: str) -> dict[str, int]:
    """How many jobs of a kind wait, and how many each version of the program has done."""
    query = """SELECT coalesce(x.version, 'waiting'), count(*) FROM expected e LEFT JOIN effects x USING (job)
               WHERE e.kind = %s GROUP BY 1"""
    with psycopg.connect(field.owner_url) as connection:
        return dict(connection.execute(query, (kind,)).fetchall())


def test_jobs_of_new_code_wait_for_new_workers_and_none_is_lost_in_a_rolling_deploy(folder: Path) -> None:
    old, new, novel = (wish.job.kind.name for wish in (_OLD, _NEW, _NOVEL))
    with database(folder / "data") as cluster, battlefield(folder, cluster, ["old", "old"]) as field:
        with Load(cluster.address.app_url) as flow:
            load.put_now(field.owner_url, _OLD)
            field.wait(lambda: _states(field, old) == {"old": 1}, 20, "old code does old jobs")

            # A web process of the new version is there first; old ones still put in what they know, for the same object.
            for wish in (_NOVEL, _OLD, _NEW, _OLD, _NOVEL):
                load.put_now(field.owner_url, wish)
            more = len(flow.acknowledged) + 40
            field.wait(lambda: len(flow.acknowledged) > more, 30, "other jobs flow")
            assert (_states(field, novel), _states(field, new)) == ({"waiting": 2}, {"waiting": 1})
            assert _states(field, old) == {"old": 1, "waiting": 2}  # behind what only new code can do

            first, second = field.fleet.slots
            first.mode = "new"
            field.fleet.ask(first)
            field.wait(lambda: _states(field, novel) == {"new": 2}, 40, "the new worker does the new jobs")
            assert _states(field, new) == {"new": 1}
            assert sum(_states(field, old).values()) - _states(field, old).get("waiting", 0) == 3
            assert second.process is not None
            assert second.process.poll() is None

            second.mode = "new"
            field.fleet.ask(second)
            load.put_now(field.owner_url, _OLD)
            field.wait(lambda: _states(field, old).get("new", 0) >= 1, 40, "new code does jobs of the old name")
        assert field.drained(60)
        assert not audit(field.owner_url, flow.acknowledged).broken
        assert not field.fleet.faults
