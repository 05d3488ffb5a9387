"""Sessions and people as JSON of the HTTP contract; what is None is left out."""

from __future__ import annotations

from typing import Self
from uuid import UUID

from pydantic import BaseModel, Field

from kamhub.kit.text import Locale
from kamhub.platform.access.permissions import permissions_of
from kamhub.platform.person.types import Account, Membership, Organisation, Person, Role
from kamhub.platform.session.tokens import ACCESS_SECONDS
from kamhub.platform.session.types import SignedIn


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


class SignedInView(BaseModel):
    """What sign-up, sign-in and refresh answer; ``expires_in`` are the seconds of the access token."""

    user: UserView
    organisation: OrganisationView | None = None
    access_token: str = Field(repr=False)
    refresh_token: str = Field(repr=False)
    expires_in: int = ACCESS_SECONDS

    @classmethod
    def of(cls, signed_in: SignedIn) -> Self:
        """That session."""
        place = signed_in.membership
        return cls(
            user=UserView.of(signed_in.person),
            organisation=OrganisationView.of(place.organisation) if place else None,
            access_token=signed_in.tokens.access_token,
            refresh_token=signed_in.tokens.refresh_token,
        )


class PlaceView(OrganisationView):
    """An organisation the person belongs to, and as what."""

    role: Role


class MeView(BaseModel):
    """Who is signed in, for which organisation, what they may do there, and where else they could work."""

    user: UserView
    organisation: OrganisationView | None = None
    role: Role | None = None
    permissions: list[str]
    organisations: list[PlaceView]
    email_confirmed: bool
    second_factor: bool

    @classmethod
    def of(cls, account: Account, place: Membership | None, places: list[Membership]) -> Self:
        """That person in that place."""
        role = place.role if place else None
        return cls(
            user=UserView.of(account.person),
            organisation=OrganisationView.of(place.organisation) if place else None,
            role=role,
            permissions=sorted(permissions_of(role)),
            organisations=[
                PlaceView(**OrganisationView.of(each.organisation).model_dump(), role=each.role) for each in places
            ],
            email_confirmed=account.email_confirmed_at is not None,
            second_factor=account.second_factor,
        )


class Accepted(BaseModel):
    """It will be done; of whom it is asked is not told."""

    status: str = "accepted"
