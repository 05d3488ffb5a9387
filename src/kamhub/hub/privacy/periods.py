"""How long the hub keeps what, in one table; and what it keeps, with the reason. With the platform's: every table there is."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta

from kamhub.hub.privacy import actions, store
from kamhub.platform.retention import periods as platform
from kamhub.platform.retention.types import Retention, Round


async def _keys(work: Round) -> int:
    async with work.database.system() as connection:
        return await store.prune(connection, store.OLD_KEYS, work.before, work.limit)


async def _recipients(work: Round) -> int:
    async with work.database.system() as connection:
        sent = await store.prune(connection, store.OLD_RECIPIENTS, work.before, work.limit)
        unsent = await store.prune(connection, store.OLD_UNSENT, work.before, work.limit)
    return sent + unsent


PERIODS: tuple[Retention, ...] = (
    *platform.PERIODS,
    Retention(
        table="idempotency_keys",
        removed="the row",
        after=timedelta(days=30),
        since="the call",
        why="nobody repeats a call that late",
        prune=_keys,
    ),
    Retention(
        table="messages",
        removed="the recipient's address; of a message never sent, the row",
        after=timedelta(days=365),
        since="writing it",
        why="that a message went out is asked about for a season",
        prune=_recipients,
    ),
    Retention(
        table="bookings",
        removed="contact, passengers, remarks and reasons the traveller wrote, the last digits of the card",
        after=timedelta(days=3 * 365),
        since="the departure",
        why="claims may be made for three years; the sums, dates and seats stay for the books",
        prune=actions.erase_old,
    ),
)

_NETWORK = "the operator's network and fleet; names no traveller"
_BOOKS = "the books: sums, dates and states without names"
_WITH_BOOKING = "emptied of the traveller together with its booking"
KEPT: Mapping[str, str] = {
    **platform.KEPT,
    "places": _NETWORK,
    "routes": _NETWORK,
    "route_stops": _NETWORK,
    "tariffs": _NETWORK,
    "tariff_prices": _NETWORK,
    "vehicles": _NETWORK,
    "departures": _NETWORK,
    "cancellation_policies": "terms that bookings were made under",
    "cancellation_tiers": "terms that bookings were made under",
    "booking_passengers": _WITH_BOOKING,
    "booking_events": _WITH_BOOKING,
    "consents": "the proof that a text was shown; holds a booking's id and no name",
    "payment_accounts": "the operator's own",
    "payment_orders": _WITH_BOOKING,
    "payments": _WITH_BOOKING,
    "payment_events": _BOOKS,
    "payment_notifications": _BOOKS,
    "refunds": _BOOKS,
    "cases": _WITH_BOOKING,
}
