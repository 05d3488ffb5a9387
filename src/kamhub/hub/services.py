"""What the actions of the hub work with; made once a process and handed to every handler and job."""

from __future__ import annotations

from dataclasses import dataclass, field
from uuid import UUID

from kamhub.hub.booking.tokens import BookingTokens
from kamhub.hub.departure.views import DescribedStretch
from kamhub.hub.payment.client import CloudPaymentsClient
from kamhub.hub.price.types import PriceRule
from kamhub.hub.search.types import Place, SearchQuery, SearchResult
from kamhub.hub.seats.engine import SeatEngine
from kamhub.kit.cache import FreshCache
from kamhub.kit.clock import Clock
from kamhub.platform.crypto.keys import KeyRing
from kamhub.platform.database.pool import Database
from kamhub.platform.service_call.notes import CallNotes


@dataclass(frozen=True, slots=True)
class Hub:
    """The hub's services. ``public_url`` has no trailing slash; ``caps``: what one contact may keep unpaid is bounded."""

    database: Database
    engine: SeatEngine
    clock: Clock
    keys: KeyRing
    tokens: BookingTokens
    provider: CloudPaymentsClient
    calls: CallNotes
    public_url: str
    production: bool
    caps: bool = True
    stretches: FreshCache[tuple[UUID, int, int], DescribedStretch] = field(
        default_factory=lambda: FreshCache(seconds=10.0, size=20_000)
    )
    places: FreshCache[str, Place] = field(default_factory=lambda: FreshCache(seconds=10.0, size=5_000))
    searches: FreshCache[SearchQuery, SearchResult] = field(default_factory=FreshCache)
    # Of every tariff met in a search; they never change.
    price_rules: dict[UUID, tuple[PriceRule, ...]] = field(default_factory=dict)
