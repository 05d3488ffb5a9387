"""What comes in from outside about the second factor."""

from __future__ import annotations

from pydantic import Field

from kamhub.platform.person.forms import GivenPassword, OneTimeCode
from kamhub.platform.web.schemas import Form


class BeginForm(Form):
    """What it takes to begin: a browser left open must not be enough to bind the account to a stranger's phone."""

    password: GivenPassword


class FactorCodeForm(Form):
    """A code by time, or a recovery code."""

    code: OneTimeCode = Field(repr=False)


class SwitchOffForm(Form):
    """What it takes to switch it off: both proofs."""

    password: GivenPassword
    code: OneTimeCode = Field(repr=False)
