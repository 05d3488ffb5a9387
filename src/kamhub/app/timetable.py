"""What happens by the clock, each tick once in the whole fleet.

``missed`` says what becomes of a tick that passed while every worker was down: run once when one is back, or skipped.
"""

from __future__ import annotations

from datetime import timedelta

from kamhub.hub.booking.jobs import SWEEP_EXPIRED
from kamhub.hub.payment.jobs import ADOPT_ACCOUNT
from kamhub.hub.privacy.jobs import PRUNE
from kamhub.platform.job.jobs import TIDY
from kamhub.platform.job.types import Daily, Entry, Every

KAMCHATKA = "Asia/Kamchatka"

TIMETABLE: tuple[Entry, ...] = (
    Entry(SWEEP_EXPIRED, Every(timedelta(seconds=30)), missed="skip"),
    Entry(ADOPT_ACCOUNT, Every(timedelta(seconds=30)), missed="skip"),
    Entry(TIDY, Every(timedelta(minutes=10)), missed="run once"),
    Entry(PRUNE, Daily(3, 17, KAMCHATKA), missed="run once"),
)
