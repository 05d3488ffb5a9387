"""What comes in from outside about keys."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated

from pydantic import AfterValidator, Field
from pydantic_core import PydanticCustomError

from kamhub.platform.access.permissions import KEY_SCOPES
from kamhub.platform.api_key.types import KeyWanted
from kamhub.platform.web.schemas import Form, PersonName

LONGEST_DAYS = 730
USUAL_DAYS = 365


def _known(scope: str) -> str:
    if scope not in KEY_SCOPES:
        raise PydanticCustomError("literal_error", "This is not a right of keys")
    return scope


Scope = Annotated[
    str, Field(min_length=1, max_length=50, json_schema_extra={"enum": sorted(KEY_SCOPES)}), AfterValidator(_known)
]


class KeyForm(Form):
    """A key to make. ``expires_in_days`` null is a key without end, which has to be asked for."""

    name: PersonName
    scopes: Annotated[list[Scope], Field(min_length=1, max_length=50)]
    expires_in_days: Annotated[int, Field(ge=1, le=LONGEST_DAYS)] | None = USUAL_DAYS

    def wanted(self) -> KeyWanted:
        """The same, each right once."""
        lifetime = None if self.expires_in_days is None else timedelta(days=self.expires_in_days)
        return KeyWanted(self.name, frozenset(self.scopes), lifetime)
