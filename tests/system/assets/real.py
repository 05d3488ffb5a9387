"""The worker with the real reader, cutter, models and graph: killed at any moment, and watched for what it keeps in memory."""

from __future__ import annotations

import asyncio
import itertools
import random
import shutil
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

import psutil
import psycopg

from eval.corpus import documents
from kamhub.app.desk import make_desk
from kamhub.app.wiring import open_hub
from kamhub.desk.asset import actions
from kamhub.desk.asset.types import NewFile
from kamhub.desk.extraction.actions import read
from kamhub.desk.knowledge.rules import pieces_of
from kamhub.platform.audit.types import Trail
from kamhub.platform.person.types import Staff
from kamhub.platform.settings import Settings
from tests.builders import build_world
from tests.system.assets.run import CHECKS, KEYS, WATCH, AssetKills, Worker, left, running, wait_for
from tests.system.jobs.run import database

AIMED = ("read", "embed", "link")
# These stay what they are with empty lines, or a remark, at their end: one file makes many that differ.
_KINDS = {".md": "\n", ".txt": "\n", ".csv": "\n", ".html": "<!-- -->\n", ".pdf": "\n%"}
_LONGEST_PAUSE = 1.5  # seconds before a kill that is not aimed
_BACKLOG = 3
_MOST_AT_ONCE = 10
_WITHIN = 240.0

REAL_CHECKS = {
    **{name: query for name, query in CHECKS.items() if name != "chunks missing or twice"},
    "words missing or twice": """
      SELECT c.asset_id FROM chunks c LEFT JOIN chunk_words w ON w.chunk_id = c.id GROUP BY c.asset_id, c.id
      HAVING count(w.chunk_id) <> 1""",
    "not in the graph": """
      SELECT a.id FROM assets a WHERE NOT EXISTS (
        SELECT FROM chunks c JOIN graph_mentions m ON m.chunk_id = c.id WHERE c.asset_id = a.id)""",
}


@dataclass(slots=True)
class Memory:
    """Megabytes that a worker holds after every tenth document; ``documents`` are those it has read."""

    documents: int = 0
    seconds: float = 0.0
    after: list[tuple[int, int]] = field(default_factory=list)

    def growth(self, warm: int) -> int:
        """From the first look after so many documents to the last one."""
        held = [megabytes for read, megabytes in self.after if read >= warm]
        return held[-1] - held[0]

    def line(self) -> str:
        """For people to read."""
        told = ", ".join(f"{megabytes} after {read}" for read, megabytes in self.after)
        return f"{self.documents} documents in {self.seconds:.0f} s; MB held: {told}"


class _House:
    """A database with an operator, a worker, and documents for it that are all different."""

    def __init__(self, root: Path, url: str, owner_url: str) -> None:
        world = build_world(owner_url, KEYS, datetime.now(UTC))
        self.staff = Staff(world.main.id, frozenset({"knowledge.write"}), Trail("system", None, "test"))
        self.worker = Worker(url, root, root / "worker.log", "real")
        self.added = 0
        self._url = url
        self._root = root
        files = [file for file in documents() if file.suffix in _KINDS]
        self._files = itertools.cycle(files)

    def add(self, count: int) -> None:
        """So many documents are taken in."""
        asyncio.run(self._add(count))

    async def _add(self, count: int) -> None:
        async with open_hub(Settings(), self._url, KEYS, application="office", public_url="http://hub.test") as hub:
            desk = make_desk(Settings(), hub, self._root)
            for _ in range(count):
                file = next(self._files)
                self.added += 1
                content = file.read_bytes() + _KINDS[file.suffix].encode() * self.added
                async with desk.files.staging(50_000_000) as staging:
                    await staging.add(content)
                    await actions.add_file(desk, self.staff, await staging.finish(), NewFile(file.name, None, None))


@contextmanager
def _house() -> Iterator[tuple[_House, psycopg.Connection]]:
    root = Path(tempfile.mkdtemp(prefix="kamhub-assets-")).resolve()
    root.chmod(0o711)
    try:
        with database(root / "data") as cluster:
            house = _House(root, cluster.address.app_url, cluster.address.owner_url)
            with psycopg.connect(cluster.address.owner_url, autocommit=True) as watching:
                house.worker.start()
                try:
                    yield house, watching
                finally:
                    house.worker.kill()
    finally:
        shutil.rmtree(root, ignore_errors=True)


def kill(kills: int, seed: int = 1) -> AssetKills:
    """Kill the worker so often, in turn at a stage and at any moment; then everything must be as if nobody had."""
    found, began, chance = AssetKills(), time.monotonic(), random.Random(seed)
    with _house() as (house, watching):
        watching.execute(WATCH)
        for number in range(kills):
            aimed = AIMED[number // 2 % len(AIMED)] if number % 2 == 0 else None
            if not wait_for(partial(_busy, house, watching, aimed), _WITHIN):
                found.faults.setdefault("stuck", []).append(f"nothing came to {aimed or 'work'}")
                break
            if aimed is None:
                # There is nothing to wait for: the moment of the kill is to be one that nobody chose.
                time.sleep(chance.uniform(0, _LONGEST_PAUSE))
            stages = running(watching)
            house.worker.kill()
            found.kills[stages[0] if stages else "between"] += 1
            house.worker.start()
        wait_for(lambda: left(watching) == 0, _WITHIN)
        found.assets = house.added
        for name, query in REAL_CHECKS.items():
            found.faults[name] = [str(row[0]) for row in watching.execute(query.encode()).fetchall()]
        found.faults["not as read without a kill"] = different(watching)
    found.seconds = time.monotonic() - began
    return found


def _busy(house: _House, connection: psycopg.Connection, stage: str | None) -> bool:
    """Whether something is worked on, in that stage if one is named; sees to it that there is always something to read."""
    if left(connection) < _BACKLOG:
        house.add(_BACKLOG)
    stages = running(connection)
    return stage in stages if stage else bool(stages)


def different(connection: psycopg.Connection) -> list[str]:
    """Assets whose chunks are not those of their file."""
    kept: dict[str, list[tuple[int, bytes]]] = {}
    for asset, name, ordinal, digest in connection.execute(
        "SELECT a.id, a.name, c.ordinal, c.digest FROM assets a JOIN chunks c ON c.asset_id = a.id ORDER BY a.id, c.ordinal"
    ):
        kept.setdefault(f"{asset} {name}", []).append((ordinal, bytes(digest)))
    wanted = {
        file.name: list(enumerate(piece.digest for piece in pieces_of(asyncio.run(read(file, file.name)), file.name)))
        for file in documents()
        if file.suffix in _KINDS
    }
    return [named for named, chunks in kept.items() if chunks != wanted[named.partition(" ")[2]]]


def remember(count: int) -> Memory:
    """Have one worker read so many documents, and look at what it holds after every ten."""
    found, began = Memory(), time.monotonic()
    with _house() as (house, watching):
        while found.documents < count:
            house.add(_MOST_AT_ONCE)
            assert wait_for(lambda: left(watching) == 0, _WITHIN), "nothing is read any more"
            found.documents = house.added
            held = psutil.Process(house.worker.pid).memory_info().rss
            found.after.append((found.documents, held // 1024**2))
        ended = Counter(row[0] for row in watching.execute("SELECT status FROM assets").fetchall())
        assert ended == {"completed": house.added}, ended
    found.seconds = time.monotonic() - began
    return found
