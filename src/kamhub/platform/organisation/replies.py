"""What is told of members and invitations, as the API documents it; made by ``api``."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from kamhub.platform.organisation.types import InvitationStatus
from kamhub.platform.person.types import Role
from kamhub.platform.web.schemas import ListReply, Reply


class MemberReply(Reply):
    """Somebody who belongs to the organisation."""

    id: UUID
    name: str
    email: str
    role: Role
    joined_at: datetime
    email_confirmed: bool
    second_factor: bool


class MemberListReply(ListReply[MemberReply]):
    """The members, the first one who joined first."""


class InvitationReply(Reply):
    """An invitation; whoever has its link may join until ``expires_at``."""

    id: UUID
    email: str
    role: Role
    created_at: datetime
    expires_at: datetime
    status: InvitationStatus


class InvitationListReply(ListReply[InvitationReply]):
    """The invitations, the newest first."""
