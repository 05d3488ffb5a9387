"""The run: documents come in, the worker is killed at a stage of one, again and again; then everything is looked at."""

from __future__ import annotations

import asyncio
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import psycopg

from kamhub.app.wiring import open_hub
from kamhub.desk.asset import actions
from kamhub.desk.asset.types import NewFile, NewUrl
from kamhub.desk.services import Desk
from kamhub.platform.audit.types import Trail
from kamhub.platform.crypto.keys import KeyRing
from kamhub.platform.embedded.cluster import Cluster
from kamhub.platform.file.folder import FolderFiles
from kamhub.platform.outbound.guarded import GuardedFetcher
from kamhub.platform.person.types import Staff
from kamhub.platform.settings import Settings
from tests.builders import build_world
from tests.desk.asset.support import Reading
from tests.system.assets.program import PAUSE
from tests.system.jobs.run import database

STAGES = ("fetch", "read", "cut", "embed")
LINES = 7
KEYS = KeyRing("a secret of the tests, long enough to be one")
_ROOT = Path(__file__).parents[3]
# A job that has ended five workers is given up: none is hit so often.
_MOST_OF_ONE = 3
_BACKLOG = 3
_WITHIN = 60.0

WATCH = """
CREATE TABLE seen (id bigserial PRIMARY KEY, asset uuid, run int, status text, stage text, progress int);
CREATE FUNCTION see() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER AS $$ BEGIN
  INSERT INTO seen (asset, run, status, stage, progress) VALUES (NEW.id, NEW.run, NEW.status, NEW.stage, NEW.progress);
  RETURN NULL;
END $$;
CREATE TRIGGER see AFTER INSERT OR UPDATE ON assets FOR EACH ROW EXECUTE FUNCTION see();
"""
CHECKS: Mapping[str, str] = {
    "not completed": "SELECT id FROM assets WHERE status <> 'completed' OR progress <> 100 OR run <> 1",
    "dead letter": "SELECT id FROM dead_jobs",
    "chunks missing or twice": f"""
      SELECT a.id FROM assets a LEFT JOIN chunks c ON c.asset_id = a.id GROUP BY a.id, a.chunk_count
      HAVING count(c.id) <> {LINES} OR count(DISTINCT c.text) <> {LINES} OR a.chunk_count <> {LINES}
      OR min(c.ordinal) <> 0 OR max(c.ordinal) <> {LINES - 1}""",
    "vectors missing or twice": """
      SELECT c.asset_id FROM chunks c LEFT JOIN chunk_vectors v ON v.chunk_id = c.id GROUP BY c.asset_id, c.id
      HAVING count(v.model) <> 1""",
    "progress went back": """
      SELECT asset FROM (SELECT asset, progress, lag(progress) OVER (PARTITION BY asset, run ORDER BY id) AS before FROM seen) s
      WHERE progress < before""",
    "done before it was": "SELECT asset FROM seen WHERE (progress = 100) <> (status = 'completed')",
    "failed on the way": "SELECT asset FROM seen WHERE status = 'failed'",
}


@dataclass(slots=True)
class AssetKills:
    """``kills`` by the stage in which the worker was; ``faults`` by the name of the check."""

    kills: Counter[str] = field(default_factory=Counter)
    assets: int = 0
    seconds: float = 0.0
    faults: dict[str, list[str]] = field(default_factory=dict)

    @property
    def broken(self) -> list[str]:
        """Every fault as a line."""
        return [f"{name}: {fault}" for name, found in self.faults.items() for fault in found]

    def line(self) -> str:
        """For people to read."""
        at = ", ".join(f"{count} at {stage}" for stage, count in sorted(self.kills.items()))
        return f"{self.kills.total()} kills ({at}) under {self.assets} documents in {self.seconds:.0f} s: {len(self.broken)} faults"


class _Pages(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        """A page of its own for every path, after a while."""
        time.sleep(PAUSE)
        body = _text(self.path).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        with suppress(BrokenPipeError, ConnectionResetError):  # whoever asked was killed
            self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        """Nobody reads it."""


def _text(name: str) -> str:
    return "\n".join(f"{name} line {number}" for number in range(LINES))


@contextmanager
def _site() -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Pages)
    Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}"
    finally:
        server.shutdown()


