"""What comes in from outside about people and their passwords."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from kamhub.kit.text import Locale
from kamhub.platform.person.passwords import MAXIMUM_LENGTH, MINIMUM_LENGTH
from kamhub.platform.person.types import NewAccount
from kamhub.platform.web.schemas import Email, Form, Line, PersonName

NewPassword = Annotated[str, Field(min_length=MINIMUM_LENGTH, max_length=MAXIMUM_LENGTH, repr=False)]
# Taken as it comes: the rules for new passwords do not concern old ones.
GivenPassword = Annotated[str, Field(min_length=1, max_length=MAXIMUM_LENGTH, repr=False)]
OneTimeCode = Annotated[str, Field(min_length=6, max_length=20), Line]


class SignUpForm(Form):
    """A new account; with ``organisation_name`` an organisation of one's own."""

    email: Email
    password: NewPassword
    name: PersonName
    organisation_name: PersonName | None = None
    locale: Locale | None = None

    def account(self, otherwise: Locale) -> NewAccount:
        """The account asked for, in the language chosen or else in that one."""
        return NewAccount(self.email, self.password, self.name, self.locale or otherwise, self.organisation_name)


class ProfileForm(Form):
    """Name and language of oneself."""

    name: PersonName
    locale: Locale


class PasswordForm(Form):
    """Another password for oneself."""

    current_password: GivenPassword
    new_password: NewPassword
