"""Keys as JSON of the HTTP contract."""

from __future__ import annotations

from datetime import datetime

from kamhub.platform.api_key.rules import status_of
from kamhub.platform.api_key.types import ApiKey
from kamhub.platform.person.types import Organisation


def key_json(key: ApiKey, now: datetime) -> dict[str, object]:
    """A key as it stands now."""
    return {
        "id": key.id,
        "name": key.name,
        "hint": key.hint,
        "scopes": key.scopes,
        "status": status_of(key, now),
        "created_by": {"id": key.created_by, "name": key.maker},
        "created_at": key.created_at,
        "expires_at": key.expires_at,
        "last_used_at": key.last_used_at,
        "revoked_at": key.revoked_at,
    }


def own_key_json(key: ApiKey, organisation: Organisation) -> dict[str, object]:
    """A key as it is told about itself."""
    return {
        "id": key.id,
        "name": key.name,
        "organisation": {
            "id": organisation.id,
            "slug": organisation.slug,
            "name": organisation.name.as_json(),
        },
        "scopes": key.scopes,
        "expires_at": key.expires_at,
    }
