"""What a traveller is told, when, and by which way."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, time
from typing import Literal
from uuid import UUID

from kamhub.kit.errors import Refusal
from kamhub.kit.text import Locale, mark
from kamhub.platform.mail.letter import Button

MessageKind = Literal[
    "held",
    "paid",
    "confirmed",
    "reminder_day",
    "reminder_soon",
    "changed",
    "cancelled",
    "rejected",
    "money_returned",
    "disrupted",
    "moved",
    "seats_offered",
    "payment_link",
    "review_request",
]
MessageChannel = Literal["email", "telegram", "sms"]
MessageStatus = Literal["waiting", "sent", "failed"]
AttemptOutcome = Literal["started", "sent", "postponed", "failed", "refused", "unknown"]
SmsProvider = Literal["sms_ru"]


@dataclass(frozen=True, slots=True)
class Message:
    """One row of the outbox. ``recipient`` is an e-mail address, the number of a chat, or a phone."""

    organisation_id: UUID
    id: UUID
    booking_id: UUID
    kind: MessageKind
    locale: Locale
    recipient: str
    created_at: datetime
    sent_at: datetime | None
    channel: MessageChannel = "email"
    occasion: str = ""
    facts: Mapping[str, str] = field(default_factory=dict)
    send_after: datetime | None = None


@dataclass(frozen=True, slots=True)
class LoggedMessage:
    """A message as the log shows it; ``subject`` and ``body`` are what was sent, None before and after erasure."""

    id: UUID
    booking_id: UUID
    booking_code: str
    kind: MessageKind
    channel: MessageChannel
    locale: Locale
    recipient: str
    created_at: datetime
    send_after: datetime | None
    sent_at: datetime | None
    failed_at: datetime | None
    subject: str | None
    body: str | None

    @property
    def status(self) -> MessageStatus:
        """How it stands."""
        if self.sent_at is not None:
            return "sent"
        return "waiting" if self.failed_at is None else "failed"


@dataclass(frozen=True, slots=True)
class Attempt:
    """One try to send a message."""

    at: datetime
    outcome: AttemptOutcome
    error: str | None


@dataclass(frozen=True, slots=True)
class MessageQuery:
    """Which messages; what is None does not narrow. ``booking`` is the code or the id of one."""

    status: MessageStatus | None = None
    kind: MessageKind | None = None
    channel: MessageChannel | None = None
    booking: str | None = None


@dataclass(frozen=True, slots=True)
class Reach:
    """By which ways whoever booked can be told, and when they are not to be disturbed.

    ``chat_id`` and ``phone`` are None where the operator has no such way. ``departs_at`` is of their own stop.
    """

    chat_id: int | None
    phone: str | None
    quiet_from: time | None
    quiet_to: time | None
    time_zone: str
    departs_at: datetime


@dataclass(frozen=True, slots=True)
class Due:
    """A message that the clock asks for."""

    organisation_id: UUID
    booking_id: UUID
    locale: Locale
    recipient: str
    occasion: str
    facts: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class TemplateKey:
    """Which message an operator may put into their own words."""

    kind: MessageKind
    channel: MessageChannel
    locale: Locale


@dataclass(frozen=True, slots=True)
class Template:
    """An operator's own words. ``version`` counts the changes, 0 while the words are the product's."""

    subject: str
    body: str
    version: int = 0


@dataclass(frozen=True, slots=True)
class Rendered:
    """A message ready to go out. ``html`` is None where the way has none."""

    subject: str
    text: str
    html: str | None
    buttons: tuple[Button, ...] = ()


@dataclass(frozen=True, slots=True)
class Ways:
    """What sending needs of the settings of one organisation; secrets encrypted."""

    sender_name: str | None
    reply_to: str | None
    telegram_token: bytes | None
    sms_provider: SmsProvider | None
    sms_key: bytes | None
    sms_sender: str | None


@dataclass(frozen=True, slots=True)
class NoticeSettings:
    """How an organisation speaks to its travellers, without the secrets; ``version`` 0 is one that never said."""

    sender_name: str | None = None
    reply_to: str | None = None
    quiet_from: time | None = None
    quiet_to: time | None = None
    has_telegram: bool = False
    telegram_bot: str | None = None
    telegram_error: str | None = None
    sms_provider: SmsProvider | None = None
    has_sms_key: bool = False
    sms_sender: str | None = None
    reviews: bool = True
    version: int = 0


@dataclass(frozen=True, slots=True)
class Bot:
    """A bot that calls us: whose it is, and by which secret it is known (encrypted)."""

    organisation_id: UUID
    secret: bytes


class MessageNotFound(Refusal):
    """A message of another organisation, or none at all."""

    code = "message_not_found"
    status = 404
    title = mark("There is no such message")


class MessageWaits(Refusal):
    """A message that has not gone out yet cannot be sent again."""

    code = "message_waits"
    status = 409
    title = mark("This message has not gone out yet; it is tried by itself")


class MessageOvertaken(Refusal):
    """A message that does not hold any more, or whose recipient is gone."""

    code = "message_overtaken"
    status = 409
    title = mark("This message is not true any more, or nobody is there to get it")


class TemplateOwnMissing(Refusal):
    """There are no own words to take back."""

    code = "template_not_found"
    status = 404
    title = mark("This message speaks in the words of the hub already")


class BotUnknown(Refusal):
    """A call in the name of a bot that is not ours, or without its secret."""

    code = "bot_unknown"
    status = 401
    title = mark("This bot is not known here")
