"""Reviews as JSON of the HTTP contract."""

from __future__ import annotations

from kamhub.hub.review.types import OwnReview

REVIEW_COLUMNS = ("id", "created_at", "booking", "departs_at", "rating", "comment", "author", "reply", "replied_at")


def review_json(own: OwnReview) -> dict[str, object]:
    """A review as the operator's people see it."""
    review = own.review
    return {
        "id": review.id,
        "booking_id": own.booking_id,
        "booking_code": own.booking_code,
        "departs_at": own.departs_at,
        "rating": review.rating,
        "comment": review.comment,
        "author": review.author,
        "created_at": review.created_at,
        "reply": review.reply,
        "replied_at": review.replied_at,
        "replied_by": own.replied_by,
        "version": own.version,
    }


def review_cells(own: OwnReview) -> tuple[object, ...]:
    """The same for a spreadsheet, in the order of ``REVIEW_COLUMNS``."""
    review = own.review
    replied = review.replied_at.isoformat() if review.replied_at else None
    return (
        review.id, review.created_at.isoformat(), own.booking_code, own.departs_at.isoformat(), review.rating,
        review.comment, review.author, review.reply, replied,
    )  # fmt: skip
