"""A link, and the refusal of one that is no good."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal
from uuid import UUID

from kamhub.kit.errors import Refusal
from kamhub.kit.text import mark

Purpose = Literal["password_reset", "email_confirmation"]


@dataclass(frozen=True, slots=True)
class MailedLink:
    """One link. Without a person it was asked for with an address that nobody has here."""

    id: UUID
    purpose: Purpose
    person_id: UUID | None
    created_at: datetime
    expires_at: datetime
    used_at: datetime | None


class LinkOver(Refusal):
    """A link that is unknown, used or too old; the reader is not told which."""

    code = "link_over"
    status = 410
    title = mark("This link has been used or is too old; ask for a new one")
