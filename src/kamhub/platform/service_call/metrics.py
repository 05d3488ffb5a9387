"""How often services of others answered this process. The fleet's number is the sum.

All labels are there from the beginning, at nought, so that the first of a kind is seen as one more.
"""

from __future__ import annotations

from typing import Literal, get_args

from prometheus_client import CollectorRegistry, Counter

from kamhub.platform.service_call.types import Service

CallOutcome = Literal["answered", "failed"]

REGISTRY = CollectorRegistry()
_CALLS = Counter(
    "kamhub_service_calls", "Calls to services of others, by how they ended.", ("service", "outcome"), registry=REGISTRY
)
_CALL = {
    (service, outcome): _CALLS.labels(service, outcome)
    for service in get_args(Service)
    for outcome in get_args(CallOutcome)
}


def count(service: Service, outcome: CallOutcome) -> None:
    """A call ended like that."""
    _CALL[service, outcome].inc()
