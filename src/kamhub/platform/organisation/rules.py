"""Who may change whom, and what an invitation's link looks like."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping
from datetime import datetime, timedelta
from uuid import UUID

from kamhub.platform.crypto.keys import KeyRing
from kamhub.platform.organisation.types import (
    Invitation,
    InvitationStatus,
    LastOwner,
    MemberNotFound,
    OwnerOnly,
)
from kamhub.platform.person.types import Role

# The right to manage people, invitations and keys.
MANAGE = "organisation.manage"
INVITATION_LIFETIME = timedelta(days=7)
_PURPOSE = "invitation"
_ID_BYTES = 16
_MAC_BYTES = 24


def require_may_change(roles: Mapping[UUID, Role], actor: Role, person_id: UUID, wanted: Role | None) -> Role:
    """The role the person has, if the actor may give them ``wanted`` (None: take them out of the organisation).

    ``roles`` are those of every member, ``actor`` the role of whoever does it, both as they stand under the lock. Raises
    ``MemberNotFound``, ``OwnerOnly``, ``LastOwner``.
    """
    present = roles.get(person_id)
    if present is None:
        raise MemberNotFound
    if present == wanted:
        return present
    if "owner" in {present, wanted} and actor != "owner":
        raise OwnerOnly
    if present == "owner" and not any(role == "owner" for member, role in roles.items() if member != person_id):
        raise LastOwner
    return present


def require_may_invite(actor: Role | None, role: Role) -> None:
    """Raise ``OwnerOnly`` when somebody else than an owner would make an owner."""
    if role == "owner" and actor != "owner":
        raise OwnerOnly


def status_of(invitation: Invitation, now: datetime) -> InvitationStatus:
    """How it stands."""
    if invitation.accepted_at is not None:
        return "accepted"
    if invitation.revoked_at is not None:
        return "revoked"
    return "open" if invitation.expires_at > now else "expired"


def token_of(keys: KeyRing, organisation_id: UUID, invitation_id: UUID) -> str:
    """The token in the link: base64url(organisation id ‖ invitation id ‖ HMAC); always the same one."""
    message = organisation_id.bytes + invitation_id.bytes
    mac = keys.sign(_PURPOSE, message)[:_MAC_BYTES]
    return base64.urlsafe_b64encode(message + mac).decode().rstrip("=")


def read_token(keys: KeyRing, token: str) -> tuple[UUID, UUID] | None:
    """Organisation and invitation of that token; None when we did not make it."""
    try:
        raw = base64.b64decode(token + "=" * (-len(token) % 4), altchars=b"-_", validate=True)
    except (binascii.Error, ValueError):
        return None
    message, mac = raw[: 2 * _ID_BYTES], raw[2 * _ID_BYTES :]
    if len(mac) != _MAC_BYTES or not keys.verify(_PURPOSE, message, mac):
        return None
    return UUID(bytes=message[:_ID_BYTES]), UUID(bytes=message[_ID_BYTES:])
