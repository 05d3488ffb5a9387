"""Background work of disruptions."""

from __future__ import annotations

from collections import Counter
from datetime import timedelta
from typing import Protocol
from uuid import UUID

import structlog

from kamhub.hub.disruption import carry
from kamhub.hub.disruption.actions import CARRY_OUT
from kamhub.hub.disruption.carry import StepFailed
from kamhub.hub.disruption.types import DisruptionNotFound
from kamhub.hub.services import Hub
from kamhub.platform.job.run import Run
from kamhub.platform.job.types import GiveUp, Job, Outcome, Retry, TryAgain

_log = structlog.get_logger("kamhub.disruption")

AT_A_TIME = 25  # bookings of one transaction: as long as the departures they go to are locked, nobody buys there
_PATIENCE = 8  # how often somebody may lose the seats they were to have, before they get their money back


class DisruptionContext(Protocol):
    """What the job here needs."""

    @property
    def hub(self) -> Hub:
        """The services of the hub."""
        ...


async def carry_out(run: Run[DisruptionContext], *, disruption_id: str) -> Outcome:
    """Settle everybody a decision met, some at a time; where travellers are asked, come back when their time is over.

    Each time is a transaction of its own that says which bookings are settled, so a run that is killed at any moment goes
    on where it was. A booking that cannot be settled for a fault of ours is left for the next run; it keeps nobody waiting.
    """
    hub, number = run.context.hub, UUID(disruption_id)
    tries: Counter[UUID] = Counter()
    faults: dict[UUID, BaseException] = {}
    limit = AT_A_TIME
    try:
        before = await carry.state(hub, run.organisation, number)
        while True:
            final = max(tries.values(), default=0) >= _PATIENCE
            try:
                taken = await carry.step(
                    hub,
                    run.organisation,
                    number,
                    limit=limit,
                    without=faults.keys(),
                    final=final,
                    met=before.progress.total,
                )
            except StepFailed as fault:
                if len(fault.booking_ids) == 1:
                    faults[fault.booking_ids[0]] = fault.__cause__ or fault
                    _log.exception("booking_not_settled", booking=str(fault.booking_ids[0]))
                limit = 1
                continue
            if not taken:
                break
            tries.update(taken)
            await run.progress(len(tries), before.progress.total)
    except DisruptionNotFound:
        return GiveUp("the disruption is gone")
    return await _end(run, number, faults)


async def _end(run: Run[DisruptionContext], number: UUID, faults: dict[UUID, BaseException]) -> Outcome:
    """Done, come back when the answers are over, or fail with what went wrong."""
    hub = run.context.hub
    decision = await carry.state(hub, run.organisation, number)
    if faults:
        raise next(iter(faults.values()))
    async with run.transaction() as connection:
        if await carry.finish(connection, decision, hub.clock.now()):
            return await run.finish(connection)
    return TryAgain(decision.answer_until or hub.clock.now() + timedelta(seconds=5), "travellers may still choose")


JOBS: tuple[Job[DisruptionContext], ...] = (
    Job(
        CARRY_OUT,
        run=carry_out,
        timeout=timedelta(minutes=10),
        retry=Retry(attempts=25, first=timedelta(seconds=1), longest=timedelta(minutes=5)),
        kept=timedelta(days=90),
    ),
)
