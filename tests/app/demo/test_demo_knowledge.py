"""The documents of the demo: the same for the same day, read as any other."""

from __future__ import annotations

from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from kamhub.app.demo.data import demo_id, write_demo
from kamhub.app.demo.knowledge import DOCUMENTS, FOLDER, DocumentSeed, write_knowledge
from kamhub.app.demo.timetable import MAIN, SECOND
from kamhub.desk.extraction.actions import read
from kamhub.platform.crypto.keys import KeyRing
from kamhub.platform.file.folder import FolderFiles
from tests.builders import World

DAY = date(2026, 11, 24)


async def test_a_second_run_changes_nothing(database_owner_url: str, keys: KeyRing, data_dir: Path) -> None:
    world = World(database_owner_url, datetime(2026, 11, 24, tzinfo=UTC))
    write_demo(database_owner_url, keys, "вулкан-и-море-9", today=DAY)
    files = FolderFiles(data_dir / "assets")
    assert await write_knowledge(database_owner_url, files, today=DAY) == len(DOCUMENTS)
    before = world.rows("SELECT * FROM assets ORDER BY id")
    assert await write_knowledge(database_owner_url, files, today=DAY) == 0
    assert world.rows("SELECT * FROM assets ORDER BY id") == before
    counted = {row[0]: row[1] for row in world.rows("SELECT organisation_id, count(*) FROM assets GROUP BY 1")}
    assert counted == {demo_id(MAIN): 6, demo_id(SECOND): 1}
    assert world.rows("SELECT count(*) FROM procrastinate_jobs WHERE task_name = 'asset.process'") == [
        (len(DOCUMENTS),)
    ]
    for organisation, digest in world.rows("SELECT organisation_id, digest FROM assets"):
        assert await files.has(organisation, digest)  # type: ignore[arg-type]


@pytest.mark.parametrize("seed", DOCUMENTS, ids=[seed.file for seed in DOCUMENTS])
async def test_each_can_be_read(seed: DocumentSeed) -> None:
    document = await read(FOLDER / seed.file, seed.name, seed.media_type)
    assert document.blocks
    assert document.language == ("en" if seed.name.isascii() else "ru")


def test_there_are_documents_in_both_languages() -> None:
    languages = {seed.name.isascii() for seed in DOCUMENTS if seed.organisation == MAIN}
    assert languages == {True, False}
