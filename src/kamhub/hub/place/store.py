"""SQL of places and their photos. In the tenant scope unless said otherwise."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from psycopg.errors import ForeignKeyViolation, UniqueViolation

from kamhub.hub.place.types import CATALOGUE, KeptPlace, Photo, PlaceFacts, PlaceQuery, SlugTaken
from kamhub.kit.text import Names
from kamhub.platform.database.pool import Connection

SLUG_KEY = "places_slug_key"
_PLACE = """
SELECT p.id, p.organisation_id, p.slug, p.name_ru, p.name_en, p.latitude, p.longitude, p.meeting_point_ru, p.meeting_point_en,
  p.time_zone, p.version, p.created_at, p.archived_at, EXISTS (
    SELECT FROM place_photos f WHERE f.organisation_id = p.organisation_id AND f.place_id = p.id)
FROM places p"""
_WORDS = "replace(lower(p.name_ru || ' ' || p.name_en || ' ' || replace(p.slug, '-', ' ')), 'ё', 'е')"
_WANTED = f"""
WHERE p.organisation_id = ANY (%(owners)s) AND (%(archived)s OR p.archived_at IS NULL)
  AND (%(text)s::text IS NULL OR position(%(text)s IN {_WORDS}) > 0
    OR word_similarity(%(text)s, {_WORDS}) >= 0.45)"""
_COLUMNS = "slug, name_ru, name_en, latitude, longitude, meeting_point_ru, meeting_point_en, time_zone"


async def places(
    connection: Connection, organisation_id: UUID, query: PlaceQuery, *, offset: int, limit: int
) -> tuple[list[KeptPlace], int]:
    """A page of the places there are to use, own ones first, the archived ones last, and how many there are."""
    wanted = {
        "owners": [organisation_id] if query.own else [organisation_id, CATALOGUE],
        "archived": query.archived,
        "text": query.text.lower().replace("ё", "е") if query.text else None,
        "catalogue": CATALOGUE,
        "offset": offset,
        "limit": limit,
    }
    order = "p.archived_at IS NOT NULL, p.organisation_id = %(catalogue)s, p.name_ru, p.id"
    rows = await connection.execute(
        f"{_PLACE} {_WANTED} ORDER BY {order} OFFSET %(offset)s LIMIT %(limit)s".encode(), wanted
    )
    found = [_place(row) for row in await rows.fetchall()]
    row = await (await connection.execute(f"SELECT count(*) FROM places p {_WANTED}".encode(), wanted)).fetchone()
    return found, row[0] if row else 0


async def find(connection: Connection, organisation_id: UUID, place_id: UUID) -> KeptPlace | None:
    """One of them, own or of the catalogue."""
    rows = await connection.execute(
        f"{_PLACE} WHERE p.organisation_id = ANY (%s) AND p.id = %s".encode(), ([organisation_id, CATALOGUE], place_id)
    )
    row = await rows.fetchone()
    return _place(row) if row else None


async def lock(connection: Connection, organisation_id: UUID, place_id: UUID) -> KeptPlace | None:
    """One of the organisation's own, locked."""
    rows = await connection.execute(
        f"{_PLACE} WHERE p.organisation_id = %s AND p.id = %s FOR UPDATE OF p".encode(), (organisation_id, place_id)
    )
    row = await rows.fetchone()
    return _place(row) if row else None


async def in_catalogue(connection: Connection, slug: str) -> bool:
    """Whether the catalogue has a place with that slug."""
    rows = await connection.execute(
        "SELECT 1 FROM places WHERE organisation_id = %s AND slug = %s AND archived_at IS NULL", (CATALOGUE, slug)
    )
    return await rows.fetchone() is not None


async def insert(
    connection: Connection, organisation_id: UUID, place_id: UUID, facts: PlaceFacts, now: datetime
) -> None:
    """Add a place. Raises ``SlugTaken``."""
    try:
        await connection.execute(
            f"INSERT INTO places (organisation_id, id, {_COLUMNS}, created_at) "
            "VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s)".encode(),
            (organisation_id, place_id, *_values(facts), now),
        )
    except UniqueViolation as error:
        _refuse(error)


