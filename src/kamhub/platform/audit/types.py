"""A line of the log, and who and where its author was."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal
from uuid import UUID

ActorKind = Literal["person", "key", "system"]
# What a line tells of an object: field → value, ready for JSON.
Facts = dict[str, object]


@dataclass(frozen=True, slots=True)
class Trail:
    """Who acts, and from where."""

    actor_kind: ActorKind
    actor_id: UUID | None
    actor_name: str
    address: str | None = None
    user_agent: str | None = None
    request_id: str | None = None

    @property
    def actor(self) -> str:
        """Such as ``person:0192…``, for the histories of bookings and payments."""
        return f"{self.actor_kind}:{self.actor_id}" if self.actor_id else self.actor_kind


@dataclass(frozen=True, slots=True)
class AuditEvent:
    """One line. ``before`` and ``after`` hold only what changed, secrets masked."""

    organisation_id: UUID
    id: UUID
    at: datetime
    trail: Trail
    action: str
    object_kind: str
    object_id: str | None
    before: Facts | None
    after: Facts | None


@dataclass(frozen=True, slots=True)
class AuditQuery:
    """Which lines; what is None does not narrow. ``since`` counts in, ``until`` does not."""

    actor_id: UUID | None = None
    action: str | None = None
    object_id: str | None = None
    since: datetime | None = None
    until: datetime | None = None
