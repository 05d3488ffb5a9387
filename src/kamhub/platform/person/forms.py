"""What comes in from outside to sign up, sign in and stay signed in."""

from __future__ import annotations

from typing import Annotated

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    ValidationInfo,
    field_validator,
)
from pydantic_core import PydanticCustomError

from kamhub.kit.email import parse_email
from kamhub.kit.text import Locale, clean_line
from kamhub.platform.person.passwords import MAXIMUM_LENGTH, MINIMUM_LENGTH, is_common
from kamhub.platform.person.types import NewAccount


def _line(value: object) -> object:
    return clean_line(value) if isinstance(value, str) else value


def _email(text: str) -> str:
    try:
        return parse_email(text)
    except ValueError as error:
        raise PydanticCustomError("email", "This does not look like an e-mail address") from error


Name = Annotated[str, Field(min_length=2, max_length=100), BeforeValidator(_line)]
Email = Annotated[str, Field(min_length=3, max_length=254), BeforeValidator(_line), AfterValidator(_email)]
RefreshTokenText = Annotated[str, Field(min_length=1, max_length=200)]


class _Form(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)


class SignUpForm(_Form):
    """A new account; with ``organisation_name`` an organisation of one's own."""

    email: Email
    password: Annotated[str, Field(min_length=MINIMUM_LENGTH, max_length=MAXIMUM_LENGTH, repr=False)]
    name: Name
    organisation_name: Name | None = None
    locale: Locale | None = None

    def account(self, otherwise: Locale) -> NewAccount:
        """The account asked for, in the language chosen or else in that one."""
        return NewAccount(self.email, self.password, self.name, self.locale or otherwise, self.organisation_name)

    @field_validator("password")
    @classmethod
    def _not_guessable(cls, password: str, info: ValidationInfo) -> str:
        email = str(info.data.get("email", ""))
        if is_common(password) or password.casefold() in {email, email.partition("@")[0]}:
            raise PydanticCustomError("password_common", "This password is easy to guess")
        return password


class SignInForm(_Form):
    """``password`` is taken as it comes: the rules for new ones do not concern old ones."""

    email: Email
    password: Annotated[str, Field(min_length=1, max_length=MAXIMUM_LENGTH, repr=False)]


class RefreshForm(_Form):
    """The refresh token, to exchange it or to end its session."""

    refresh_token: Annotated[RefreshTokenText, Field(repr=False)]
