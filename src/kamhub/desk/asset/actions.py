"""Taking assets in, changing, reading again and removing them."""

from __future__ import annotations

import random
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from uuid import UUID

from kamhub.desk.asset import files, rules, store
from kamhub.desk.asset.processing import enqueue_run, text_of
from kamhub.desk.asset.types import (
    INTERRUPTED,
    PROCESS,
    Asset,
    AssetChange,
    AssetNotFound,
    AssetNotRead,
    AssetQuery,
    FilesAway,
    NewFile,
    NewUrl,
)
from kamhub.desk.category import actions as categories
from kamhub.desk.extraction.types import Document
from kamhub.desk.knowledge import actions as knowledge
from kamhub.desk.services import Desk
from kamhub.kit.ids import new_id
from kamhub.platform.audit import actions as audit
from kamhub.platform.database.pool import Connection
from kamhub.platform.file.types import FileMissing, FilesUnavailable, Staged
from kamhub.platform.live import store as live
from kamhub.platform.live.types import Change
from kamhub.platform.person.types import Staff
from kamhub.platform.web.versions import AskedVersion, require_version

_AT_A_TIME = 200


async def assets(
    desk: Desk, staff: Staff, query: AssetQuery, *, offset: int = 0, limit: int = 50
) -> tuple[list[Asset], int]:
    """A page of the organisation's assets, the newest first, and how many there are."""
    async with desk.hub.database.tenant(staff.organisation_id) as connection:
        return await store.assets(connection, staff.organisation_id, query, offset=offset, limit=limit)


async def asset(desk: Desk, staff: Staff, asset_id: UUID) -> Asset:
    """One of them. Raises ``AssetNotFound``."""
    async with desk.hub.database.tenant(staff.organisation_id) as connection:
        found = await store.find(connection, staff.organisation_id, asset_id)
    if found is None:
        raise AssetNotFound
    return found


async def add_file(desk: Desk, staff: Staff, staged: Staged, file: NewFile) -> tuple[Asset, bool]:
    """Take a file in; False when the organisation has it already, which then stays as it is.

    Raises ``CategoryNotFound``, ``FilesAway``.
    """
    organisation, asset_id, now = staff.organisation_id, new_id(), desk.hub.clock.now()

    async def write(connection: Connection) -> tuple[Asset, bool]:
        made = await store.insert_file(
            connection, organisation, asset_id, file, staged.digest, staged.size, staff.trail.actor_name, now
        )
        if made:
            return await _begun(connection, desk, staff, asset_id), True
        await categories.require(connection, organisation, file.category_id)
        known = await store.by_digest(connection, organisation, staged.digest)
        if known is None:  # it was removed at this very moment
            raise AssetNotFound
        return known, False

    try:
        return await files.keep(desk, organisation, staged, write)
    except FilesUnavailable:
        raise FilesAway from None


async def add_url(desk: Desk, staff: Staff, new: NewUrl) -> tuple[Asset, bool]:
    """Take an address in; False when the organisation has it already. Raises ``CategoryNotFound``."""
    organisation, asset_id, now = staff.organisation_id, new_id(), desk.hub.clock.now()
    async with desk.hub.database.tenant(organisation) as connection:
        if await store.insert_url(connection, organisation, asset_id, new, staff.trail.actor_name, now):
            return await _begun(connection, desk, staff, asset_id), True
        await categories.require(connection, organisation, new.category_id)
        known = await store.by_url(connection, organisation, new.url)
    if known is None:  # it was removed at this very moment
        raise AssetNotFound
    return known, False


async def _begun(connection: Connection, desk: Desk, staff: Staff, asset_id: UUID) -> Asset:
    """The asset that was just written, with its first run in the queue."""
    made = await _found(connection, staff.organisation_id, asset_id)
    await enqueue_run(connection, staff.organisation_id, asset_id, made.run)
    await _record(connection, desk, staff, "asset.added", made, after=made.facts)
    return made


async def change(desk: Desk, staff: Staff, asset_id: UUID, wanted: AssetChange, asked: AskedVersion = None) -> Asset:
    """Change name, category, or how often it is read again; its chunks follow.

    A page asks for the ``facts_version`` it was made from, a program for the ``version``. Raises ``AssetNotFound``, ``CategoryNotFound``, ``VersionStale``.
    """
    organisation, now = staff.organisation_id, desk.hub.clock.now()
    async with desk.hub.database.tenant(organisation) as connection:
        before = await _locked(connection, organisation, asset_id)
        require_version(asked, before.facts_version if isinstance(asked, int) else before.version)
        fields = dict(wanted.fields)
        if before.kind != "url":
            fields.pop("reread_hours", None)
        if "reread_hours" in fields and before.status in {"completed", "failed"}:
            hours = fields["reread_hours"]
            chance = random.random()  # noqa: S311 - not a secret
            fields["reread_at"] = rules.next_reading(now, hours if isinstance(hours, int) else None, chance)
        await store.change(connection, organisation, asset_id, fields, now)
        after = await _found(connection, organisation, asset_id)
        await knowledge.describe(connection, organisation, after.source)
        await _record(connection, desk, staff, "asset.changed", after, before=before.facts, after=after.facts)
    return after


