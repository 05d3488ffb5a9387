"""Reviews, and what can be refused to their writers."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from kamhub.kit.errors import Refusal
from kamhub.kit.text import Names, mark


@dataclass(frozen=True, slots=True)
class Review:
    """One review. ``author`` is a first name with an initial, empty when they were erased; ``rating`` is 1 to 5."""

    id: UUID
    rating: int
    comment: str | None
    author: str
    created_at: datetime
    reply: str | None
    replied_at: datetime | None


@dataclass(frozen=True, slots=True)
class OwnReview:
    """A review as its writer and the operator's people see it; ``replied_by`` is the name of who answered."""

    review: Review
    booking_id: UUID
    booking_code: str
    departs_at: datetime
    replied_by: str | None
    version: int


@dataclass(frozen=True, slots=True)
class ReviewQuery:
    """Which reviews; what is None does not narrow. ``answered`` says whether there is a reply."""

    rating: int | None = None
    answered: bool | None = None


@dataclass(frozen=True, slots=True)
class Reviewed:
    """Whom reviews speak of, with what they come to."""

    organisation_id: UUID
    slug: str
    name: Names
    rating: float | None
    review_count: int
    time_zone: str


class ReviewNotFound(Refusal):
    """A review of another organisation, or none at all."""

    code = "review_not_found"
    status = 404
    title = mark("There is no such review")


class OperatorNotFound(Refusal):
    """No operator has that name in its address."""

    code = "operator_not_found"
    status = 404
    title = mark("There is no such operator")


class ReviewTooEarly(Refusal):
    """A trip that is not over cannot be judged."""

    code = "review_too_early"
    status = 409
    title = mark("The trip can be rated once it is over")


class ReviewNotYours(Refusal):
    """Who did not travel, or travelled long ago, has nothing to rate."""

    code = "review_not_possible"
    status = 409
    title = mark("This trip cannot be rated")


class ReviewClosed(Refusal):
    """A review stands as it is after some days."""

    code = "review_closed"
    status = 409
    title = mark("The review cannot be changed any more")
