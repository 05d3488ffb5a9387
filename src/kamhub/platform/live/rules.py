"""How a change is written: between processes, and to whoever watches."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping
from uuid import UUID

from kamhub.platform.live.types import RESYNC, Change

# Of one organisation at a time: more of them say no more than that everything is to be looked at again.
MOST_APART = 100
# Who hears of what: the right that reading it asks for.
TOPICS: Mapping[str, str] = {"departure": "departures.read", "asset": "knowledge.read"}
BEAT = b": still here\n\n"


def topics_of(permissions: Collection[str]) -> frozenset[str]:
    """The topics that somebody with these rights is told of."""
    return frozenset(topic for topic, permission in TOPICS.items() if permission in permissions)


def payload(organisation_id: UUID, change: Change) -> str:
    """As it goes between processes; far below the 8000 bytes that a notification holds."""
    return json.dumps(
        {"organisation": str(organisation_id), "topic": change.topic, "id": str(change.id) if change.id else None}
    )


def read_payload(text: str) -> tuple[UUID, Change] | None:
    """Whose it is and what; None for what we have not written."""
    try:
        told = json.loads(text)
        number = told["id"]
        return UUID(told["organisation"]), Change(str(told["topic"]), UUID(number) if number else None)
    except (ValueError, TypeError, KeyError, AttributeError):
        return None


def payloads(changed: Mapping[UUID, Collection[Change]]) -> list[str]:
    """One text a change; of an organisation with very many, one that stands for all."""
    texts: list[str] = []
    for organisation_id, changes in changed.items():
        told = changes if len(changes) <= MOST_APART else [RESYNC]
        texts += [payload(organisation_id, change) for change in told]
    return texts


def as_event(change: Change) -> bytes:
    """As a server-sent event: its name is the topic, its data a JSON object."""
    return f"event: {change.topic}\ndata: {as_json(change)}\n\n".encode()


def as_json(change: Change) -> str:
    """``topic`` and ``id``."""
    return json.dumps({"topic": change.topic, "id": str(change.id) if change.id else None})
