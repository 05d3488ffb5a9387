"""The state as JSON."""

from __future__ import annotations

from dataclasses import asdict
from datetime import datetime

from kamhub.hub.status.types import (
    BackupsPart,
    InDoubt,
    Part,
    Promises,
    ProvidersPart,
    ProviderState,
    QueuePart,
    ServicesPart,
)


def part_json(part: Part) -> dict[str, object]:
    """A part of the reply of ``/api/status``."""
    match part:
        case Promises():
            return _promises(part)
        case BackupsPart():
            return _backups(part)
        case QueuePart():
            return _queue(part)
        case ProvidersPart():
            return _providers(part)
        case ServicesPart():
            return {name: value for name, value in asdict(part).items() if name != "seconds"}


def _promises(part: Promises) -> dict[str, object]:
    return {
        "last_run": _moment(part.state.last_run),
        "overdue": part.overdue,
        "broken": len(part.state.broken),
        "checks": [
            {
                "name": check.name,
                "counted_at": _moment(check.counted_at),
                "breaches": check.breaches,
                "broken_since": _moment(check.broken_since),
                "error": check.error,
            }
            for check in part.state.checks
        ],
    }


def _backups(part: BackupsPart) -> dict[str, object]:
    return {
        "on": part.on,
        "created_at": _moment(part.state.created_at),
        "verified_at": _moment(part.state.verified_at),
        "verified_ok": part.state.verified_ok,
        "overdue": part.overdue,
    }


def _queue(part: QueuePart) -> dict[str, object]:
    return {
        "waiting": part.waiting,
        "scheduled": part.scheduled,
        "running": part.running,
        "dead": part.dead,
        "oldest_waiting_seconds": None if part.oldest_waiting is None else int(part.oldest_waiting.total_seconds()),
        "workers": part.workers,
        "last_heard": _moment(part.last_heard),
    }


def _providers(part: ProvidersPart) -> dict[str, object]:
    return {
        "account": part.account,
        "providers": [_provider(provider) for provider in part.providers],
        "in_doubt": _in_doubt(part.in_doubt),
    }


def _provider(provider: ProviderState) -> dict[str, object]:
    calls = provider.calls
    return {
        "service": provider.service,
        "health": provider.health,
        "answered_at": _moment(calls.answered_at) if calls else None,
        "failed_at": _moment(calls.failed_at) if calls else None,
        "failing_since": _moment(calls.failing_since) if calls else None,
        "error": calls.error if calls else None,
    }


def _in_doubt(doubt: InDoubt) -> dict[str, object]:
    return {"refunds": doubt.refunds, "payments": doubt.payments, "since": _moment(doubt.since)}


def _moment(at: datetime | None) -> str | None:
    return at.isoformat() if at else None
