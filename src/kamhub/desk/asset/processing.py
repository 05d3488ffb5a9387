"""One run of an asset, from its file or address to chunks with vectors.

Every stage ends in a transaction that says so, and begins from what is kept: a run that was killed goes on where it was. Each
of these transactions asks whether the asset is still in this run; a run that is outdated ends without a word.
"""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import Mapping
from typing import Any
from uuid import UUID

import structlog

from kamhub.desk.asset import files, rules, store
from kamhub.desk.asset.texts import packed, unpacked
from kamhub.desk.asset.types import FILE_MISSING, INTERRUPTED, MOST_BYTES, PROCESS, Asset, Stage
from kamhub.desk.embedding.types import EmbedderUnavailable
from kamhub.desk.extraction.types import Document, Unreadable
from kamhub.desk.knowledge import actions as knowledge
from kamhub.desk.services import Desk
from kamhub.platform.database.errors import DatabaseUnavailable
from kamhub.platform.database.pool import Connection
from kamhub.platform.file.types import FileMissing, FilesUnavailable, FileTooLarge, Staged
from kamhub.platform.job.queue import enqueue
from kamhub.platform.job.run import Run
from kamhub.platform.job.types import DONE, Outcome, RunOutdated, TryAgain
from kamhub.platform.live import store as live
from kamhub.platform.live.types import Change
from kamhub.platform.outbound.guarded import Fetched, FetchRefused, Known

_log = structlog.get_logger("kamhub.asset")

# Seconds between two words about how far a run is.
SAY_EVERY = 1.0
# Seconds after which a run lets others go before, if any wait: a document of thousands of pieces keeps no short one waiting.
TURN = 5.0
# Of the text of a document with its places, packed.
_MOST_TEXT = 200_000_000
_MODIFIED = "modified:"


class _Outdated(Exception):
    """The asset is gone, or in another run."""


class _OthersWait(Exception):
    """It has had its turn."""


async def enqueue_run(connection: Connection, organisation_id: UUID, asset_id: UUID, run: int) -> None:
    """A run of an asset waits for a worker; those of one asset go one after another."""
    await enqueue(
        connection,
        PROCESS,
        organisation_id=organisation_id,
        lock=store.lock_name(asset_id),
        asset_id=str(asset_id),
        run_number=run,
    )


async def process(desk: Desk, run: Run[Any], asset_id: UUID, number: int) -> Outcome:
    """Run number ``number`` of an asset, to its end or as far as it goes today."""
    work = _Processing(desk, run, asset_id, number)
    try:
        return await work.go()
    except _Outdated:
        return DONE
    except _OthersWait:
        return await work.go_behind()
    except (DatabaseUnavailable, RunOutdated):
        raise
    except Exception as error:  # noqa: BLE001 - told to people, or raised again
        return await _ended(work, run.attempt, error)


async def _ended(work: _Processing, attempt: int, error: Exception) -> Outcome:
    """What becomes of a run that an error has ended."""
    match error:
        case Unreadable():
            return await work.fail(error.reason, error.facts)
        case FetchRefused() if not error.again or attempt >= rules.MOST_FETCHES:
            return await work.fail(error.reason, error.facts)
        case FileMissing():
            return await work.fail(FILE_MISSING, {})
        case FetchRefused() | EmbedderUnavailable() | FilesUnavailable() if attempt < rules.MOST_WAITS:
            return work.wait(error.reason if isinstance(error, FetchRefused) else type(error).__name__)
    return await work.end(error)


