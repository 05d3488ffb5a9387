"""What comes in from outside about mailed links."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from kamhub.platform.person.forms import NewPassword
from kamhub.platform.web.schemas import Email, Form

LinkToken = Annotated[str, Field(min_length=1, max_length=200, repr=False)]


class ResetForm(Form):
    """Whose password is to be set anew."""

    email: Email


class NewPasswordForm(Form):
    """The new password, with the token of the mail."""

    token: LinkToken
    password: NewPassword


class LinkForm(Form):
    """The token of the mail."""

    token: LinkToken