async def retry(desk: Desk, staff: Staff, asset_id: UUID) -> Asset:
    """Read it again from the beginning, whether it failed or not; what is under way goes on. Raises ``AssetNotFound``."""
    organisation = staff.organisation_id
    async with desk.hub.database.tenant(organisation) as connection:
        found = await _locked(connection, organisation, asset_id)
        if found.status in {"pending", "processing"} and await store.has_job(connection, asset_id):
            return found
        await _begin(connection, desk, organisation, found, read_again=True)
        after = await _found(connection, organisation, asset_id)
        await _record(connection, desk, staff, "asset.retried", after, after={"name": after.name})
    return after


async def remove(desk: Desk, staff: Staff, asset_id: UUID) -> None:
    """Remove an asset with everything that is known from it, also while it is worked on. Raises ``AssetNotFound``."""
    organisation = staff.organisation_id
    async with desk.hub.database.tenant(organisation) as connection:
        found = await _locked(connection, organisation, asset_id)
        await store.delete(connection, organisation, asset_id)
        await files.forget_later(connection, organisation, found.digest, found.text_digest)
        await _record(connection, desk, staff, "asset.removed", found, before=found.facts)


@asynccontextmanager
async def opened(desk: Desk, staff: Staff, asset_id: UUID) -> AsyncIterator[tuple[Asset, Path]]:
    """The file of an asset, to be read until the block ends. Raises ``AssetNotFound``, ``AssetNotRead``, ``FilesAway``."""
    found = await asset(desk, staff, asset_id)
    if found.digest is None:
        raise AssetNotRead
    try:
        async with desk.files.opened(staff.organisation_id, found.digest) as path:
            yield found, path
    except FileMissing:
        raise AssetNotRead from None
    except FilesUnavailable:
        raise FilesAway from None


async def text(desk: Desk, staff: Staff, asset_id: UUID) -> Document:
    """What was read from it. Raises ``AssetNotFound``, ``AssetNotRead``, ``FilesAway``."""
    found = await asset(desk, staff, asset_id)
    try:
        return await text_of(desk, staff.organisation_id, found)
    except FileMissing:
        raise AssetNotRead from None
    except FilesUnavailable:
        raise FilesAway from None


async def look_after(desk: Desk) -> int:
    """Begin the readings that are due, and say of runs whose job has failed for good that they did; returns how many began."""
    now, begun = desk.hub.clock.now(), 0
    async with desk.hub.database.system() as connection:
        for organisation, asset_id, run in await store.given_up(connection, PROCESS.name):
            await store.fail(connection, organisation, asset_id, run, now, error=INTERRUPTED, facts={}, reread_at=None)
            await live.tell(connection, organisation, Change("asset", asset_id))
        for organisation, asset_id in await store.due(connection, now, _AT_A_TIME):
            found = await store.find(connection, organisation, asset_id)
            if found is not None:
                await _begin(connection, desk, organisation, found, read_again=False)
                begun += 1
    return begun


async def _begin(connection: Connection, desk: Desk, organisation_id: UUID, found: Asset, *, read_again: bool) -> None:
    """The next run of a locked asset, from its beginning."""
    stage = rules.first_stage(found.kind)
    run = await store.begin_run(
        connection, organisation_id, found.id, desk.hub.clock.now(), stage=stage, read_again=read_again
    )
    if read_again:
        await files.forget_later(connection, organisation_id, found.text_digest)
    await enqueue_run(connection, organisation_id, found.id, run)
    await live.tell(connection, organisation_id, Change("asset", found.id))


async def _locked(connection: Connection, organisation_id: UUID, asset_id: UUID) -> Asset:
    found = await store.lock(connection, organisation_id, asset_id)
    if found is None:
        raise AssetNotFound
    return found


async def _found(connection: Connection, organisation_id: UUID, asset_id: UUID) -> Asset:
    found = await store.find(connection, organisation_id, asset_id)
    if found is None:
        raise AssetNotFound
    return found


async def _record(
    connection: Connection,
    desk: Desk,
    staff: Staff,
    action: str,
    found: Asset,
    *,
    before: dict[str, object] | None = None,
    after: dict[str, object] | None = None,
) -> None:
    now = desk.hub.clock.now()
    await audit.record(
        connection, staff.organisation_id, staff.trail, action, "asset", found.id, now, before=before, after=after
    )
    await live.tell(connection, staff.organisation_id, Change("asset", found.id))
