"""Members and invitations as JSON of the HTTP contract."""

from __future__ import annotations

from datetime import datetime

from kamhub.platform.organisation.rules import status_of
from kamhub.platform.organisation.types import Invitation, Member


def member_json(member: Member) -> dict[str, object]:
    """A member."""
    return {
        "id": member.id,
        "name": member.name,
        "email": member.email,
        "role": member.role,
        "joined_at": member.joined_at,
        "email_confirmed": member.email_confirmed,
        "second_factor": member.second_factor,
    }


def invitation_json(invitation: Invitation, now: datetime) -> dict[str, object]:
    """An invitation as it stands now; its link is told to the recipient alone."""
    return {
        "id": invitation.id,
        "email": invitation.email,
        "role": invitation.role,
        "created_at": invitation.created_at,
        "expires_at": invitation.expires_at,
        "status": status_of(invitation, now),
    }
