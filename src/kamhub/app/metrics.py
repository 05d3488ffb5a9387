"""What a web process counts, for Prometheus; each process counts for itself."""

from __future__ import annotations

import hmac
import ipaddress
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from litestar.connection import ASGIConnection
from prometheus_client import CollectorRegistry, Histogram, generate_latest
from prometheus_client import Counter as Counted
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily

from kamhub.hub.integrity.metrics import integrity_gauges
from kamhub.hub.integrity.types import IntegrityState
from kamhub.platform.alert.types import Alert
from kamhub.platform.backup.metrics import alert_gauges, backup_gauges
from kamhub.platform.backup.types import BackupState
from kamhub.platform.job.metrics import gauges
from kamhub.platform.job.types import QueueState
from kamhub.platform.settings import Settings
from kamhub.platform.web.problems import NotFound, Unauthenticated

_BUCKETS = (0.005, 0.02, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10)
# A caller may name any method; what is none of these would make a line each.
_METHODS = frozenset({"GET", "POST", "PATCH", "PUT", "DELETE", "OPTIONS"})
_OTHER = "other"
# A proxy that passes somebody else's request on says so in one of these.
_FORWARDED = ("x-forwarded-for", "forwarded", "x-real-ip", "via")
# Of psycopg_pool's counters: name here, what it is, name there, and by what it is divided.
_POOL_GAUGES = (
    ("size", "Connections that are open.", "pool_size"),
    ("max_size", "Connections that may be open.", "pool_max"),
    ("available", "Open connections that nobody uses.", "pool_available"),
    ("waiting", "Callers that wait for a connection.", "requests_waiting"),
)
_POOL_COUNTERS = (
    ("requests", "Callers that asked for a connection.", "requests_num", 1),
    ("wait_seconds", "How long callers have waited for a connection.", "requests_wait_ms", 1000),
    ("errors", "Callers that got no connection.", "requests_errors", 1),
)


class RequestMetrics:
    """Counts requests and how long they took, by the template of the route: an address of its own makes no line."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self._counted = Counted(
            "kamhub_http_requests", "Requests answered.", ("method", "route", "status"), registry=self.registry
        )
        self._timed = Histogram(
            "kamhub_http_request_duration_seconds",
            "How long requests took.",
            ("method", "route"),
            buckets=_BUCKETS,
            registry=self.registry,
        )
        # Finding the child by its labels costs more than counting: it is done once.
        self._known: dict[tuple[str, str, int], tuple[Counted, Histogram]] = {}

    def observe(self, method: str, route: str, status: int, seconds: float) -> None:
        """Count one request; status 0 is one that ended without an answer."""
        known = self._known.get((method, route, status))
        if known is None:
            known = self._children(method, route, status)
        known[0].inc()
        known[1].observe(seconds)

    def _children(self, method: str, route: str, status: int) -> tuple[Counted, Histogram]:
        name = method if method in _METHODS else _OTHER
        children = self._counted.labels(name, route, str(status)), self._timed.labels(name, route)
        if name is not _OTHER:
            self._known[method, route, status] = children
        return children


@dataclass(frozen=True, slots=True)
class Work:
    """What the database says of the work behind the pages: ``workers`` are those that live."""

    queues: Sequence[QueueState]
    workers: int
    backups: BackupState | None = None
    alerts: Sequence[Alert] = ()
    integrity: IntegrityState = field(default_factory=IntegrityState)


class _Outside:
    """What others count: the limiter and the pools. Read at the moment it is asked for."""

    def __init__(self, outages: Counter[str], pools: Mapping[str, Mapping[str, int]], work: Work | None) -> None:
        self._outages = outages
        self._pools = pools
        self._work = work

    def collect(self) -> list[GaugeMetricFamily | CounterMetricFamily]:
        outages = CounterMetricFamily(
            "kamhub_limiter_outages", "Calls that could not be counted, because the store was away.", labels=["preset"]
        )
        for preset, number in self._outages.items():
            outages.add_metric([preset], number)
        readable = GaugeMetricFamily(
            "kamhub_job_queue_readable",
            "Whether the queue could be read: 1 or 0. Without it the numbers of jobs are missing.",
            value=float(self._work is not None),
        )
        return [outages, readable, *self._of_workers(), *self._of_pools()]

    def _of_workers(self) -> list[GaugeMetricFamily]:
        if self._work is None:
            return []
        words = "Workers of the whole fleet that were heard of within the last minute."
        workers = GaugeMetricFamily("kamhub_workers", words, value=self._work.workers)
        backups = backup_gauges(self._work.backups) if self._work.backups is not None else []
        return [workers, *backups, *alert_gauges(self._work.alerts), *integrity_gauges(self._work.integrity)]

    def _of_pools(self) -> list[GaugeMetricFamily | CounterMetricFamily]:
        found: list[GaugeMetricFamily | CounterMetricFamily] = []
        for name, words, theirs in _POOL_GAUGES:
            gauge = GaugeMetricFamily(f"kamhub_database_pool_{name}", words, labels=["pool"])
            for pool, numbers in self._pools.items():
                gauge.add_metric([pool], numbers.get(theirs, 0))
            found.append(gauge)
        for name, words, theirs, divided in _POOL_COUNTERS:
            counter = CounterMetricFamily(f"kamhub_database_pool_{name}", words, labels=["pool"])
            for pool, numbers in self._pools.items():
                counter.add_metric([pool], numbers.get(theirs, 0) / divided)
            found.append(counter)
        return found


def exposition(
    requests: RequestMetrics,
    outages: Counter[str],
    pools: Mapping[str, Mapping[str, int]],
    work: Work | None,
) -> bytes:
    """Everything, in Prometheus' text format; ``work`` None: it could not be read."""
    registry = CollectorRegistry()
    registry.register(_Outside(outages, pools, work))
    of_queues = b"" if work is None else gauges(work.queues)
    return generate_latest(requests.registry) + generate_latest(registry) + of_queues


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
