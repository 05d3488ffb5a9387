"""Pure decisions about the state."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta

from kamhub.hub.status.types import CallHealth, ProviderState, QueuePart
from kamhub.platform.job.types import QueueState
from kamhub.platform.service_call.types import Service, ServiceState

# A refund or a capture is on its way for a moment; what takes longer is in doubt.
ON_ITS_WAY = timedelta(minutes=10)


def summed(queues: Iterable[QueueState], workers: int, last_heard: datetime | None) -> QueuePart:
    """All queues as one."""
    found = list(queues)
    oldest = max((queue.oldest_waiting for queue in found), default=0.0)
    waiting = sum(queue.waiting for queue in found)
    return QueuePart(
        waiting=waiting,
        scheduled=sum(queue.scheduled for queue in found),
        running=sum(queue.running for queue in found),
        dead=sum(queue.dead for queue in found),
        oldest_waiting=timedelta(seconds=oldest) if waiting else None,
        workers=workers,
        last_heard=last_heard,
    )


def providers(connected: Mapping[Service, bool], known: Iterable[ServiceState]) -> list[ProviderState]:
    """What is connected, called yet or not, and what was called once; in the order of ``connected``."""
    calls = {state.service: state for state in known}
    return [
        ProviderState(service, _health(calls.get(service)), calls.get(service))
        for service, is_there in connected.items()
        if is_there or service in calls
    ]


def _health(calls: ServiceState | None) -> CallHealth:
    if calls is None:
        return "unused"
    return "well" if calls.failing_since is None else "failing"
