"""What of an object may be written down, and how lines leave the house."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from kamhub.platform.audit.types import AuditEvent, Facts

MASK = "•••"
_SECRET_WORDS = ("password", "secret", "token", "key_hash", "code_hash", "api_key", "authorization", "cookie")

# How a spreadsheet knows a formula (OWASP, CSV injection).
_FORMULA_BEGINNINGS = ("=", "+", "-", "@", "\t", "\r", "\n")
COLUMNS = (
    "at",
    "actor_kind",
    "actor_id",
    "actor_name",
    "action",
    "object_kind",
    "object_id",
    "before",
    "after",
    "address",
    "user_agent",
    "request_id",
    "id",
)


def masked(facts: Mapping[str, object] | None) -> Facts | None:
    """The same with the value of every field that names a secret hidden, at any depth."""
    if facts is None:
        return None
    return {name: MASK if _names_a_secret(name) else _masked_value(value) for name, value in facts.items()}


def changed(before: Mapping[str, object], after: Mapping[str, object]) -> tuple[Facts, Facts]:
    """Of two states of one object, the fields that differ."""
    fields = [name for name in {**before, **after} if before.get(name) != after.get(name)]
    return {name: before.get(name) for name in fields}, {name: after.get(name) for name in fields}


def _names_a_secret(name: str) -> bool:
    return any(word in name.lower() for word in _SECRET_WORDS)


def _masked_value(value: object) -> object:
    if isinstance(value, Mapping):
        return masked(value)
    if isinstance(value, list | tuple):
        return [_masked_value(item) for item in value]
    return value


def cells(event: AuditEvent) -> list[str]:
    """A line as text for a spreadsheet, in the order of ``COLUMNS``; nothing in it can become a formula."""
    trail = event.trail
    values = (
        event.at.isoformat(),
        trail.actor_kind,
        trail.actor_id,
        trail.actor_name,
        event.action,
        event.object_kind,
        event.object_id,
        None if event.before is None else json.dumps(event.before, ensure_ascii=False),
        None if event.after is None else json.dumps(event.after, ensure_ascii=False),
        trail.address,
        trail.user_agent,
        trail.request_id,
        event.id,
    )
    return ["" if value is None else harmless(str(value)) for value in values]


def harmless(cell: str) -> str:
    """The same text, with an apostrophe before what a spreadsheet would carry out."""
    return f"'{cell}" if cell.startswith(_FORMULA_BEGINNINGS) else cell


def beginning(bound: date | datetime | None, zone: ZoneInfo) -> datetime | None:
    """Where lines begin that are asked for from that moment, or from that day of the organisation's."""
    if bound is None or isinstance(bound, datetime):
        return bound
    return datetime.combine(bound, time(), zone)


def end(bound: date | datetime | None, zone: ZoneInfo) -> datetime | None:
    """Where they end: before that moment, or with that day."""
    if bound is None or isinstance(bound, datetime):
        return bound
    return datetime.combine(bound + timedelta(days=1), time(), zone)
