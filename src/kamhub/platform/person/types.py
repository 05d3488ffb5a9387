"""People, organisations as they see them, and what can be refused to them."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal, get_args
from uuid import UUID

from kamhub.kit.errors import Refusal
from kamhub.kit.text import Locale, Names, mark
from kamhub.platform.audit.types import Trail

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
    email_confirmed_at: datetime | None
    second_factor: bool


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
class Staff:
    """Whoever acts for an organisation: a person in a role by a live session, or a program by an API key."""

    organisation_id: UUID
    permissions: frozenset[str]
    trail: Trail
    role: Role | None = None

    @property
    def person_id(self) -> UUID | None:
        """The person; None for a key."""
        return self.trail.actor_id if self.trail.actor_kind == "person" else None


class EmailTaken(Refusal):
    """Sign-up with an e-mail that has an account."""

    code = "email_taken"
    status = 409
    title = mark("There is an account with this e-mail already")


class InvalidCredentials(Refusal):
    """Sign-in with an unknown e-mail, a wrong password or a closed account; the reader is not told which."""

    code = "invalid_credentials"
    status = 401
    title = mark("The e-mail or the password is not right")

    def __init__(self) -> None:
        super().__init__(headers={"WWW-Authenticate": "Bearer"})


class OrganisationNotFound(Refusal):
    """An organisation the person does not belong to."""

    code = "organisation_not_found"
    status = 404
    title = mark("You belong to no such organisation")


class PasswordWrong(Refusal):
    """A wrong password of somebody who is signed in."""

    code = "password_wrong"
    status = 422
    title = mark("The current password is not right")
