"""What happens by the clock, each tick once in the whole fleet.

``missed`` says what becomes of a tick that passed while every worker was down: run once when one is back, or skipped.
"""

from __future__ import annotations

from datetime import timedelta

from kamhub.desk.asset.types import LOOK_AFTER
from kamhub.desk.gap.types import PRUNE as PRUNE_GAPS
from kamhub.desk.graph.jobs import REFRESH as GRAPH_REFRESH
from kamhub.hub.booking.jobs import SWEEP_EXPIRED
from kamhub.hub.integrity.actions import CHECK
from kamhub.hub.integrity.rules import EVERY as CHECK_EVERY
from kamhub.hub.ledger.jobs import CLOSE, EARN
from kamhub.hub.notice.jobs import PLAN_REMINDERS
from kamhub.hub.payment.jobs import ADOPT_ACCOUNT, RELEASE_HELD
from kamhub.hub.privacy.jobs import PRUNE
from kamhub.hub.reconciliation.jobs import PLAN as RECONCILE
from kamhub.hub.timetable.jobs import GENERATE
from kamhub.hub.waiting_list.jobs import OFFER
from kamhub.platform.backup.jobs import CREATE as BACKUP_CREATE
from kamhub.platform.backup.jobs import PRUNE as BACKUP_PRUNE
from kamhub.platform.backup.jobs import VERIFY as BACKUP_VERIFY
from kamhub.platform.backup.jobs import WATCH as BACKUP_WATCH
from kamhub.platform.job.jobs import TIDY
from kamhub.platform.job.types import Daily, Entry, Every

KAMCHATKA = "Asia/Kamchatka"

TIMETABLE: tuple[Entry, ...] = (
    Entry(SWEEP_EXPIRED, Every(timedelta(seconds=30)), missed="skip"),
    Entry(LOOK_AFTER, Every(timedelta(minutes=1)), missed="skip"),
    Entry(OFFER, Every(timedelta(seconds=15)), missed="skip"),
    Entry(ADOPT_ACCOUNT, Every(timedelta(seconds=30)), missed="skip"),
    Entry(PLAN_REMINDERS, Every(timedelta(minutes=5)), missed="run once"),
    Entry(TIDY, Every(timedelta(minutes=10)), missed="run once"),
    Entry(GRAPH_REFRESH, Every(timedelta(minutes=10)), missed="skip"),
    Entry(GENERATE, Daily(1, 37, KAMCHATKA), missed="run once"),
    Entry(RELEASE_HELD, Every(timedelta(minutes=10)), missed="skip"),
    Entry(EARN, Daily(2, 30, KAMCHATKA), missed="run once"),
    Entry(CLOSE, Daily(2, 50, KAMCHATKA), missed="run once"),
    Entry(RECONCILE, Daily(4, 30, KAMCHATKA), missed="run once"),
    Entry(PRUNE, Daily(3, 17, KAMCHATKA), missed="run once"),
    Entry(CHECK, Every(CHECK_EVERY), missed="run once", begins="at once"),
    Entry(PRUNE_GAPS, Daily(3, 37, KAMCHATKA), missed="run once"),
    Entry(BACKUP_CREATE, Every(timedelta(hours=6)), missed="run once", begins="at once"),
    Entry(BACKUP_WATCH, Every(timedelta(minutes=10)), missed="skip"),
    Entry(BACKUP_VERIFY, Daily(4, 50, KAMCHATKA), missed="run once"),
    Entry(BACKUP_PRUNE, Daily(5, 20, KAMCHATKA), missed="run once"),
)
