"""Asking for figures."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from kamhub.hub.dashboard import rules, store
from kamhub.hub.dashboard.types import Figures
from kamhub.hub.services import Hub
from kamhub.platform.organisation import store as organisations
from kamhub.platform.person.types import Staff


async def figures(hub: Hub, staff: Staff, first: date | None = None, last: date | None = None) -> tuple[Figures, date]:
    """The period asked for, and which day is today, both by the organisation's own calendar."""
    organisation = staff.organisation_id
    async with hub.database.tenant(organisation) as connection:
        zone = await organisations.zone(connection, organisation)
        today = hub.clock.now().astimezone(zone).date()
        start, end = rules.period(today, first, last)
        since, until = _midnight(start, zone), _midnight(end + timedelta(days=1), zone)
        running = await store.running(connection, organisation, since, until, zone.key)
        made = await store.made(connection, organisation, since, until, zone.key)
        currency = await store.currency(connection, organisation)
    return rules.gather(start, end, running, made, currency), today


def _midnight(day: date, zone: ZoneInfo) -> datetime:
    return datetime.combine(day, time(), zone)
