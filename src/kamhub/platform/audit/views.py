"""Lines of the log as JSON of the HTTP contract, and for the eye."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from kamhub.kit.text import Locale
from kamhub.platform.access.permissions import as_role
from kamhub.platform.audit.types import AuditEvent
from kamhub.platform.audit.words import field_name, sentence, value_text
from kamhub.platform.i18n.formats import Formats
from kamhub.platform.organisation.words import role_names


@dataclass(frozen=True, slots=True)
class Change:
    """A field, and what it was before and after; None where there was nothing."""

    name: str
    before: str | None
    after: str | None


@dataclass(frozen=True, slots=True)
class Line:
    """A line as a person reads it; ``at`` is in the organisation's zone."""

    event: AuditEvent
    sentence: str
    at: datetime
    changes: tuple[Change, ...]


def event_json(event: AuditEvent) -> dict[str, object]:
    """A line."""
    trail = event.trail
    return {
        "id": event.id,
        "at": event.at,
        "actor": {"kind": trail.actor_kind, "id": trail.actor_id, "name": trail.actor_name},
        "action": event.action,
        "object": {"kind": event.object_kind, "id": event.object_id},
        "before": event.before,
        "after": event.after,
        "address": trail.address,
        "user_agent": trail.user_agent,
        "request_id": trail.request_id,
    }


def line_of(event: AuditEvent, locale: Locale, zone: ZoneInfo) -> Line:
    """A line in that language and zone."""
    return Line(event, sentence(event.action, locale), event.at.astimezone(zone), _changes(event, locale, zone))


def _changes(event: AuditEvent, locale: Locale, zone: ZoneInfo) -> tuple[Change, ...]:
    before, after = event.before or {}, event.after or {}
    return tuple(
        Change(field_name(name, locale), _told(before, name, locale, zone), _told(after, name, locale, zone))
        for name in {**before, **after}
    )


def _told(facts: Mapping[str, object], name: str, locale: Locale, zone: ZoneInfo) -> str | None:
    if name not in facts:
        return None
    value = facts[name]
    moment = _moment(value) if name.endswith("_at") else None
    if moment is not None:
        formats, local = Formats(locale), moment.astimezone(zone)
        return f"{formats.day_with_year(local)}, {formats.time(local)} ({formats.offset(local)})"
    role = as_role(value) if name == "role" else None
    return role_names(locale)[role] if role is not None else value_text(value, locale)


def _moment(value: object) -> datetime | None:
    try:
        moment = datetime.fromisoformat(value) if isinstance(value, str) else None
    except ValueError:
        return None
    return moment if moment is not None and moment.tzinfo is not None else None
