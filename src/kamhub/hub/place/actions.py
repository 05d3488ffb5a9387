"""Keeping places: adding, changing, archiving them and bringing them back; their photos."""

from __future__ import annotations

import asyncio
from concurrent.futures import ThreadPoolExecutor
from uuid import UUID

from kamhub.hub.place import photos, store
from kamhub.hub.place.types import (
    CatalogueReadOnly,
    KeptPlace,
    Photo,
    PhotoNotFound,
    PlaceChange,
    PlaceFacts,
    PlaceQuery,
    PlaceUnknown,
    SlugTaken,
)
from kamhub.hub.services import Hub
from kamhub.kit.ids import new_id
from kamhub.platform.audit import actions as audit
from kamhub.platform.database.pool import Connection
from kamhub.platform.person.types import Staff
from kamhub.platform.web.problems import BodyTooLarge
from kamhub.platform.web.versions import AskedVersion, require_version

# A photo takes much memory while it is made anew: one at a time in a process.
_darkroom = ThreadPoolExecutor(1, "darkroom")


async def places(
    hub: Hub, staff: Staff, query: PlaceQuery, *, offset: int = 0, limit: int = 200
) -> tuple[list[KeptPlace], int]:
    """A page of the places there are to use, own and shared, and how many there are."""
    async with hub.database.tenant(staff.organisation_id) as connection:
        return await store.places(connection, staff.organisation_id, query, offset=offset, limit=limit)


async def place(hub: Hub, staff: Staff, place_id: UUID) -> KeptPlace:
    """One of them. Raises ``PlaceUnknown``."""
    async with hub.database.tenant(staff.organisation_id) as connection:
        found = await store.find(connection, staff.organisation_id, place_id)
    if found is None:
        raise PlaceUnknown
    return found


async def own_place(hub: Hub, staff: Staff, place_id: UUID) -> KeptPlace:
    """One that the organisation may change. Raises ``PlaceUnknown``, ``CatalogueReadOnly``."""
    found = await place(hub, staff, place_id)
    if not found.own:
        raise CatalogueReadOnly
    return found


async def add(hub: Hub, staff: Staff, facts: PlaceFacts) -> KeptPlace:
    """Add a place. Raises ``SlugTaken``."""
    organisation, now, place_id = staff.organisation_id, hub.clock.now(), new_id()
    async with hub.database.tenant(organisation) as connection:
        await _require_free(connection, facts.slug)
        await store.insert(connection, organisation, place_id, facts, now)
        await audit.record(
            connection, organisation, staff.trail, "place.added", "place", place_id, now, after=facts.as_json()
        )
    return KeptPlace(place_id, organisation, facts, 1, now)


async def change(hub: Hub, staff: Staff, place_id: UUID, wanted: PlaceChange, asked: AskedVersion) -> KeptPlace:
    """Change a place; travellers see it within seconds.

    Raises ``PlaceUnknown``, ``CatalogueReadOnly``, ``VersionStale``, ``SlugTaken``.
    """
    organisation, now = staff.organisation_id, hub.clock.now()
    async with hub.database.tenant(organisation) as connection:
        present = await _lock(connection, organisation, place_id, asked)
        facts = wanted.facts(present.facts)
        archived_at = present.archived_at
        if wanted.archived is not None and wanted.archived is (archived_at is None):
            archived_at = now if wanted.archived else None
        if (facts, archived_at) == (present.facts, present.archived_at):
            return present
        if facts.slug != present.facts.slug:
            await _require_free(connection, facts.slug)
        await store.update(connection, organisation, place_id, facts, archived_at)
        await audit.record(
            connection,
            organisation,
            staff.trail,
            "place.changed",
            "place",
            place_id,
            now,
            before=present.facts.as_json() | {"archived": present.archived_at is not None},
            after=facts.as_json() | {"archived": archived_at is not None},
        )
    return KeptPlace(place_id, organisation, facts, present.version + 1, present.created_at, archived_at, present.photo)