async def update(
    connection: Connection, organisation_id: UUID, place_id: UUID, facts: PlaceFacts, archived_at: datetime | None
) -> None:
    """Write a changed place as its next version. Raises ``SlugTaken``."""
    try:
        await connection.execute(
            f"UPDATE places SET ({_COLUMNS}, archived_at) = (%s, %s, %s, %s, %s, %s, %s, %s, %s), version = version + 1 "
            "WHERE organisation_id = %s AND id = %s".encode(),
            (*_values(facts), archived_at, organisation_id, place_id),
        )
    except UniqueViolation as error:
        _refuse(error)


async def remove(connection: Connection, organisation_id: UUID, place_id: UUID) -> bool:
    """Delete a place with its photo when nothing refers to it; False, with nothing done, when something does."""
    try:
        async with connection.transaction():
            await delete_photo(connection, organisation_id, place_id)
            await connection.execute(
                "DELETE FROM places WHERE organisation_id = %s AND id = %s", (organisation_id, place_id)
            )
    except ForeignKeyViolation:
        return False
    return True


async def save_photo(
    connection: Connection, organisation_id: UUID, place_id: UUID, photo: Photo, now: datetime
) -> None:
    """Write the photo of a place in place of the one there was."""
    await connection.execute(
        "INSERT INTO place_photos (organisation_id, place_id, content, digest, width, height, changed_at) "
        "VALUES (%s, %s, %s, %s, %s, %s, %s) ON CONFLICT (organisation_id, place_id) DO UPDATE SET "
        "content = excluded.content, digest = excluded.digest, width = excluded.width, height = excluded.height, "
        "changed_at = excluded.changed_at",
        (organisation_id, place_id, photo.content, photo.digest, photo.width, photo.height, now),
    )


async def delete_photo(connection: Connection, organisation_id: UUID, place_id: UUID) -> bool:
    """Take the photo away; False when there was none."""
    done = await connection.execute(
        "DELETE FROM place_photos WHERE organisation_id = %s AND place_id = %s", (organisation_id, place_id)
    )
    return done.rowcount > 0


async def photo(connection: Connection, place_id: UUID) -> Photo | None:
    """The photo of a place that the scope sees: of the public catalogue, or of the tenant's own."""
    rows = await connection.execute(
        "SELECT content, digest, width, height FROM place_photos WHERE place_id = %s LIMIT 1", (place_id,), binary=True
    )
    row = await rows.fetchone()
    return Photo(*row) if row else None


async def photo_digest(connection: Connection, place_id: UUID) -> bytes | None:
    """By what the photo of that place is told from the one before; None without one."""
    rows = await connection.execute("SELECT digest FROM place_photos WHERE place_id = %s LIMIT 1", (place_id,))
    row = await rows.fetchone()
    return row[0] if row else None


def _refuse(error: UniqueViolation) -> None:
    if error.diag.constraint_name == SLUG_KEY:
        raise SlugTaken from None
    raise error


def _values(facts: PlaceFacts) -> tuple[object, ...]:
    meeting = facts.meeting_point
    return (
        facts.slug,
        facts.name.ru,
        facts.name.en,
        facts.latitude,
        facts.longitude,
        meeting.ru if meeting else None,
        meeting.en if meeting else None,
        facts.time_zone,
    )


def _place(row: Sequence[Any]) -> KeptPlace:
    place_id, organisation_id, slug, name_ru, name_en, latitude, longitude, meeting_ru, meeting_en, zone, *rest = row
    version, created_at, archived_at, has_photo = rest
    meeting = Names(meeting_ru, meeting_en or meeting_ru) if meeting_ru else None
    facts = PlaceFacts(slug, Names(name_ru, name_en), latitude, longitude, meeting, zone)
    return KeptPlace(place_id, organisation_id, facts, version, created_at, archived_at, has_photo)
