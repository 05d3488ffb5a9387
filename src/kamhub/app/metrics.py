"""What a web process tells Prometheus, and whom: what it counts itself, and what the database says of the installation."""

from __future__ import annotations

import hmac
import ipaddress
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from litestar.connection import ASGIConnection
from prometheus_client.core import Metric

from kamhub.hub.integrity.metrics import integrity_gauges
from kamhub.hub.integrity.types import IntegrityState
from kamhub.hub.monitoring.metrics import figure_families
from kamhub.hub.monitoring.types import Figures
from kamhub.platform.alert.types import Alert
from kamhub.platform.backup.metrics import alert_gauges, backup_gauges
from kamhub.platform.backup.types import BackupState
from kamhub.platform.job.metrics import gauges
from kamhub.platform.job.types import QueueState
from kamhub.platform.monitoring.meters import Buckets, counter, gauge, histogram, text_of
from kamhub.platform.settings import Settings
from kamhub.platform.web.problems import NotFound, Unauthenticated

_BUCKETS = (0.005, 0.02, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10)
# A caller may name any method; what is none of these would make a line each.
_METHODS = frozenset({"GET", "POST", "PATCH", "PUT", "DELETE", "OPTIONS"})
_OTHER = "other"
# A proxy that passes somebody else's request on says so in one of these.
_FORWARDED = ("x-forwarded-for", "forwarded", "x-real-ip", "via")


class RequestMetrics:
    """Counts requests and how long they took, by the template of the route: an address of its own makes no line."""

    def __init__(self) -> None:
        self._counts: Counter[tuple[str, str, int]] = Counter()
        self._times: dict[tuple[str, str], Buckets] = {}

    def observe(self, method: str, route: str, status: int, seconds: float) -> None:
        """Count one request; status 0 is one that ended without an answer."""
        name = method if method in _METHODS else _OTHER
        self._counts[name, route, status] += 1
        times = self._times.get((name, route))
        if times is None:
            times = self._times[name, route] = Buckets(_BUCKETS)
        times.observe(seconds)

    def families(self) -> list[Metric]:
        """For Prometheus."""
        counts = {(method, route, str(status)): number for (method, route, status), number in self._counts.items()}
        return [
            counter("kamhub_http_requests", "Requests answered.", ("method", "route", "status"), counts),
            histogram(
                "kamhub_http_request_duration_seconds", "How long requests took.", ("method", "route"), self._times
            ),
        ]


@dataclass(frozen=True, slots=True)
class Work:
    """What the database says of the work behind the pages and of what was sold: ``workers`` are those that live."""

    queues: Sequence[QueueState]
    workers: int
    figures: Figures
    backups: BackupState
    alerts: Sequence[Alert] = ()
    integrity: IntegrityState = field(default_factory=IntegrityState)


def work_text(work: Work | None) -> bytes:
    """The numbers of the whole installation in Prometheus' text format; None: they could not be read."""
    readable = gauge(
        "kamhub_job_queue_readable",
        "Whether the queue could be read: 1 or 0. Without it the numbers of the installation are missing.",
        (),
        {(): float(work is not None)},
    )
    if work is None:
        return text_of([readable])
    workers = gauge(
        "kamhub_workers",
        "Workers of the whole fleet that were heard of within the last minute.",
        (),
        {(): work.workers},
    )
    told = [
        readable,
        workers,
        *figure_families(work.figures),
        *backup_gauges(work.backups),
        *alert_gauges(work.alerts),
        *integrity_gauges(work.integrity),
    ]
    return text_of(told) + gauges(work.queues)


def require_reader(connection: ASGIConnection[Any, Any, Any, Any], settings: Settings) -> None:
    """Let in whoever asks from this very machine, and who shows the token.

    A request that a proxy passes on is never from this machine. Raises ``NotFound`` where no token is set, else
    ``Unauthenticated``.
    """
    if _is_local(connection, settings):
        return
    if settings.metrics_token is None:
        raise NotFound
    scheme, _, given = connection.headers.get("authorization", "").partition(" ")
    token = settings.metrics_token.get_secret_value()
    if scheme.lower() != "bearer" or not hmac.compare_digest(given.strip().encode(), token.encode()):
        raise Unauthenticated("A valid token of KAMHUB_METRICS_TOKEN is needed")


def _is_local(connection: ASGIConnection[Any, Any, Any, Any], settings: Settings) -> bool:
    client = connection.scope.get("client")
    try:
        peer = ipaddress.ip_address(client[0] if client else "")
    except ValueError:
        return False
    behind_proxy = any(peer in network for network in settings.trusted_networks)
    return peer.is_loopback and not behind_proxy and not any(name in connection.headers for name in _FORWARDED)
