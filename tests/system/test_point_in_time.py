"""The drill of docs/runbooks/restore.md on real servers: back to the second before, and back from nothing.

Runs what is shipped in deploy/barman, with other addresses and folders.
"""

from __future__ import annotations

import configparser
import getpass
import os
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from uuid import UUID

import psycopg
import pytest

from kamhub.platform.crypto.keys import KeyRing
from kamhub.platform.database.migrate import migrate
from kamhub.platform.embedded.binaries import find_installation
from kamhub.platform.embedded.cluster import Cluster
from kamhub.platform.embedded.data_dir import SYSTEM_DIR
from kamhub.platform.embedded.placement import cluster_path, place
from kamhub.platform.embedded.types import ClusterAddress
from tests.builders import World, build_world
from tests.system.product import free_port, wait_for

SHIPPED = Path(__file__).parents[2] / "deploy" / "barman"
PROGRAMS = Path(sys.executable).parent
PASSWORD = "of-the-drill"
RPO, RTO = 15 * 60, 30 * 60  # seconds

pytestmark = pytest.mark.skipif(
    shutil.which("rsync") is None, reason="Barman copies with rsync, which is not installed"
)


@dataclass
class Written:
    """Departures in the order in which they were committed, with the server's own time after each."""

    rows: list[tuple[UUID, datetime]] = field(default_factory=list)
    over: threading.Event = field(default_factory=threading.Event)

    def ids(self, until: datetime | None = None) -> set[UUID]:
        return {id_ for id_, at in self.rows if until is None or at <= until}

    def write(self, world: World) -> None:
        """Go on until it is over, or the server is gone."""
        with psycopg.connect(world.owner_url, autocommit=True) as connection:
            while not self.over.wait(0.01):
                departure = world.departure()
                row = connection.execute("SELECT clock_timestamp()").fetchone()
                assert row is not None
                self.rows.append((departure, row[0]))


@dataclass
class Drill:
    """A server, and a Barman that follows it."""

    cluster: Cluster
    address: ClusterAddress
    folder: Path
    world: World
    programs: Path
    account: str

    def barman(self, *arguments: str) -> str:
        done = subprocess.run(
            [PROGRAMS / "barman", "-c", self.folder / "barman.conf", *arguments],
            capture_output=True, text=True, check=False, timeout=120,
            env=self.environment,
        )  # fmt: skip
        assert done.returncode == 0, done.stdout + done.stderr
        assert "Ignoring invalid" not in (self.folder / "barman.log").read_text(), "the shipped settings are understood"
        return done.stdout

    @property
    def environment(self) -> dict[str, str]:
        return {**os.environ, "PATH": f"{PROGRAMS}:{os.environ['PATH']}", "PGPASSFILE": str(self.folder / "pgpass")}

    @contextmanager
    def restored(self, moment: str) -> Iterator[tuple[str, float, str]]:
        """The shipped script brings the server back; yields the address, how long it took, what it said."""
        port, into = free_port(), self.folder / f"restored-{moment[:6]}"
        url = self.address.app_url.replace(f":{self.address.port}/", f":{port}/")
        check = f"KAMHUB_DATABASE_URL={url} KAMHUB_DATA_DIR={self.folder} {sys.executable} -m kamhub check"
        began = time.monotonic()
        done = subprocess.run(
            [SHIPPED / "restore-to.sh", "kamhub", moment, into],
            capture_output=True, text=True, check=False, timeout=180,
            env={
                **self.environment,
                "BARMAN_CONF": str(self.folder / "barman.conf"),
                "PG_BIN": str(self.programs),
                "RUN_AS": self.account,
                "PORT": str(port),
                "CHECK": check,
            },
        )  # fmt: skip
        try:
            assert done.returncode == 0, done.stdout + done.stderr
            owner = self.address.owner_url.replace(f":{self.address.port}/", f":{port}/")
            yield owner, time.monotonic() - began, done.stdout
        finally:
            pid = into / "postmaster.pid"
            if pid.exists():
                os.kill(int(pid.read_text().split()[0]), 3)  # SIGQUIT: at once
                wait_for(lambda: not pid.exists(), 30, "the restored server has ended")


def departures(url: str) -> set[UUID]:
    with psycopg.connect(url) as connection:
        return {row[0] for row in connection.execute("SELECT id FROM departures").fetchall()}


