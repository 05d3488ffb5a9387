"""What comes in from outside to sign in and stay signed in."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from pydantic import Field

from kamhub.platform.person.forms import GivenPassword, OneTimeCode
from kamhub.platform.session.types import Credentials
from kamhub.platform.web.schemas import Email, Form

RefreshTokenText = Annotated[str, Field(min_length=1, max_length=200, repr=False)]


class SignInForm(Form):
    """``code`` is of the second factor, where it is on."""

    email: Email
    password: GivenPassword
    code: OneTimeCode | None = Field(default=None, repr=False)

    def credentials(self, device: str | None = None) -> Credentials:
        """The same, with the cookie by which the browser may be known."""
        return Credentials(self.email, self.password, self.code, device)


class CodeForm(Form):
    """The second step of a browser."""

    challenge: Annotated[str, Field(min_length=1, max_length=200, repr=False)]
    code: OneTimeCode = Field(repr=False)


class RefreshForm(Form):
    """The refresh token, to exchange it or to end its session."""

    refresh_token: RefreshTokenText


class SwitchForm(Form):
    """Another organisation of one's own to work in."""

    organisation_id: UUID