class Worker:
    """A worker process that is started again when it was killed."""

    def __init__(self, url: str, folder: Path, log: Path, mode: str = "stand-ins") -> None:
        self._argv = [sys.executable, "-m", "tests.system.assets.program", url, str(folder), mode]
        self._log = log
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def pid(self) -> int:
        """Of the process that is there."""
        assert self._process is not None
        return self._process.pid

    def start(self) -> None:
        """Another process."""
        with self._log.open("ab") as log:
            env = os.environ | {"NO_COLOR": "1"}
            self._process = subprocess.Popen(self._argv, stdout=log, stderr=log, cwd=_ROOT, env=env)

    def kill(self) -> None:
        """kill -9."""
        if self._process is not None:
            assert self._process.poll() is None, f"the worker ended by itself: {self._log.read_text()[-3000:]}"
            self._process.kill()
            self._process.wait()


def run(folder: Path, cluster: Cluster, kills: int) -> AssetKills:
    """Kill a worker so often, at every stage in turn; then wait until all is read, and look at everything."""
    url, owner_url = cluster.address.app_url, cluster.address.owner_url
    world = build_world(owner_url, KEYS, datetime.now(UTC))
    staff = Staff(world.main.id, frozenset({"knowledge.write"}), Trail("system", None, "test"))
    found, began = AssetKills(), time.monotonic()

    def more() -> None:
        asyncio.run(_add(url, folder / "assets", staff, site, found.assets))
        found.assets += 2

    worker = Worker(url, folder / "assets", folder / "worker.log")
    with psycopg.connect(owner_url, autocommit=True) as watching, _site() as site:
        watching.execute(WATCH)
        worker.start()
        try:
            for number in range(kills):
                stage = STAGES[number % len(STAGES)]
                if not wait_for(partial(_comes_to, stage, watching, more)):
                    found.faults.setdefault("stuck", []).append(f"nothing came to {stage}")
                    break
                worker.kill()
                found.kills[stage] += 1
                worker.start()
            wait_for(lambda: left(watching) == 0)
        finally:
            worker.kill()
        found.faults |= {
            name: [str(row[0]) for row in watching.execute(query.encode()).fetchall()] for name, query in CHECKS.items()
        }
    found.seconds = time.monotonic() - began
    return found


def _comes_to(stage: str, connection: psycopg.Connection, more: Callable[[], None]) -> bool:
    """Whether a run is in that stage; sees to it that there is always something to read."""
    if left(connection) < _BACKLOG:
        more()
    return stage in running(connection)


def running(connection: psycopg.Connection) -> Sequence[str]:
    """The stages of what is being worked on at this moment; none while a job runs that must not be hit again."""
    rows = connection.execute(
        "SELECT a.stage, coalesce((j.args ->> 'kills')::int, 0) FROM procrastinate_jobs j JOIN assets a "
        "ON j.lock = 'asset:' || a.id WHERE j.status = 'doing' AND a.status = 'processing' "
        "AND j.worker_id = (SELECT max(worker_id) FROM procrastinate_jobs WHERE status = 'doing')"
    ).fetchall()
    return [] if any(kills >= _MOST_OF_ONE for _, kills in rows) else [str(row[0]) for row in rows]


def left(connection: psycopg.Connection) -> int:
    """How many documents are not read yet."""
    row = connection.execute("SELECT count(*) FROM assets WHERE status IN ('pending', 'processing')").fetchone()
    return int(row[0]) if row else 0


def wait_for(done: Callable[[], bool], seconds: float = _WITHIN) -> bool:
    """Whether it came true in time."""
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        if done():
            return True
        time.sleep(0.01)
    return False


async def _add(url: str, folder: Path, staff: Staff, site: str, number: int) -> None:
    """A file and an address."""
    reading = Reading()
    async with open_hub(Settings(), url, KEYS, application="kill-assets-office", public_url="http://hub.test") as hub:
        desk = Desk(hub, FolderFiles(folder), GuardedFetcher(), reading.read, reading.cut, reading.embed, reading.link)
        async with desk.files.staging(10_000) as staging:
            await staging.add(_text(f"file {number}").encode())
            await actions.add_file(desk, staff, await staging.finish(), NewFile(f"{number}.txt", "text/plain", None))
        await actions.add_url(desk, staff, NewUrl(f"{site}/{number}", None, None, None))


def alone(kills: int) -> AssetKills:
    """The run in a folder of its own, which is gone afterwards."""
    root = Path(tempfile.mkdtemp(prefix="kamhub-assets-")).resolve()
    root.chmod(0o711)
    try:
        with database(root / "data") as cluster:
            return run(root, cluster, kills)
    finally:
        shutil.rmtree(root, ignore_errors=True)
