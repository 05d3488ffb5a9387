"""SQL of reviews."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from kamhub.hub.review.types import OwnReview, Review, Reviewed, ReviewQuery
from kamhub.kit.text import Names
from kamhub.platform.database.pool import Connection

MOST_COUNTED = 10_000
_REVIEW = "r.id, r.rating, r.comment, r.author, r.created_at, r.reply, r.replied_at"
_WIDTH = 7
_OWN = f"""SELECT {_REVIEW}, r.booking_id, b.code, d.departs_at, r.replied_by, r.version
  FROM {{reviews}} r JOIN bookings b ON b.organisation_id = r.organisation_id AND b.id = r.booking_id
  JOIN departures d ON d.organisation_id = b.organisation_id AND d.id = b.departure_id"""


def _own(row: Sequence[Any]) -> OwnReview:
    return OwnReview(Review(*row[:_WIDTH]), *row[_WIDTH:])


async def of_booking(connection: Connection, organisation_id: UUID, booking_id: UUID) -> Review | None:
    """The review of a booking."""
    cursor = await connection.execute(
        f"SELECT {_REVIEW} FROM reviews r WHERE r.organisation_id = %s AND r.booking_id = %s".encode(),
        (organisation_id, booking_id),
    )
    row = await cursor.fetchone()
    return Review(*row) if row else None


async def put(connection: Connection, organisation_id: UUID, booking_id: UUID, review: Review) -> None:
    """Write a review, or the writer's change of it; the reply stays."""
    await connection.execute(
        """INSERT INTO reviews (organisation_id, id, booking_id, rating, comment, author, created_at)
           VALUES (%s, %s, %s, %s, %s, %s, %s)
           ON CONFLICT ON CONSTRAINT reviews_booking_once DO UPDATE
           SET rating = excluded.rating, comment = excluded.comment, author = excluded.author, version = reviews.version + 1""",
        (
            organisation_id,
            review.id,
            booking_id,
            review.rating,
            review.comment,
            review.author,
            review.created_at,
        ),
    )


async def count_anew(connection: Connection, organisation_id: UUID) -> None:
    """Write what the reviews come to. The organisation is locked first: of two at a time the second counts the first."""
    await connection.execute("SELECT FROM organisations WHERE id = %s FOR NO KEY UPDATE", (organisation_id,))
    await connection.execute(
        """UPDATE organisations o SET rating = coalesce(told.rating, o.rating), review_count = told.count
           FROM (SELECT round(avg(rating), 2) AS rating, count(*) AS count FROM reviews WHERE organisation_id = %s) AS told
           WHERE o.id = %s""",
        (organisation_id, organisation_id),
    )


async def reviews(
    connection: Connection, organisation_id: UUID, query: ReviewQuery, *, offset: int, limit: int
) -> tuple[list[OwnReview], int]:
    """A page of those reviews, the newest first, and how many there are (at most ``MOST_COUNTED``)."""
    conditions, values = ["r.organisation_id = %s"], [organisation_id]
    parameters: list[Any] = list(values)
    if query.rating is not None:
        conditions.append("r.rating = %s")
        parameters.append(query.rating)
    if query.answered is not None:
        conditions.append("r.reply IS NOT NULL" if query.answered else "r.reply IS NULL")
    where = " AND ".join(conditions)
    rows = await connection.execute(
        # First the page, then what is beside its rows: not beside all those before it.
        f"WITH page AS (SELECT r.* FROM reviews r WHERE {where} ORDER BY r.created_at DESC, r.id DESC OFFSET %s LIMIT %s) "
        f"{_OWN.format(reviews='page')} ORDER BY r.created_at DESC, r.id DESC".encode(),
        (*parameters, offset, limit),
        prepare=False,  # the best plan depends on what is asked for
    )
    found = [_own(row) for row in await rows.fetchall()]
    counted = await connection.execute(
        f"SELECT count(*) FROM (SELECT FROM reviews r WHERE {where} LIMIT %s) AS bounded".encode(),
        (*parameters, MOST_COUNTED),
        prepare=False,
    )
    row = await counted.fetchone()
    return found, row[0] if row else 0


async def review(
    connection: Connection, organisation_id: UUID, review_id: UUID, *, lock: bool = False
) -> OwnReview | None:
    """One of them, locked when asked."""
    query = f"{_OWN.format(reviews='reviews')} WHERE r.organisation_id = %s AND r.id = %s" + (
        " FOR NO KEY UPDATE OF r" if lock else ""
    )
    row = await (await connection.execute(query.encode(), (organisation_id, review_id))).fetchone()
    return _own(row) if row else None


async def set_reply(
    connection: Connection, organisation_id: UUID, review_id: UUID, reply: str | None, by: str, at: datetime
) -> None:
    """Write the operator's answer, or take it back."""
    await connection.execute(
        """UPDATE reviews SET reply = %s::text, replied_at = CASE WHEN %s::text IS NOT NULL THEN %s::timestamptz END,
             replied_by = CASE WHEN %s::text IS NOT NULL THEN %s::text END, version = version + 1
           WHERE organisation_id = %s AND id = %s""",
        (reply, reply, at, reply, by, organisation_id, review_id),
    )


async def operator(connection: Connection, slug: str) -> Reviewed | None:
    """The operator of that name in the catalogue."""
    cursor = await connection.execute(
        "SELECT id, slug, name_ru, name_en, rating, review_count, time_zone FROM organisations WHERE slug = %s", (slug,)
    )
    row = await cursor.fetchone()
    if row is None:
        return None
    return Reviewed(row[0], row[1], Names(row[2], row[3]), None if row[4] is None else float(row[4]), *row[5:])


async def public_reviews(connection: Connection, organisation_id: UUID, *, offset: int, limit: int) -> list[Review]:
    """A page of an operator's reviews, the newest first, as anybody may read them."""
    cursor = await connection.execute(
        f"SELECT {_REVIEW} FROM reviews r WHERE r.organisation_id = %s "
        "ORDER BY r.created_at DESC, r.id DESC OFFSET %s LIMIT %s".encode(),
        (organisation_id, offset, limit),
    )
    return [Review(*row) for row in await cursor.fetchall()]
