"""Members and invitations, and what can be refused about them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal
from uuid import UUID

from kamhub.kit.errors import Refusal
from kamhub.kit.text import Locale, mark
from kamhub.platform.person.types import Organisation, Role

InvitationStatus = Literal["open", "accepted", "revoked", "expired"]


@dataclass(frozen=True, slots=True)
class Member:
    """Somebody who belongs to the organisation."""

    id: UUID
    name: str
    email: str
    role: Role
    joined_at: datetime
    email_confirmed: bool
    second_factor: bool


@dataclass(frozen=True, slots=True)
class Wanted:
    """Whom to invite, as what, and in which language; ``email`` is in lower case."""

    email: str
    role: Role
    locale: Locale


@dataclass(frozen=True, slots=True)
class Invitation:
    """One invitation. Its link can be written anew from the row: only the signature in it is secret."""

    organisation_id: UUID
    id: UUID
    email: str
    role: Role
    locale: Locale
    invited_by: UUID
    created_at: datetime
    expires_at: datetime
    accepted_at: datetime | None = None
    revoked_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class InvitationShown:
    """An open invitation as whoever has the link sees it. ``has_account``: the address belongs to somebody here."""

    invitation: Invitation
    organisation: Organisation
    has_account: bool


@dataclass(frozen=True, slots=True)
class Overview:
    """What the first page of the back office counts."""

    members: int
    open_invitations: int
    live_keys: int


class MemberNotFound(Refusal):
    """Somebody who does not belong to the organisation."""

    code = "member_not_found"
    status = 404
    title = mark("Nobody of that id works here")


class InvitationNotFound(Refusal):
    """An invitation of another organisation, or none at all."""

    code = "invitation_not_found"
    status = 404
    title = mark("There is no such invitation")


class LastOwner(Refusal):
    """The change would leave the organisation without an owner."""

    code = "last_owner"
    status = 409
    title = mark("An organisation needs an owner; make somebody else one first")


class OwnerOnly(Refusal):
    """An administrator wants to make, change or remove an owner."""

    code = "owner_only"
    status = 403
    title = mark("Only an owner can make, change or remove an owner")


class AlreadyMember(Refusal):
    """An invitation for somebody who belongs to the organisation."""

    code = "already_member"
    status = 409
    title = mark("This person works here already")


class InvitationOver(Refusal):
    """An invitation that was used, revoked, is too old, or is not ours; the reader is not told which."""

    code = "invitation_over"
    status = 410
    title = mark("This invitation has been used, withdrawn or is too old; ask for a new one")