@pytest.fixture
def drill() -> Iterator[Drill]:
    folder = Path(tempfile.mkdtemp(prefix="kamhub-drill-"))
    folder.chmod(0o711)
    cluster = Cluster(folder / "data")
    try:
        address = cluster.start()
        migrate(address.owner_url)
        where = place(folder / "data", SYSTEM_DIR)
        account = where.account.name if where.account else getpass.getuser()
        programs = find_installation().runnable_by(where.account, SYSTEM_DIR).bin
        world = build_world(address.owner_url, KeyRing("a secret of the tests, long enough"), datetime.now(UTC))
        drill = Drill(cluster, address, folder, world, programs, account)
        with following(drill):
            yield drill
    finally:
        cluster.destroy()
        shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def following(drill: Drill) -> Iterator[None]:
    """Barman is set up as the runbook says, and follows the server."""
    passwords = [f"{name}='{PASSWORD}'" for name in ("barman_password", "streaming_password")]
    done = subprocess.run(
        [drill.programs / "psql", drill.address.owner_url, "-v", "ON_ERROR_STOP=1", "-v", passwords[0], "-v", passwords[1],
         "-f", SHIPPED / "primary.sql"],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    configure(drill)
    pgpass = drill.folder / "pgpass"
    pgpass.touch(0o600)
    pgpass.write_text(f"127.0.0.1:{drill.address.port}:*:barman:{PASSWORD}\n*:*:*:streaming_barman:{PASSWORD}\n")
    drill.barman("receive-wal", "--create-slot", "kamhub")
    receiving = subprocess.Popen(
        [PROGRAMS / "barman", "-c", drill.folder / "barman.conf", "receive-wal", "kamhub"],
        env=drill.environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    try:
        yield
    finally:
        receiving.terminate()
        receiving.wait()


def configure(drill: Drill) -> None:
    """The shipped files, with the addresses and folders of this machine."""
    main, server = (configparser.ConfigParser(interpolation=None) for _ in range(2))
    main.read(SHIPPED / "barman.conf")
    server.read(SHIPPED / "kamhub.conf")
    home = drill.folder / "barman"
    for folder in (home, drill.folder / "barman.d"):
        folder.mkdir()
    main["barman"].update(
        {
            "barman_user": getpass.getuser(),
            "barman_home": str(home),
            "configuration_files_directory": str(drill.folder / "barman.d"),
            "log_file": str(drill.folder / "barman.log"),
        }
    )
    host = f"host=127.0.0.1 port={drill.address.port}"
    server["kamhub"].update(
        {
            "conninfo": f"{host} user=barman dbname=postgres",
            "streaming_conninfo": f"{host} user=streaming_barman",
            "path_prefix": str(drill.programs),
            "immediate_checkpoint": "true",  # a production server takes its time
        }
    )
    with (drill.folder / "barman.conf").open("w") as file:
        main.write(file)
        server.write(file)


def test_back_to_the_second_before_and_back_from_nothing(drill: Drill) -> None:
    with psycopg.connect(drill.address.owner_url, autocommit=True) as connection:
        wait_for(lambda: is_followed(connection), 60, "Barman follows the server")
        # As `barman switch-wal --archive` does, without its long pauses: the first whole file shows that all is well.
        connection.execute("SELECT pg_switch_wal()")
        connection.execute("CREATE TABLE begins_the_next_file ()")
        streaming = drill.folder / "barman" / "kamhub" / "streaming"
        wait_for(lambda: {path.suffix for path in streaming.iterdir()} >= {"", ".partial"}, 60, "a whole file is there")
    drill.barman("archive-wal", "kamhub")
    drill.barman("backup", "kamhub")

    written = Written()
    writer = threading.Thread(target=written.write, args=(drill.world,))
    writer.start()
    wait_for(lambda: len(written.rows) > 20, 60, "people sell")
    with psycopg.connect(drill.address.owner_url, autocommit=True) as connection:
        # Somebody empties a table; people go on selling on what is left.
        before = connection.execute("SELECT clock_timestamp()").fetchone()
        assert before is not None
        moment: datetime = before[0]
        connection.execute("DELETE FROM departures")
        count = len(written.rows)
        wait_for(lambda: len(written.rows) > count + 5, 60, "people sell on")
        written.over.set()
        writer.join()
        behind = wait_for(lambda: caught_up(drill, connection), RPO, "everything committed is at Barman's")
        print(f"committed is kept after {behind:.2f} s")

    with drill.restored(moment.isoformat()) as (url, seconds, said):
        found = departures(url)
        assert written.ids(until=moment) <= found, "what was sold until that moment is there"
        assert len(found - written.ids(until=moment)) <= 1, (
            "and nothing of later, but what was being committed just then"
        )
        assert "recovery stopping before" in said
        print(f"back at that moment after {seconds:.1f} s")
        assert seconds < RTO

    left = departures(drill.address.owner_url)
    drill.cluster.kill()
    shutil.rmtree(cluster_path(drill.folder / "data"))
    with drill.restored("latest") as (url, seconds, _):
        assert departures(url) == left, "nothing that was committed is lost"
        assert seconds < RTO


def is_followed(connection: psycopg.Connection) -> bool:
    query = "SELECT EXISTS (SELECT FROM pg_stat_replication WHERE usename = 'streaming_barman' AND state = 'streaming')"
    row = connection.execute(query).fetchone()
    return bool(row and row[0])


def caught_up(drill: Drill, connection: psycopg.Connection) -> bool:
    """Whether Barman has every byte that the server has committed: it reports so only every ten seconds, so look."""
    row = connection.execute("SELECT * FROM pg_walfile_name_offset(pg_current_wal_flush_lsn())").fetchone()
    assert row is not None
    name, offset = row
    ours = cluster_path(drill.folder / "data") / "pg_wal" / name
    theirs = drill.folder / "barman" / "kamhub" / "streaming" / f"{name}.partial"
    return theirs.exists() and theirs.read_bytes()[:offset] == ours.read_bytes()[:offset]
