"""What is told of the state, as the API documents it; made by ``views``."""

from __future__ import annotations

from datetime import datetime

from kamhub.hub.status.types import CallHealth, Health, PartName
from kamhub.platform.service_call.types import Service
from kamhub.platform.web.schemas import Reply


class CheckReply(Reply):
    """A promise of the product, of the whole installation. ``breaches`` is null when it was never counted."""

    name: str
    counted_at: datetime | None
    breaches: int | None
    broken_since: datetime | None
    error: str | None


class IntegrityReply(Reply):
    """``last_run``: since when nothing has gone unchecked. ``broken`` counts the promises that do not hold."""

    last_run: datetime | None
    overdue: bool
    broken: int
    checks: list[CheckReply]


class BackupsReply(Reply):
    """``on``: the installation makes backups itself."""

    on: bool
    created_at: datetime | None
    verified_at: datetime | None
    verified_ok: bool | None
    overdue: bool


class QueueReply(Reply):
    """The organisation's jobs; ``workers`` are of the whole installation."""

    waiting: int
    scheduled: int
    running: int
    dead: int
    oldest_waiting_seconds: int | None
    workers: int
    last_heard: datetime | None


class InDoubtReply(Reply):
    """Refunds and set aside payments that the provider was asked about more than ten minutes ago, without an answer."""

    refunds: int
    payments: int
    since: datetime | None


class ProviderReply(Reply):
    """A service of somebody else's; ``error`` is of the last failure, masked."""

    service: Service
    health: CallHealth
    answered_at: datetime | None
    failed_at: datetime | None
    failing_since: datetime | None
    error: str | None


class ProvidersReply(Reply):
    """``account``: the organisation takes payments online."""

    account: bool
    providers: list[ProviderReply]
    in_doubt: InDoubtReply


class ServicesReply(Reply):
    """What the product itself runs on."""

    database: Health
    migrations: Health
    queue: Health
    redis: Health


class StatusReply(Reply):
    """The state of the hub. A part that could not be read is null and named in ``failing``."""

    integrity: IntegrityReply | None
    backups: BackupsReply | None
    queue: QueueReply | None
    providers: ProvidersReply | None
    services: ServicesReply | None
    failing: list[PartName]
