"""What is told of figures, as the API documents it; made by ``views``."""

from __future__ import annotations

import datetime as dt

from kamhub.hub.booking.types import Channel
from kamhub.platform.web.schemas import MoneyReply, Reply


class RunningReply(Reply):
    """What runs; ``occupancy`` is the share of seats taken over all legs, 0 to 1, null when nothing runs."""

    departures: int
    departures_cancelled: int
    seats: int
    seats_taken: int
    occupancy: float | None


class MadeReply(Reply):
    """Bookings by the day they were made, as they stand now; ``conversion`` is confirmed by holds, 0 to 1."""

    holds: int
    named: int
    confirmed: int
    cancelled: int
    conversion: float | None
    sold: MoneyReply
    returned: MoneyReply


class DayReply(RunningReply, MadeReply):
    """One day of the organisation's calendar."""

    date: dt.date


class SourceReply(MadeReply):
    """Bookings that came one way."""

    channel: Channel


class TotalsReply(RunningReply, MadeReply):
    """The whole period."""


class DashboardReply(Reply):
    """A period day by day; seats count once a leg."""

    today: dt.date
    days: list[DayReply]
    totals: TotalsReply
    sources: list[SourceReply]
