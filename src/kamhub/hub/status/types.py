"""What each part of the state says."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal, TypeAlias, get_args

from kamhub.hub.integrity.types import IntegrityState
from kamhub.kit.errors import Refusal
from kamhub.kit.text import mark
from kamhub.platform.backup.types import BackupState
from kamhub.platform.service_call.types import Service, ServiceState

PartName: TypeAlias = Literal["integrity", "backups", "queue", "providers", "services"]
PARTS: tuple[PartName, ...] = get_args(PartName)
# Of what the product itself runs on; ``redis`` is "unused" where the limits are kept in memory, or off.
Health: TypeAlias = Literal["well", "away", "unused"]
# ``unused``: never called; ``failing``: the last call was not answered.
CallHealth: TypeAlias = Literal["well", "failing", "unused"]


class PartNotFound(Refusal):
    """There is no such part of the state."""

    code = "part_not_found"
    status = 404
    title = mark("There is no such part")


@dataclass(frozen=True, slots=True)
class Promises:
    """``overdue``: nobody has counted for too long; ``may_ask``: a person may have it done now."""

    state: IntegrityState
    overdue: bool
    may_ask: bool


@dataclass(frozen=True, slots=True)
class BackupsPart:
    """``on``: this installation makes backups itself. ``age`` is of the newest, or of the installation while there is none."""

    on: bool
    state: BackupState
    overdue: bool
    age: timedelta


@dataclass(frozen=True, slots=True)
class QueuePart:
    """The organisation's jobs, and the workers of everybody. ``oldest_waiting`` is None when nothing is due."""

    waiting: int
    scheduled: int
    running: int
    dead: int
    oldest_waiting: timedelta | None
    workers: int
    last_heard: datetime | None


@dataclass(frozen=True, slots=True)
class InDoubt:
    """Money of which only the provider knows where it is; ``since`` is the oldest, None when there is none."""

    refunds: int
    payments: int
    since: datetime | None

    @property
    def total(self) -> int:
        return self.refunds + self.payments


@dataclass(frozen=True, slots=True)
class ProviderState:
    """A service of somebody else's that the organisation uses."""

    service: Service
    health: CallHealth
    calls: ServiceState | None


@dataclass(frozen=True, slots=True)
class ProvidersPart:
    """``account``: the organisation takes payments online."""

    account: bool
    providers: Sequence[ProviderState]
    in_doubt: InDoubt


@dataclass(frozen=True, slots=True)
class ServicesPart:
    """What the product runs on. ``seconds`` is how long the database took to answer."""

    database: Health
    seconds: float
    migrations: Health
    queue: Health
    redis: Health


Part: TypeAlias = Promises | BackupsPart | QueuePart | ProvidersPart | ServicesPart