class _Processing:
    def __init__(self, desk: Desk, run: Run[Any], asset_id: UUID, number: int) -> None:
        self._desk = desk
        self._run = run
        self._organisation = run.organisation
        self._id = asset_id
        self._number = number
        self._said_at = float("-inf")
        self._began = time.monotonic()
        self._came = 0

    async def go(self) -> Outcome:
        asset = await self._take_up()
        if asset.stage == "fetch":
            asset = await self._fetch(asset)
        document = None
        if asset.stage == "read":
            asset, document = await self._read(asset)
        if asset.stage == "cut":
            asset = await self._cut(asset, document)
        if asset.stage == "embed":
            self._came = asset.progress
            await self._desk.embed(self._desk.hub.database, self._organisation, asset.source, self._say_embedded)
            asset = await self._advance("link", rules.BEGINS["link"], {})
        if asset.stage == "link":
            await self._let_others_go()
            await self._desk.link(self._organisation, asset.source)
        return await self._complete(asset)

    async def _take_up(self) -> Asset:
        async with self._run.transaction() as connection:
            now = self._desk.hub.clock.now()
            asset = await store.take_up(connection, self._organisation, self._id, self._number, now)
            return await self._told(connection, asset)

    async def _fetch(self, asset: Asset) -> Asset:
        known = _known(asset) if asset.digest and asset.text_digest else None
        async with (
            self._desk.fetcher.fetch(asset.url or "", known) as found,
            self._desk.files.staging(MOST_BYTES) as staging,
        ):
            if not found.changed:
                return await self._unchanged(found)
            try:
                async for part in found.parts:
                    await staging.add(part)
            except FileTooLarge:
                raise FetchRefused("url_too_large", {"bytes": MOST_BYTES}) from None
            staged = await staging.finish()
            return await self._fetched(asset, found, staged)

    async def _unchanged(self, found: Fetched) -> Asset:
        # The text is cut again: the run before may have ended before that, and what is the same stays as it is.
        fields = {"read_at": self._desk.hub.clock.now(), "etag": _version(found.known)}
        return await self._advance("cut", rules.BEGINS["cut"], fields)

    async def _fetched(self, asset: Asset, found: Fetched, staged: Staged) -> Asset:
        if staged.digest == asset.digest and asset.text_digest:
            return await self._unchanged(found)
        fields = {
            "digest": staged.digest,
            "text_digest": None,
            "size": staged.size,
            "media_type": found.media_type,
            "etag": _version(found.known),
            "read_at": self._desk.hub.clock.now(),
        }

        async def write(connection: Connection) -> Asset:
            advanced = await self._advance_on(connection, "read", rules.BEGINS["read"], fields)
            old = asset.digest if asset.digest != staged.digest else None
            await files.forget_later(connection, self._organisation, old, asset.text_digest)
            return advanced

        return await files.keep(self._desk, self._organisation, staged, write)

    async def _read(self, asset: Asset) -> tuple[Asset, Document | None]:
        if asset.text_digest is not None:
            return await self._advance("cut", rules.BEGINS["cut"], {}), None
        if asset.digest is None:
            raise FileMissing(str(asset.id))
        async with self._desk.files.opened(self._organisation, asset.digest) as path:
            document = await self._desk.read(path, asset.url or asset.name, asset.media_type)
        fields: dict[str, object] = {
            "media_type": document.media_type,
            "language": document.language,
            "pages": document.pages,
        }
        if asset.url and asset.name == asset.url[:300] and document.title:
            fields["name"] = document.title[:300]
        async with self._desk.files.staging(_MOST_TEXT) as staging:
            await staging.add(await asyncio.to_thread(packed, document))
            staged = await staging.finish()

            async def write(connection: Connection) -> Asset:
                with_text = {**fields, "text_digest": staged.digest}
                return await self._advance_on(connection, "cut", rules.BEGINS["cut"], with_text)

            return await files.keep(self._desk, self._organisation, staged, write), document

    async def _cut(self, asset: Asset, document: Document | None) -> Asset:
        if document is None:
            document = await text_of(self._desk, self._organisation, asset)
        pieces = await asyncio.to_thread(self._desk.cut, document, asset.name)
        if not pieces:
            raise Unreadable("no_text")
        async with self._run.transaction() as connection:
            fields = {"chunk_count": len(pieces)}
            # Locks the asset, and gives its name and category as they are now.
            asset = await self._advance_on(connection, "embed", rules.BEGINS["embed"], fields)
            replaced = await knowledge.replace(connection, self._organisation, asset.source, pieces)
        _log.info("asset cut", kept=replaced.kept, added=replaced.added, removed=replaced.removed)
        return asset

    async def _say_embedded(self, done: int, total: int) -> None:
        if time.monotonic() - self._said_at < SAY_EVERY:
            return
        self._said_at = time.monotonic()
        await self._advance("embed", rules.percent("embed", done, total, since=self._came), {})
        if done < total:
            await self._let_others_go()

    async def _let_others_go(self) -> None:
        if time.monotonic() - self._began >= TURN and await self._run.others_wait():
            raise _OthersWait

    async def go_behind(self) -> Outcome:
        """The rest is a job of its own, behind those that wait: what is kept is not made again."""
        async with self._run.transaction() as connection:
            await enqueue_run(connection, self._organisation, self._id, self._number)
            return await self._run.finish(connection)

    async def _complete(self, asset: Asset) -> Outcome:
        now = self._desk.hub.clock.now()
        again = rules.next_reading(now, asset.reread_hours, random.random())  # noqa: S311 - not a secret
        async with self._run.transaction() as connection:
            if not await store.complete(connection, self._organisation, self._id, self._number, now, again):
                raise _Outdated
            await live.tell(connection, self._organisation, Change("asset", self._id))
            return await self._run.finish(connection)

    async def fail(self, error: str, facts: Mapping[str, str | int]) -> Outcome:
        """It cannot be done: people are told why. For the queue that is an end like any other."""
        async with self._run.transaction() as connection:
            await self._fail_on(connection, error, facts)
            return await self._run.finish(connection)

    async def end(self, error: Exception) -> Outcome:
        """Nobody expected that. The last time it happens people are told; raises it for the queue to decide."""
        async with self._run.transaction() as connection:
            asset = await store.find(connection, self._organisation, self._id)
            if asset is None or asset.run != self._number:
                return DONE  # whatever it was, it came of working on what is not there any more
            if self._run.failures + 1 >= self._run.job.retry.attempts:
                await self._fail_on(connection, INTERRUPTED, {})
        raise error

    async def _fail_on(self, connection: Connection, error: str, facts: Mapping[str, str | int]) -> None:
        now = self._desk.hub.clock.now()
        asset = await store.find(connection, self._organisation, self._id)
        hours = asset.reread_hours if asset else None
        again = rules.next_reading(now, hours, random.random())  # noqa: S311 - not a secret
        await store.fail(
            connection, self._organisation, self._id, self._number, now, error=error, facts=facts, reread_at=again
        )
        await live.tell(connection, self._organisation, Change("asset", self._id))

    def wait(self, because: str) -> TryAgain:
        """What it needs is away; the asset stays in its stage."""
        return TryAgain(rules.next_try(self._desk.hub.clock.now(), self._run.attempt), because)

    async def _advance(self, stage: Stage, progress: int, fields: Mapping[str, object]) -> Asset:
        async with self._run.transaction() as connection:
            return await self._advance_on(connection, stage, progress, fields)

    async def _advance_on(
        self, connection: Connection, stage: Stage, progress: int, fields: Mapping[str, object]
    ) -> Asset:
        now = self._desk.hub.clock.now()
        asset = await store.advance(
            connection, self._organisation, self._id, self._number, now, stage=stage, progress=progress, fields=fields
        )
        return await self._told(connection, asset)

    async def _told(self, connection: Connection, asset: Asset | None) -> Asset:
        if asset is None:
            raise _Outdated
        await live.tell(connection, self._organisation, Change("asset", self._id))
        return asset


async def text_of(desk: Desk, organisation_id: UUID, asset: Asset) -> Document:
    """The text of an asset as it is kept. Raises ``FileMissing``, ``FilesUnavailable``."""
    if asset.text_digest is None:
        raise FileMissing(str(asset.id))
    async with desk.files.opened(organisation_id, asset.text_digest) as path:
        return await asyncio.to_thread(lambda: unpacked(path.read_bytes()))


def _known(asset: Asset) -> Known | None:
    if asset.etag is None:
        return None
    if asset.etag.startswith(_MODIFIED):
        return Known(last_modified=asset.etag.removeprefix(_MODIFIED))
    return Known(etag=asset.etag)


def _version(known: Known) -> str | None:
    """The best there is to ask for changes with."""
    if known.etag:
        return known.etag[:300]
    return _MODIFIED + known.last_modified[:100] if known.last_modified else None
