"""Background work of assets."""

from __future__ import annotations

from datetime import timedelta
from typing import Protocol
from uuid import UUID

from kamhub.desk.asset import actions, files, processing
from kamhub.desk.asset.types import FORGET_FILE, LOOK_AFTER, PROCESS
from kamhub.desk.services import Desk
from kamhub.platform.job.run import Run
from kamhub.platform.job.types import DONE, Job, Outcome, Retry


class AssetContext(Protocol):
    """What a worker hands to these jobs."""

    @property
    def desk(self) -> Desk:
        """The services of the desk."""
        ...


async def process(run: Run[AssetContext], *, asset_id: str, run_number: int) -> Outcome:
    """One run of an asset."""
    return await processing.process(run.context.desk, run, UUID(asset_id), run_number)


async def forget_file(run: Run[AssetContext], *, digest: str) -> Outcome:
    """Remove a file that nothing needs."""
    await files.forget(run.context.desk, run.organisation, bytes.fromhex(digest))
    return DONE


async def look_after(run: Run[AssetContext]) -> Outcome:
    """Begin what is due, and tell of what has failed unseen."""
    await actions.look_after(run.context.desk)
    return DONE


JOBS: tuple[Job[AssetContext], ...] = (
    # What is away is waited for without counting; these attempts are for what nobody has thought of.
    Job(
        PROCESS,
        run=process,
        timeout=timedelta(hours=1),
        retry=Retry(attempts=4, first=timedelta(seconds=2), longest=timedelta(minutes=1)),
        kept=timedelta(days=30),
    ),
    Job(FORGET_FILE, run=forget_file, timeout=timedelta(minutes=2), retry=Retry(attempts=20), kept=timedelta(days=7)),
    Job(LOOK_AFTER, run=look_after, timeout=timedelta(minutes=2), retry=Retry(attempts=1), kept=timedelta(hours=6)),
)
