"""Travellers as the law sees them, and what is held of them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal
from uuid import UUID

from kamhub.hub.booking.types import BookingStatus
from kamhub.kit.errors import Refusal
from kamhub.kit.text import mark

# Ready for JSON.
Document = Mapping[str, Any]
ErasureReason = Literal["request", "consent_withdrawn", "not_needed"]


@dataclass(frozen=True, slots=True)
class Traveller:
    """Somebody by what they left: an e-mail in lower case, a phone as E.164; either one finds them."""

    email: str | None = field(repr=False)
    phone: str | None = field(repr=False)


@dataclass(frozen=True, slots=True)
class PersonalData:
    """Everything one organisation holds of a traveller. ``messages`` are those of bookings that are somebody else's now,
    ``waiting`` where they wait for a seat."""

    bookings: tuple[Document, ...]
    messages: tuple[Document, ...]
    waiting: tuple[Document, ...] = ()

    def counts(self) -> dict[str, int]:
        """How much there is of what."""
        parts = {"passengers": "passenger_list", "messages": "messages", "consents": "consents", "payments": "payments"}
        inside = {name: sum(len(booking[key]) for booking in self.bookings) for name, key in parts.items()}
        inside["messages"] += len(self.messages)
        return {"bookings": len(self.bookings), **inside}


@dataclass(frozen=True, slots=True)
class BookingState:
    """What decides whether the traveller may be removed from a booking."""

    id: UUID
    code: str
    status: BookingStatus
    expires_at: datetime | None
    departs_at: datetime
    payable: bool
    money_moves: bool


@dataclass(frozen=True, slots=True)
class Erased:
    """What was removed."""

    bookings: tuple[UUID, ...]
    passengers: int
    messages: int

    def counts(self) -> dict[str, int]:
        """How much there was of what."""
        return {"bookings": len(self.bookings), "passengers": self.passengers, "messages": self.messages}


class BookingUpcoming(Refusal):
    """A traveller cannot be removed who is still to travel, or whose money moves."""

    code = "booking_upcoming"
    status = 409
    title = mark("Some bookings are still to be travelled, or their money is on its way; cancel them or wait")

    def __init__(self, codes: list[str]) -> None:
        super().__init__(extra={"bookings": codes})
        self.codes = codes
