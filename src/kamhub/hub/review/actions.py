"""Writing, reading and answering reviews."""

from __future__ import annotations

from dataclasses import replace
from uuid import UUID

from kamhub.hub.booking import store as bookings
from kamhub.hub.booking.actions import load as load_booking
from kamhub.hub.booking.tokens import BookingAccess
from kamhub.hub.booking.types import Booking, BookingNotFound
from kamhub.hub.review import rules, store
from kamhub.hub.review.types import OperatorNotFound, OwnReview, Review, Reviewed, ReviewNotFound, ReviewQuery
from kamhub.hub.services import Hub
from kamhub.kit.ids import new_id
from kamhub.platform.audit import actions as audit
from kamhub.platform.person.types import Staff
from kamhub.platform.web.schemas import is_slug
from kamhub.platform.web.versions import require_version


async def own(hub: Hub, access: BookingAccess) -> tuple[Booking, Review | None]:
    """The booking and what its traveller wrote of it. Raises ``BookingNotFound``."""
    booking = await load_booking(hub, access)
    async with hub.database.tenant(access.organisation_id) as connection:
        return booking, await store.of_booking(connection, access.organisation_id, access.booking_id)


async def write(hub: Hub, access: BookingAccess, rating: int, comment: str | None) -> Review:
    """Rate the trip, or change what was said; the operator's rating is counted anew with it.

    Raises ``BookingNotFound``, ``ReviewTooEarly``, ``ReviewNotYours``, ``ReviewClosed``.
    """
    now, organisation = hub.clock.now(), access.organisation_id
    booking = await load_booking(hub, access)
    async with hub.database.tenant(organisation) as connection:
        row = await bookings.load(connection, organisation, access.booking_id, lock=True)
        if row is None:
            raise BookingNotFound
        present = await store.of_booking(connection, organisation, access.booking_id)
        rules.require_may_write(replace(booking, status=row.status, contact=row.contact), present, now)
        author = rules.author_of(row.contact.name) if row.contact else ""
        at = now if present is None else present.created_at
        review = Review(present.id if present else new_id(), rating, comment, author, at, None, None)
        await store.put(connection, organisation, access.booking_id, review)
        await store.count_anew(connection, organisation)
    return review


async def reviews(
    hub: Hub, staff: Staff, query: ReviewQuery, *, offset: int, limit: int
) -> tuple[list[OwnReview], int]:
    """A page of the organisation's reviews, the newest first, and how many there are."""
    async with hub.database.tenant(staff.organisation_id) as connection:
        return await store.reviews(connection, staff.organisation_id, query, offset=offset, limit=limit)


async def review(hub: Hub, staff: Staff, review_id: UUID) -> OwnReview:
    """One review. Raises ``ReviewNotFound``."""
    async with hub.database.tenant(staff.organisation_id) as connection:
        found = await store.review(connection, staff.organisation_id, review_id)
    if found is None:
        raise ReviewNotFound
    return found


async def reply(
    hub: Hub, staff: Staff, review_id: UUID, text: str | None, asked: frozenset[str] | int | None
) -> OwnReview:
    """Answer a review for everybody to read; None takes the answer back. Raises ``ReviewNotFound``, ``VersionStale``."""
    organisation, now = staff.organisation_id, hub.clock.now()
    async with hub.database.tenant(organisation) as connection:
        found = await store.review(connection, organisation, review_id, lock=True)
        if found is None:
            raise ReviewNotFound
        require_version(asked, found.version)
        await store.set_reply(connection, organisation, review_id, text, staff.trail.actor_name, now)
        await audit.record(
            connection, organisation, staff.trail, "review.replied", "review", review_id, now,
            before={"reply": found.review.reply}, after={"reply": text},
        )  # fmt: skip
        changed = await store.review(connection, organisation, review_id)
    if changed is None:
        raise ReviewNotFound
    return changed


async def public(hub: Hub, slug: str, *, offset: int, limit: int) -> tuple[Reviewed, list[Review]]:
    """An operator and a page of what is said of it. Raises ``OperatorNotFound``."""
    if not is_slug(slug):  # the database takes no text with a zero in it
        raise OperatorNotFound
    async with hub.database.public() as connection:
        operator = await store.operator(connection, slug)
        if operator is None:
            raise OperatorNotFound
        return operator, await store.public_reviews(connection, operator.organisation_id, offset=offset, limit=limit)
