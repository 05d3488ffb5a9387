"""How long the hub keeps what, in one table; and what it keeps, with the reason. With the platform's: every table there is."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta

from kamhub.hub.privacy import actions, store
from kamhub.hub.waiting_list import store as waiting_list
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


async def _waiting(work: Round) -> int:
    async with work.database.system() as connection:
        return await waiting_list.delete_departed(connection, work.before, work.limit)


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
        removed="the recipient's address and the words; of a message never sent, the row",
        after=timedelta(days=365),
        since="writing it",
        why="that a message went out is asked about for a season",
        prune=_recipients,
    ),
    Retention(
        table="waiting_parties",
        removed="the row",
        after=timedelta(days=30),
        since="the departure",
        why="whoever waited in vain may ask why for a month",
        prune=_waiting,
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
    "tariff_rules": _NETWORK,
    "promo_codes": _NETWORK,
    "promo_code_uses": "what a code took off; a booking's id and no name",
    "vehicles": _NETWORK,
    "drivers": "the operator's own people, named by their departures; one who never drove is removed when archived",
    "fleet_documents": "papers of vehicles and drivers; removed by hand, or with an owner who was never used",
    "place_photos": _NETWORK,
    "timetables": _NETWORK,
    "timetable_exceptions": _NETWORK,
    "departures": _NETWORK,
    "departure_events": "what people changed on a departure, and their own reason; names no traveller",
    "cancellation_policies": "terms that bookings were made under",
    "cancellation_tiers": "terms that bookings were made under",
    "booking_passengers": _WITH_BOOKING,
    "booking_moves": "where a booking was before; ids, times, sums and the operator's reason",
    "disruptions": "what was called off and why; names no traveller",
    "disrupted_departures": "which departures that were",
    "disrupted_bookings": "what became of everybody: a booking's id and an outcome",
    "booking_events": _WITH_BOOKING,
    "booking_notes": _WITH_BOOKING,
    "consents": "the proof that a text was shown; holds a booking's id and no name",
    "payment_accounts": "the operator's own",
    "payment_orders": _WITH_BOOKING,
    "payments": _WITH_BOOKING,
    "message_attempts": "belong to their message; hold no name and no address",
    "message_templates": "the operator's own words",
    "notice_settings": "the operator's own",
    "telegram_chats": _WITH_BOOKING,
    "reviews": "the stars stay for the rating; name and words are emptied together with the booking",
    "payment_events": _BOOKS,
    "payment_notifications": _BOOKS,
    "refunds": _BOOKS,
    "ledger_entries": _BOOKS,
    "ledger_lines": _BOOKS,
    "ledger_closings": _BOOKS,
    "payouts": _BOOKS,
    "reconciliations": _BOOKS,
    "receipts": _BOOKS,
    "cases": _WITH_BOOKING,
}
