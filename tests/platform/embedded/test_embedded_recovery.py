"""Whatever is killed, the next start works and has the committed rows."""

from __future__ import annotations

import os
import signal
import subprocess
from collections.abc import Callable
from pathlib import Path

import psycopg
import pytest

from kamhub.platform.embedded.address import running_address
from kamhub.platform.embedded.cluster import Cluster
from kamhub.platform.embedded.processes import cluster_processes
from kamhub.platform.embedded.types import EmbeddedDatabaseError

MakeCluster = Callable[..., Cluster]
RunProgram = Callable[..., subprocess.Popen[str]]
Eventually = Callable[..., bool]


def fill(cluster: Cluster) -> None:
    with psycopg.connect(cluster.address.owner_url) as connection:
        connection.execute("CREATE TABLE t AS SELECT 1 AS x")


def rows(cluster: Cluster) -> list[tuple[object, ...]]:
    with psycopg.connect(cluster.address.owner_url) as connection:
        return connection.execute("SELECT x FROM t").fetchall()


def kill_postmaster(cluster: Cluster) -> None:
    assert cluster.pid is not None
    os.kill(cluster.pid, signal.SIGKILL)


def test_a_killed_postmaster_comes_back_with_committed_rows(cluster: Cluster, eventually: Eventually) -> None:
    fill(cluster)
    port = cluster.address.port
    with psycopg.connect(cluster.address.owner_url) as connection:
        connection.execute("INSERT INTO t VALUES (2)")
        kill_postmaster(cluster)
        assert eventually(lambda: not cluster.is_alive())
        assert cluster.exit_note == "killed by SIGKILL"
        assert cluster.start().port == port
        connection.close()
    assert rows(cluster) == [(1,)]


def test_a_backend_that_does_not_notice_is_killed(
    cluster: Cluster, eventually: Eventually, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("kamhub.platform.embedded.recovery._BACKENDS_LEAVE", 0.3)
    fill(cluster)
    folder = cluster.data_dir / "postgres"
    with psycopg.connect(cluster.address.owner_url) as connection:
        backend = connection.info.backend_pid
        os.kill(backend, signal.SIGSTOP)
        kill_postmaster(cluster)
        assert eventually(lambda: cluster_processes(folder) == {backend})
        cluster.start()
        assert eventually(lambda: backend not in cluster_processes(folder))
    assert rows(cluster) == [(1,)]


def test_a_live_server_without_its_parent_is_stopped_and_started_fresh(make_cluster: MakeCluster) -> None:
    orphan = make_cluster()
    orphan.start()
    fill(orphan)
    fresh = make_cluster()
    fresh.start()
    assert not orphan.is_alive()
    assert rows(fresh) == [(1,)]


def test_a_pid_file_that_names_another_process_is_stale(cluster: Cluster) -> None:
    fill(cluster)
    pid_file = cluster.data_dir / "postgres" / "postmaster.pid"
    text = pid_file.read_text()
    cluster.stop()
    with subprocess.Popen(["/bin/sleep", "60"]) as other:
        pid_file.write_text(text.replace(text.split("\n", maxsplit=1)[0], str(other.pid), 1))
        cluster.start()
        assert rows(cluster) == [(1,)]
        assert other.poll() is None
        other.kill()


def test_the_server_dies_with_a_killed_parent(
    make_cluster: MakeCluster, run_program: RunProgram, data_dir: Path, eventually: Eventually
) -> None:
    program = run_program()
    assert program.stdout is not None
    assert program.stdout.readline() == "starting\n"
    assert program.stdout.readline().startswith("up ")
    before = running_address(data_dir)
    program.kill()
    assert program.wait(5) == -signal.SIGKILL
    assert eventually(lambda: not cluster_processes(data_dir / "postgres"), 5)
    assert make_cluster().start() == before


def test_a_start_right_after_the_parent_was_killed_works(make_cluster: MakeCluster, run_program: RunProgram) -> None:
    program = run_program()
    assert program.stdout is not None
    assert program.stdout.readline() == "starting\n"
    assert program.stdout.readline().startswith("up ")
    program.kill()
    program.wait(5)
    cluster = make_cluster()
    cluster.start()
    fill(cluster)
    assert rows(cluster) == [(1,)]


def test_a_first_start_killed_half_way_is_begun_again(
    make_cluster: MakeCluster, run_program: RunProgram, data_dir: Path, eventually: Eventually
) -> None:
    program = run_program()
    assert eventually(lambda: any(data_dir.glob(".postgres-new-*/data/base")))
    program.kill()
    program.wait(5)
    cluster = make_cluster()
    cluster.start()
    fill(cluster)
    assert rows(cluster) == [(1,)]
    assert not list(data_dir.glob(".postgres-new-*"))


def test_the_supervisor_brings_back_a_killed_postmaster(
    run_program: RunProgram, data_dir: Path, eventually: Eventually
) -> None:
    program = run_program()
    assert program.stdout is not None
    assert program.stdout.readline() == "starting\n"
    pid = int(program.stdout.readline().removeprefix("up "))
    before = running_address(data_dir)
    os.kill(pid, signal.SIGKILL)
    assert "postgres ended (killed by SIGKILL)" in program.stdout.readline()
    assert program.stdout.readline() == "postgres is running again\n"
    assert running_address(data_dir) == before
    program.terminate()
    assert program.wait(10) == 0
    assert eventually(lambda: not cluster_processes(data_dir / "postgres"), 0)


def test_lost_passwords_are_made_anew(cluster: Cluster, make_cluster: MakeCluster) -> None:
    fill(cluster)
    old = cluster.address
    cluster.stop()
    (cluster.data_dir / "postgres.json").unlink()
    again = make_cluster()
    assert again.start().owner_password != old.owner_password
    assert rows(again) == [(1,)]


def test_a_lost_database_is_not_replaced_by_an_empty_one(cluster: Cluster) -> None:
    cluster.stop()
    (cluster.data_dir / "postgres").rename(cluster.data_dir / "moved")
    with pytest.raises(EmbeddedDatabaseError, match="is gone"):
        cluster.start()
    (cluster.data_dir / "moved").rename(cluster.data_dir / "postgres")
    cluster.start()


def test_destroy_leaves_nothing_of_the_database(cluster: Cluster) -> None:
    cluster.destroy()
    assert sorted(entry.name for entry in cluster.data_dir.iterdir()) == ["log"]
    cluster.start()
