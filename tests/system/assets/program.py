"""A worker that reads assets slowly enough to be killed at every stage: ``python -m tests.system.assets.program URL FOLDER MODE``.

Files, database, queue and fetching are real; reading, cutting and embedding are the stand-ins of the tests, with pauses, unless the mode
is "real".
"""

from __future__ import annotations

import asyncio
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from kamhub.app.desk import make_desk
from kamhub.app.wiring import open_hub
from kamhub.desk.asset import processing
from kamhub.desk.asset.jobs import JOBS
from kamhub.desk.extraction.types import Document
from kamhub.desk.knowledge.types import Piece
from kamhub.desk.services import Desk
from kamhub.hub.services import Hub
from kamhub.platform.crypto.keys import KeyRing
from kamhub.platform.file.folder import FolderFiles
from kamhub.platform.job.registry import Registry
from kamhub.platform.job.worker import JobWorker
from kamhub.platform.outbound.guarded import GuardedFetcher
from kamhub.platform.settings import Settings
from tests.desk.asset.support import Context, Reading
from tests.platform.outbound.pages import LOOPBACK
from tests.system.jobs.fleet import QUICK

PAUSE = 0.12  # seconds in every stage, and before every batch of vectors


class SlowReading(Reading):
    """Pauses in every stage."""

    def cut(self, document: Document, title: str) -> Sequence[Piece]:
        """A piece a paragraph, after a while."""
        time.sleep(PAUSE)
        return super().cut(document, title)


async def _pause(stage: str) -> None:
    await asyncio.sleep(PAUSE)


def _with_stand_ins(hub: Hub, folder: Path) -> Desk:
    processing.SAY_EVERY = 0.0
    reading = SlowReading(_pause)
    return Desk(
        hub=hub,
        files=FolderFiles(folder),
        fetcher=GuardedFetcher(policy=LOOPBACK),
        read=reading.read,
        cut=reading.cut,
        embed=reading.embed,
        link=reading.link,
    )


async def main(url: str, folder: Path, mode: str) -> None:
    """Work until killed."""
    keys = KeyRing("a secret of the tests, long enough to be one")
    async with open_hub(Settings(), url, keys, application="kill-assets", public_url="http://hub.test") as hub:
        desk = make_desk(Settings(), hub, folder) if mode == "real" else _with_stand_ins(hub, folder)
        await JobWorker(hub.database, Registry(JOBS), Context(desk), timings=QUICK).run()


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], Path(sys.argv[2]), sys.argv[3]))
