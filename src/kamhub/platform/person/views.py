"""Sessions and people as JSON of the HTTP contract; what is None is left out."""

from __future__ import annotations

from typing import Self
from uuid import UUID

from pydantic import BaseModel, Field

from kamhub.kit.text import Locale
from kamhub.platform.person.permissions import permissions_of
from kamhub.platform.person.tokens import ACCESS_SECONDS
from kamhub.platform.person.types import Organisation, Person, Role, Session


class UserView(BaseModel):
    """A person."""

    id: UUID
    email: str
    name: str
    locale: Locale

    @classmethod
    def of(cls, person: Person) -> Self:
        """That person."""
        return cls(id=person.id, email=person.email, name=person.name, locale=person.locale)


class NamesView(BaseModel):
    """One name in both languages."""

    ru: str
    en: str


class OrganisationView(BaseModel):
    """An organisation, as its people see it."""

    id: UUID
    slug: str
    name: NamesView

    @classmethod
    def of(cls, organisation: Organisation) -> Self:
        """That organisation."""
        name = NamesView(ru=organisation.name.ru, en=organisation.name.en)
        return cls(id=organisation.id, slug=organisation.slug, name=name)


class SessionView(BaseModel):
    """What sign-up, sign-in and refresh answer; ``expires_in`` are the seconds of the access token."""

    user: UserView
    organisation: OrganisationView | None = None
    access_token: str = Field(repr=False)
    refresh_token: str = Field(repr=False)
    expires_in: int = ACCESS_SECONDS

    @classmethod
    def of(cls, session: Session) -> Self:
        """That session."""
        return cls(
            user=UserView.of(session.person),
            organisation=OrganisationView.of(session.membership.organisation) if session.membership else None,
            access_token=session.access_token,
            refresh_token=session.refresh_token,
        )


class MeView(BaseModel):
    """Who is signed in, for which organisation, and what they may do there."""

    user: UserView
    organisation: OrganisationView | None = None
    role: Role | None = None
    permissions: list[str]

    @classmethod
    def of(cls, person: Person, organisation: Organisation | None, role: Role | None) -> Self:
        """That person in that role."""
        return cls(
            user=UserView.of(person),
            organisation=OrganisationView.of(organisation) if organisation else None,
            role=role,
            permissions=sorted(permissions_of(role)),
        )
