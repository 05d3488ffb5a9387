"""What is made of what is known."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from kamhub.hub.status.rules import providers, summed
from kamhub.platform.job.types import QueueState
from kamhub.platform.service_call.types import Service, ServiceState

NOW = datetime(2026, 11, 24, tzinfo=UTC)


def test_queues_are_one_and_what_does_not_wait_has_no_age() -> None:
    found = summed([QueueState("payments", 1, 2, 3, 4, 5.0), QueueState("notices", 1, 0, 0, 1, 90.0)], 2, NOW)
    assert (found.waiting, found.scheduled, found.running, found.dead, found.workers) == (2, 2, 3, 5, 2)
    assert found.oldest_waiting == timedelta(seconds=90)
    assert summed([QueueState("payments", 0, 1, 0, 0, 0.0)], 0, None).oldest_waiting is None


def test_a_service_is_shown_when_it_is_connected_or_was_called() -> None:
    connected: dict[Service, bool] = {"cloudpayments": False, "email": True, "telegram": False, "sms": False}
    known = [
        ServiceState("telegram", NOW, NOW, NOW, "NotReached"),
        ServiceState("email", NOW, None, None, None),
    ]
    assert [(one.service, one.health) for one in providers(connected, known)] == [
        ("email", "well"),
        ("telegram", "failing"),
    ]
    assert [(one.service, one.health) for one in providers(connected, [])] == [("email", "unused")]
