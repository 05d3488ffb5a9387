"""What a mail is."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Protocol
from uuid import UUID


class MailRefused(Exception):
    """This mail can never be delivered: the address is impossible or the server said no for good."""


@dataclass(frozen=True, slots=True)
class Attachment:
    """A file. ``media_type`` is such as ``application/pdf``, with parameters if it has any."""

    name: str
    media_type: str
    content: bytes


@dataclass(frozen=True, slots=True)
class MailMessage:
    """One mail to one person.

    ``message_id`` and ``created_at`` are those of the message being sent, not of this attempt: a repeat makes
    the same mail, which mail programs show once and the folder keeps once. ``sender_name`` stands before the
    installation's own address, ``reply_to`` is where an answer goes.
    """

    message_id: UUID
    created_at: datetime
    recipient: str
    subject: str
    text: str
    html: str | None = None
    attachments: tuple[Attachment, ...] = ()
    sender_name: str | None = None
    reply_to: str | None = None


class MailTransport(Protocol):
    """A way out."""

    async def send(self, message: MailMessage) -> None:
        """Hand the mail over. Raises ``MailRefused`` for good, anything else when trying again may help."""
        ...


@dataclass(frozen=True, slots=True)
class StoredMail:
    """A mail in the folder, for reading. ``text`` is its plain text; the HTML is left out."""

    name: str
    sender: str
    recipient: str
    subject: str
    date: datetime
    text: str
    attachments: tuple[str, ...]
