"""The second factor of a person, and what can be refused."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from kamhub.kit.errors import Refusal
from kamhub.kit.text import mark


@dataclass(frozen=True, slots=True)
class Factor:
    """As stored. ``secret`` is encrypted; ``last_step`` is the time step of the last code taken."""

    secret: bytes | None = field(repr=False)
    enabled_at: datetime | None
    last_step: int | None


@dataclass(frozen=True, slots=True)
class Enrolment:
    """What an authenticator needs: ``secret`` in base32 to type, ``uri`` (otpauth) to scan."""

    secret: str = field(repr=False)
    uri: str = field(repr=False)


class SecondFactorRequired(Refusal):
    """The password is right, and a code is needed beside it. ``challenge`` lets a browser give it in a second step."""

    code = "second_factor_required"
    status = 401
    title = mark("A code from your authenticator is needed")

    def __init__(self, challenge: str) -> None:
        super().__init__(headers={"WWW-Authenticate": "Bearer"})
        self.challenge = challenge


class SecondFactorInvalid(Refusal):
    """A code that is wrong, too old or used already."""

    code = "second_factor_invalid"
    status = 401
    title = mark("This code is not right or has been used")

    def __init__(self) -> None:
        super().__init__(headers={"WWW-Authenticate": "Bearer"})


class CodeNotRight(Refusal):
    """A wrong code of somebody who is signed in."""

    code = "code_not_right"
    status = 422
    title = mark("This code is not right or has been used")


class EmailUnconfirmed(Refusal):
    """Whoever signed up with somebody else's address must not be able to lock its owner out for good."""

    code = "email_unconfirmed"
    status = 409
    title = mark("Confirm your e-mail address first")


class SecondFactorOn(Refusal):
    code = "second_factor_on"
    status = 409
    title = mark("The second factor is on already")


class SecondFactorOff(Refusal):
    code = "second_factor_off"
    status = 409
    title = mark("The second factor is not on")
