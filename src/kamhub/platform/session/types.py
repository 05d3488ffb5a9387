"""Sessions as the rest of the program sees them."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal
from uuid import UUID

from kamhub.kit.errors import Refusal
from kamhub.kit.text import mark
from kamhub.platform.person.types import Membership, Person, Role

SessionKind = Literal["browser", "token"]


@dataclass(frozen=True, slots=True)
class Visit:
    """From where a request comes: address (as far as it can be believed), browser, request id."""

    address: str | None
    user_agent: str | None
    request_id: str | None = None


@dataclass(frozen=True, slots=True)
class Session:
    """One sign-in, as its person sees it in the list."""

    id: UUID
    person_id: UUID
    organisation_id: UUID | None
    kind: SessionKind
    created_at: datetime
    last_seen_at: datetime
    expires_at: datetime
    address: str | None
    user_agent: str | None


@dataclass(frozen=True, slots=True)
class Standing:
    """What a live session stands for this moment: the person, and their role where they work in it."""

    session_id: UUID
    person_id: UUID
    person_name: str
    organisation_id: UUID | None
    role: Role | None
    last_seen_at: datetime


@dataclass(frozen=True, slots=True)
class RefreshToken:
    """A stored refresh token; the token itself is known to its holder only."""

    session_id: UUID
    person_id: UUID
    organisation_id: UUID | None
    expires_at: datetime
    used_at: datetime | None
    revoked_at: datetime | None

    @property
    def spent(self) -> bool:
        """Used once already, or ended: whoever presents it now should not have it."""
        return self.used_at is not None or self.revoked_at is not None


@dataclass(frozen=True, slots=True)
class Identity:
    """Who an access token speaks for; without an organisation there is no role."""

    person_id: UUID
    organisation_id: UUID | None
    role: Role | None
    session_id: UUID


@dataclass(frozen=True, slots=True)
class TokenPair:
    """What a program holds of its session."""

    access_token: str = field(repr=False)
    refresh_token: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Credentials:
    """What somebody shows to come in. ``code`` is of the second factor, ``device`` the cookie of an earlier sign-in."""

    email: str
    password: str = field(repr=False)
    code: str | None = field(default=None, repr=False)
    device: str | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class SignedIn:
    """A program that was let in."""

    person: Person
    membership: Membership | None
    tokens: TokenPair


@dataclass(frozen=True, slots=True)
class SignedInBrowser:
    """A browser that was let in: the token for its cookie, and the one by which it is known from now on."""

    person: Person
    membership: Membership | None
    token: str = field(repr=False)
    device: str = field(repr=False)


class ChallengeOver(Refusal):
    """The second step of a sign-in whose first is too long ago."""

    code = "challenge_over"
    status = 401
    title = mark("That took too long; sign in again")


class SessionNotFound(Refusal):
    """A session that is not the person's own, or has ended."""

    code = "session_not_found"
    status = 404
    title = mark("There is no such session")


class RefreshTokenInvalid(Refusal):
    """A refresh token that is unknown, expired, used before, or of a session that has ended."""

    code = "refresh_token_invalid"
    status = 401
    title = mark("This session has ended; sign in again")

    def __init__(self) -> None:
        super().__init__(headers={"WWW-Authenticate": "Bearer"})
