"""What is told of keys, as the API documents it; made by ``views``."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from kamhub.platform.api_key.types import KeyStatus
from kamhub.platform.web.schemas import ListReply, NamesReply, Reply


class KeyMakerReply(Reply):
    """Who made a key; without a name when they have left the organisation."""

    id: UUID
    name: str | None


class KeyReply(Reply):
    """A key; ``hint`` are its last four characters, by which people tell their keys apart."""

    id: UUID
    name: str
    hint: str
    scopes: list[str]
    status: KeyStatus
    created_by: KeyMakerReply
    created_at: datetime
    expires_at: datetime | None
    last_used_at: datetime | None
    revoked_at: datetime | None


class KeyMadeReply(KeyReply):
    """A fresh key. ``key`` is the key itself, told this once."""

    key: str


class KeyListReply(ListReply[KeyReply]):
    """The keys, live ones first."""


class KeyOrganisationReply(Reply):
    """Whom a key speaks for."""

    id: UUID
    slug: str
    name: NamesReply


class OwnKeyReply(Reply):
    """What the key that asks is good for."""

    id: UUID
    name: str
    organisation: KeyOrganisationReply
    scopes: list[str]
    expires_at: datetime | None
