"""Taking a new password: refused when guessers try it early, else hashed. Both off the event loop."""

from __future__ import annotations

from kamhub.kit.text import mark
from kamhub.platform.person.passwords import hash_password, is_guessable
from kamhub.platform.web.problems import FieldError, InputInvalid


class PasswordGuessable(InputInvalid):
    """A new password that is tried early; told at its field."""

    def __init__(self, field: str) -> None:
        sentence = mark("This password is easy to guess. Choose another one.")
        super().__init__([FieldError(field, sentence, "password_common")])


async def hash_new_password(password: str, *about: str, field: str = "password") -> str:
    """The hash to store. ``about`` are words about its owner, which are tried first. Raises ``PasswordGuessable``."""
    if await is_guessable(password, *about):
        raise PasswordGuessable(field)
    return await hash_password(password)
