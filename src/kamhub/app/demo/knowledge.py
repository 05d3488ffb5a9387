"""What the demo's operators have written down: a few short documents, taken in as if they had been uploaded.

They are read by the worker once it runs, as any other: the demo does not wait for it.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import psycopg

from kamhub.app.demo.data import ZONE, demo_id
from kamhub.app.demo.timetable import MAIN, SECOND
from kamhub.desk.asset.store import lock_name
from kamhub.desk.asset.types import MOST_BYTES, PROCESS
from kamhub.platform.database.pool import Connection
from kamhub.platform.file.port import FileStore
from kamhub.platform.file.types import Staged
from kamhub.platform.job.queue import enqueue

FOLDER = Path(__file__).parent / "documents"
RULES, PRICES = "Правила поездки", "Цены"


@dataclass(frozen=True, slots=True)
class DocumentSeed:
    """A document of the demo: whose it is, its file, what its owner calls it, where it is filed."""

    organisation: str
    file: str
    name: str
    media_type: str
    category: str | None = None


DOCUMENTS = (
    DocumentSeed(MAIN, "luggage.md", "Багаж.md", "text/markdown", RULES),
    DocumentSeed(MAIN, "children.txt", "Дети в поездке.txt", "text/plain", RULES),
    DocumentSeed(MAIN, "cancellation.md", "Отмена и возврат.md", "text/markdown", RULES),
    DocumentSeed(MAIN, "weather.md", "Weather and the road.md", "text/markdown", RULES),
    DocumentSeed(MAIN, "meeting-points.html", "Meeting points.html", "text/html"),
    DocumentSeed(MAIN, "extras.csv", "Цены дополнительных услуг.csv", "text/csv", PRICES),
    DocumentSeed(SECOND, "volcano-tour.md", "Памятка.md", "text/markdown"),
)


async def write_knowledge(url: str, files: FileStore, *, today: date) -> int:
    """Take in the documents that are not there yet; returns how many. ``url`` is that of the schema's owner.

    Raises ``FilesUnavailable``.
    """
    made = 0
    async with await psycopg.AsyncConnection.connect(url, application_name="kamhub-demo") as connection:
        await _categories(connection, today)
        for seed in DOCUMENTS:
            organisation = demo_id(seed.organisation)
            async with files.staging(MOST_BYTES) as staging:
                await staging.add((FOLDER / seed.file).read_bytes())
                staged = await staging.finish()
                await files.keep(organisation, staged)
                made += await _document(connection, seed, staged, today)
    return made


async def _categories(connection: Connection, today: date) -> None:
    for order, name in enumerate((RULES, PRICES)):
        await connection.execute(
            "INSERT INTO knowledge_categories (organisation_id, id, name, sort_order, created_at) "
            "VALUES (%s, %s, %s, %s, %s) ON CONFLICT DO NOTHING",
            (demo_id(MAIN), demo_id(MAIN, "category", name), name, order, _at(today)),
        )


async def _document(connection: Connection, seed: DocumentSeed, staged: Staged, today: date) -> int:
    """A document and the job that reads it; 0 when it is there already."""
    organisation, asset = demo_id(seed.organisation), demo_id(seed.organisation, "asset", seed.file)
    done = await connection.execute(
        "INSERT INTO assets (organisation_id, id, kind, name, category_id, media_type, size, digest, status, created_at, "
        "created_by, changed_at) SELECT %s, %s, 'file', %s, (SELECT id FROM knowledge_categories "
        "WHERE organisation_id = %s AND id = %s), %s, %s, %s, 'pending', %s, %s, %s ON CONFLICT DO NOTHING",
        (
            organisation,
            asset,
            seed.name,
            organisation,
            demo_id(seed.organisation, "category", seed.category) if seed.category else None,
            seed.media_type,
            staged.size,
            staged.digest,
            _at(today),
            "Ольга Вершинина",
            _at(today),
        ),
    )
    if done.rowcount:
        lock = lock_name(asset)
        await enqueue(connection, PROCESS, organisation_id=organisation, lock=lock, asset_id=str(asset), run_number=1)
    return done.rowcount


def _at(today: date) -> datetime:
    # The day before: nothing was done in the hours that are still to come.
    return datetime.combine(today - timedelta(days=1), time(8), ZoneInfo(ZONE))
