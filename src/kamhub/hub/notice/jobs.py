"""Sending what was written, writing what the clock asks for, and making a bot known."""

from __future__ import annotations

from datetime import timedelta

from kamhub.hub.notice.actions import SEND
from kamhub.hub.notice.actions.bots import CALL_US, call_us
from kamhub.hub.notice.actions.planning import plan
from kamhub.hub.notice.sending import NoticeContext, send
from kamhub.platform.job.run import Run
from kamhub.platform.job.types import DONE, Job, Kind, Outcome, Queue, Retry

PLAN_REMINDERS = Kind("notice.plan_reminders", Queue.NOTICES, "system")


async def plan_reminders(run: Run[NoticeContext]) -> Outcome:
    """Write reminders and requests for a review that are due."""
    await plan(run.context.hub)
    return DONE


async def make_bot_known(run: Run[NoticeContext]) -> Outcome:
    """Ask a new bot for its name and have its news sent to us."""
    return await call_us(run)


JOBS: tuple[Job[NoticeContext], ...] = (
    # A mail server that is down for a night must not cost a traveller the ticket: about nine hours of trying.
    Job(
        SEND,
        run=send,
        timeout=timedelta(seconds=60),
        retry=Retry(attempts=40, first=timedelta(seconds=2), longest=timedelta(minutes=30)),
        kept=timedelta(days=30),
    ),
    Job(
        PLAN_REMINDERS,
        run=plan_reminders,
        timeout=timedelta(minutes=5),
        retry=Retry(attempts=3),
        kept=timedelta(days=1),
    ),
    Job(CALL_US, run=make_bot_known, timeout=timedelta(seconds=60), retry=Retry(attempts=10), kept=timedelta(days=30)),
)
