"""What comes in from outside about members and invitations."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field, field_validator

from kamhub.kit.text import Locale
from kamhub.platform.organisation.types import InvitationShown, Wanted
from kamhub.platform.person.forms import GivenPassword, OneTimeCode
from kamhub.platform.person.types import Role
from kamhub.platform.session.types import Credentials
from kamhub.platform.web.schemas import Email, Form, PersonName

InvitationToken = Annotated[str, Field(min_length=1, max_length=200, repr=False)]


class RoleForm(Form):
    """Another role for a member."""

    role: Role


class InvitationForm(Form):
    """Whom to invite, as what, and in which language; the inviter's own when none is named."""

    email: Email
    role: Role
    locale: Locale | None = None

    def wanted(self, otherwise: Locale) -> Wanted:
        """The same, in the language chosen or else in that one."""
        return Wanted(self.email, self.role, self.locale or otherwise)


class JoinForm(Form):
    """Following an invitation. With an account: its password, and a code where its second factor is on. Without: a name and
    a new password."""

    token: InvitationToken
    name: PersonName | None = None
    password: GivenPassword
    code: OneTimeCode | None = None

    @field_validator("name", "code", mode="before")
    @classmethod
    def _blank_is_none(cls, value: object) -> object:
        return None if isinstance(value, str) and not value.strip() else value

    def credentials(self, invited: InvitationShown) -> Credentials:
        """What proves the account of the address invited."""
        return Credentials(invited.invitation.email, self.password, self.code)

    def sign_up(self, invited: InvitationShown) -> dict[str, object]:
        """The fields of a new account; judge them as ``SignUpForm``."""
        wanted = invited.invitation
        fields: dict[str, object] = {"email": wanted.email, "password": self.password, "locale": wanted.locale}
        return fields if self.name is None else {**fields, "name": self.name}