async def archive(hub: Hub, staff: Staff, place_id: UUID, asked: AskedVersion) -> None:
    """Put a place away; its departures go on. One that no route stops at is removed for good.

    May be said twice of an archived one. Raises ``PlaceUnknown``, ``CatalogueReadOnly``, ``VersionStale``.
    """
    organisation, now = staff.organisation_id, hub.clock.now()
    async with hub.database.tenant(organisation) as connection:
        present = await _lock(connection, organisation, place_id, asked)
        if present.archived_at is not None:
            return
        if not await store.remove(connection, organisation, place_id):
            await store.update(connection, organisation, place_id, present.facts, now)
        await audit.record(
            connection,
            organisation,
            staff.trail,
            "place.archived",
            "place",
            place_id,
            now,
            before=present.facts.as_json(),
        )


async def save_photo(hub: Hub, staff: Staff, place_id: UUID, sent: bytes) -> Photo:
    """Keep a photo of a place, in place of the one there was.

    Raises ``PlaceUnknown``, ``CatalogueReadOnly``, ``BodyTooLarge``, and ``InputInvalid`` for what is no photo.
    """
    await own_place(hub, staff, place_id)
    if len(sent) > photos.MOST_BYTES:
        raise BodyTooLarge
    photo = await asyncio.get_running_loop().run_in_executor(_darkroom, photos.develop, sent)
    organisation, now = staff.organisation_id, hub.clock.now()
    async with hub.database.tenant(organisation) as connection:
        await _lock(connection, organisation, place_id, None)
        await store.save_photo(connection, organisation, place_id, photo, now)
        size = {"width": photo.width, "height": photo.height}
        await audit.record(
            connection, organisation, staff.trail, "place.photo_saved", "place", place_id, now, after=size
        )
    return photo


async def remove_photo(hub: Hub, staff: Staff, place_id: UUID) -> None:
    """Take the photo of a place away. Raises ``PlaceUnknown``, ``CatalogueReadOnly``, ``PhotoNotFound``."""
    organisation, now = staff.organisation_id, hub.clock.now()
    async with hub.database.tenant(organisation) as connection:
        await _lock(connection, organisation, place_id, None)
        if not await store.delete_photo(connection, organisation, place_id):
            raise PhotoNotFound
        await audit.record(connection, organisation, staff.trail, "place.photo_removed", "place", place_id, now)


async def public_photo(hub: Hub, place_id: UUID) -> Photo:
    """The photo of a place that travellers see. Raises ``PhotoNotFound``."""
    async with hub.database.public() as connection:
        found = await store.photo(connection, place_id)
    if found is None:
        raise PhotoNotFound
    return found


async def own_photo(hub: Hub, staff: Staff, place_id: UUID) -> Photo:
    """The photo of a place of one's own, also of one that no route stops at. Raises ``PhotoNotFound``."""
    async with hub.database.tenant(staff.organisation_id) as connection:
        found = await store.photo(connection, place_id)
    if found is None:
        raise PhotoNotFound
    return found


async def photo_address(hub: Hub, place_id: UUID) -> str | None:
    """Where the photo of a meeting point is shown to travellers; None without one. A new photo has a new address."""
    async with hub.database.public() as connection:
        digest = await store.photo_digest(connection, place_id)
    return None if digest is None else f"/places/{place_id}/photo.jpg?v={digest.hex()[:12]}"


async def _require_free(connection: Connection, slug: str) -> None:
    """A slug of the catalogue means the catalogue's place to everybody. Raises ``SlugTaken``."""
    if await store.in_catalogue(connection, slug):
        raise SlugTaken


async def _lock(connection: Connection, organisation_id: UUID, place_id: UUID, asked: AskedVersion) -> KeptPlace:
    present = await store.lock(connection, organisation_id, place_id)
    if present is None:
        if await store.find(connection, organisation_id, place_id) is not None:
            raise CatalogueReadOnly
        raise PlaceUnknown
    require_version(asked, present.version)
    return present
