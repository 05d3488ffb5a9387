"""People, organisations as they see them, and what can be refused to them."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal, get_args
from uuid import UUID

from kamhub.kit.errors import Refusal
from kamhub.kit.text import Locale, Names

Role = Literal["owner", "admin", "manager", "dispatcher", "driver", "viewer"]
ROLES: tuple[Role, ...] = get_args(Role)


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody with an account; ``email`` is in lower case."""

    id: UUID
    email: str
    name: str
    locale: Locale


@dataclass(frozen=True, slots=True)
class NewAccount:
    """What a person signs up with; ``email`` is in lower case, ``organisation_name`` founds one."""

    email: str
    password: str = field(repr=False)
    name: str
    locale: Locale
    organisation_name: str | None = None


@dataclass(frozen=True, slots=True)
class CancellationPolicy:
    """Terms an organisation starts with: ``(minutes_before, refund_percent)`` tiers."""

    id: UUID
    name: str
    tiers: tuple[tuple[int, int], ...]


@dataclass(frozen=True, slots=True)
class Account:
    """A person with what decides whether they may come in."""

    person: Person
    password_hash: str = field(repr=False)
    disabled_at: datetime | None


@dataclass(frozen=True, slots=True)
class Organisation:
    """An operator, as its people see it."""

    id: UUID
    slug: str
    name: Names


@dataclass(frozen=True, slots=True)
class Membership:
    """A person's place in an organisation."""

    organisation: Organisation
    role: Role


@dataclass(frozen=True, slots=True)
class RefreshToken:
    """A stored refresh token; the token itself is known to its holder only."""

    family_id: UUID
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
class Session:
    """What sign-up, sign-in and refresh give."""

    person: Person
    membership: Membership | None
    access_token: str = field(repr=False)
    refresh_token: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Identity:
    """Who an access token speaks for; without an organisation there is no role."""

    person_id: UUID
    organisation_id: UUID | None
    role: Role | None


@dataclass(frozen=True, slots=True)
class Staff:
    """A person acting for an organisation in a role, by a verified token."""

    person_id: UUID
    organisation_id: UUID
    role: Role


class EmailTaken(Refusal):
    """Sign-up with an e-mail that has an account."""

    code = "email_taken"
    status = 409
    title = "There is an account with this e-mail already"


class InvalidCredentials(Refusal):
    """Sign-in with an unknown e-mail, a wrong password or a closed account; the reader is not told which."""

    code = "invalid_credentials"
    status = 401
    title = "The e-mail or the password is not right"

    def __init__(self) -> None:
        super().__init__(headers={"WWW-Authenticate": "Bearer"})


class RefreshTokenInvalid(Refusal):
    """A refresh token that is unknown, expired, used before, or of a session that has ended."""

    code = "refresh_token_invalid"
    status = 401
    title = "This session has ended; sign in again"

    def __init__(self) -> None:
        super().__init__(headers={"WWW-Authenticate": "Bearer"})
