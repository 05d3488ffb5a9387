"""What the clock asks for: reminders before the departure, and how it was after the arrival."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from itertools import groupby

from kamhub.hub.notice.actions.telling import tell
from kamhub.hub.notice.store import due
from kamhub.hub.notice.types import Due, MessageKind
from kamhub.hub.services import Hub

_AT_A_TIME = 500
# (kind, at most so long before the departure, at least so long: what comes later helps nobody)
REMINDERS: tuple[tuple[MessageKind, timedelta, timedelta], ...] = (
    ("reminder_day", timedelta(hours=24), timedelta(hours=8)),
    ("reminder_soon", timedelta(hours=2), timedelta(minutes=30)),
)
REVIEW_AFTER = timedelta(hours=3)
# Whoever was not asked within days has forgotten the trip.
REVIEW_UNTIL = timedelta(days=3)


async def plan(hub: Hub) -> int:
    """Write the messages that are due, each once whatever happens; returns how many bookings were looked at.

    One that would come too late is left out. A booking that moved is reminded of its new departure.
    """
    now = hub.clock.now()
    planned = 0
    for kind, before, at_least in REMINDERS:
        planned += await _in_turn(hub, kind, now + at_least, now + before, before)
    return planned + await _in_turn(hub, "review_request", now - REVIEW_UNTIL, now - REVIEW_AFTER, timedelta(0))


async def _in_turn(hub: Hub, kind: MessageKind, first: datetime, last: datetime, lead: timedelta) -> int:
    planned = 0
    while True:
        async with hub.database.system() as connection:
            if kind == "review_request":
                found = await due.review_requests(connection, first, last, _AT_A_TIME)
            else:
                found = await due.reminders(connection, kind, first, last, lead, _AT_A_TIME)
        await _write(hub, kind, found)
        planned += len(found)
        if len(found) < _AT_A_TIME:
            return planned


async def _write(hub: Hub, kind: MessageKind, found: Sequence[Due]) -> None:
    for organisation_id, theirs in groupby(sorted(found, key=_by_organisation), key=lambda one: one.organisation_id):
        async with hub.database.tenant(organisation_id) as connection:
            for one in theirs:
                await tell(
                    connection, organisation_id=organisation_id, booking_id=one.booking_id, kind=kind, locale=one.locale,
                    recipient=one.recipient, now=hub.clock.now(), occasion=one.occasion, facts=one.facts,
                )  # fmt: skip


def _by_organisation(one: Due) -> tuple[str, str]:
    return str(one.organisation_id), str(one.booking_id)
