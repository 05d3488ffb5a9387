"""Keys, and what can be refused to their makers."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Literal
from uuid import UUID

from kamhub.kit.errors import Refusal
from kamhub.kit.text import mark

KeyStatus = Literal["live", "expired", "revoked"]


@dataclass(frozen=True, slots=True)
class KeyHolder:
    """Who a genuine key speaks for."""

    organisation_id: UUID
    key_id: UUID
    name: str
    scopes: frozenset[str]
    last_used_at: datetime | None


@dataclass(frozen=True, slots=True)
class KeyWanted:
    """What a key is to be good for, and for how long; ``lifetime`` None is without end."""

    name: str
    scopes: frozenset[str]
    lifetime: timedelta | None


@dataclass(frozen=True, slots=True)
class ApiKey:
    """A key as its organisation sees it; the key itself is known to its holder only.

    ``maker`` is the name of who made it, None when they have left: the key goes on without them.
    """

    organisation_id: UUID
    id: UUID
    name: str
    hint: str
    scopes: tuple[str, ...]
    created_by: UUID
    maker: str | None
    created_at: datetime
    expires_at: datetime | None
    last_used_at: datetime | None = None
    revoked_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class KeyMade:
    """A fresh key, this once with the text of it."""

    key: ApiKey
    text: str = field(repr=False)


class KeyNotFound(Refusal):
    """A key of another organisation, or none at all."""

    code = "key_not_found"
    status = 404
    title = mark("There is no such key")


class TooManyKeys(Refusal):
    """An organisation with as many live keys as it may have."""

    code = "too_many_keys"
    status = 409
    title = mark("There are too many keys; revoke one that is not needed")


class ScopeNotYours(Refusal):
    """Somebody wants to give a key a right that they lack; ``extra.scopes`` names it."""

    code = "scope_not_yours"
    status = 403
    title = mark("A key cannot be given a right that you do not have")
