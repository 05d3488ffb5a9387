"""One run of a job, as the job sees it."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Generic, TypeVar
from uuid import UUID

from kamhub.platform.database.pool import Connection, Database
from kamhub.platform.job.rules import plain_text
from kamhub.platform.job.store import work
from kamhub.platform.job.store.work import Claim
from kamhub.platform.job.types import DONE, Done, Job, RunOutdated

Services = TypeVar("Services", covariant=True)

_PROGRESS_EVERY = 1.0  # seconds between two words on progress that are written down

# Writes the mark of "done" in the caller's transaction; ``Run.finish`` is one.
Mark = Callable[[Connection], Awaitable[object]]
SayProgress = Callable[[Claim, Mapping[str, Any]], Awaitable[None]]


@dataclass(slots=True)
class Run(Generic[Services]):
    """What a job works with.

    ``context`` are the services of the program, ``id`` is the job's, ``attempt`` is 1 for the first run. Every
    transaction of ``transaction()`` acts as the job's organisation and sees nothing of the others; a job of the
    installation acts as the system.
    """

    context: Services
    database: Database
    job: Job[Any]
    id: UUID
    organisation_id: UUID | None
    request_id: str | None
    attempt: int
    claim: Claim
    started: datetime
    failures: int
    kills: int
    outages: int
    queue: str
    name: str
    say: SayProgress
    finished: bool = False
    _said_at: float = field(default=float("-inf"))

    @property
    def organisation(self) -> UUID:
        """The organisation of a tenant job. Raises ``LookupError`` in a job of the installation."""
        if self.organisation_id is None:
            raise LookupError(f"{self.name} belongs to no organisation")
        return self.organisation_id

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[Connection]:
        """One transaction in the scope of the job, committed when the block ends well."""
        if self.organisation_id is not None:
            async with self.database.tenant(self.organisation_id) as connection:
                yield connection
        else:
            async with self.database.system() as connection:
                yield connection

    async def finish(self, connection: Connection) -> Done:
        """Mark the job as done in the transaction of its effect: the effect happens once, however often the job is run.

        Raises ``RunOutdated`` when the job was taken up by another worker meanwhile: let it pass, so that the effect is
        rolled back.
        """
        if not await work.finish(connection, self.claim, self.started, self.job.kept):
            raise RunOutdated(f"{self.name} was taken up by another worker")
        self.finished = True
        return DONE

    async def others_wait(self) -> bool:
        """Whether jobs of the same queue, anybody's, wait for a free hand: a long run may let them go before."""
        async with self.database.system() as connection:
            return await work.others_wait(connection, self.queue)

    async def progress(self, done: int, total: int, note: str = "") -> None:
        """Tell how far it is; seen by people, at most once a second. ``note`` is masked."""
        if time.monotonic() - self._said_at < _PROGRESS_EVERY and done < total:
            return
        self._said_at = time.monotonic()
        await self.say(self.claim, {"done": done, "total": total, "note": plain_text(note)})
