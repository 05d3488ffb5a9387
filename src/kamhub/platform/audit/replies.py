"""What is told of the log, as the API documents it; made by ``views``."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from pydantic import Field

from kamhub.platform.audit.types import ActorKind, Facts
from kamhub.platform.web.schemas import ListReply, Reply


class ActorReply(Reply):
    """Who did it, by the name they had then."""

    kind: ActorKind
    id: UUID | None
    name: str


class ObjectReply(Reply):
    """What it was done to."""

    kind: str
    id: str | None


class AuditEventReply(Reply):
    """One line; ``before`` and ``after`` hold what changed, secrets masked."""

    id: UUID
    at: datetime
    actor: ActorReply
    action: str
    target: ObjectReply = Field(alias="object")
    before: Facts | None
    after: Facts | None
    address: str | None
    user_agent: str | None
    request_id: str | None


class AuditListReply(ListReply[AuditEventReply]):
    """Lines, the newest first."""
