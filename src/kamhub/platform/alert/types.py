"""What an alert is."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal, TypeAlias

from kamhub.kit.text import Locale

# The ways an alert is told, and what of it.
Channel: TypeAlias = Literal["telegram", "mail"]
CHANNELS: tuple[Channel, ...] = ("telegram", "mail")
Moment: TypeAlias = Literal["raised", "recovered"]


@dataclass(frozen=True, slots=True)
class AlertKind:
    """Something that can be wrong. ``name`` is such as ``backup.failed``; the sentences are marked for translation.

    ``wrong`` and ``well`` may use the facts of an alert as ``%(name)s``; ``runbook`` is a page of the documentation.
    """

    name: str
    wrong: str
    well: str
    runbook: str


@dataclass(frozen=True, slots=True)
class Alert:
    """An alert as it is kept. ``recovered_at`` is None while it is wrong."""

    kind: str
    about: str
    facts: Mapping[str, str]
    raised_at: datetime
    told_at: datetime
    times: int
    recovered_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Recipients:
    """Whom alerts go to; none is possible, then they are only kept and logged."""

    mail: tuple[str, ...] = ()
    telegram_url: str = ""
    telegram_chat: str | None = None
    telegram_token: str | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class Alerting:
    """How this installation tells alerts: whom, which kinds there are by name, how it is called, in which language."""

    recipients: Recipients
    kinds: Mapping[str, AlertKind]
    public_url: str
    locale: Locale


class AlertNotSent(Exception):
    """A way out refuses or cannot be reached; trying again may help."""
