"""What is told of messages, as the API documents it; made by ``views``."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from kamhub.hub.notice.types import AttemptOutcome, MessageChannel, MessageKind, MessageStatus, SmsProvider
from kamhub.kit.text import Locale
from kamhub.platform.web.schemas import ListReply, Reply


class MessageReply(Reply):
    """A message to a traveller. ``recipient`` is an e-mail address, the number of a chat, or a phone; ``erased`` when gone."""

    id: UUID
    booking_id: UUID
    booking_code: str
    kind: MessageKind
    channel: MessageChannel
    locale: Locale
    recipient: str
    status: MessageStatus
    created_at: datetime
    send_after: datetime | None
    sent_at: datetime | None
    failed_at: datetime | None


class MessageListReply(ListReply[MessageReply]):
    """Messages, the newest first; counted up to ten thousand."""


class MessageAttemptReply(Reply):
    """A try. ``unknown``: nobody knows whether it arrived, so it is not repeated by itself."""

    at: datetime
    outcome: AttemptOutcome
    error: str | None


class MessageDetailReply(MessageReply):
    """A message with what it said, or would say now; without the right to the booking in its links."""

    subject: str | None
    text: str | None
    attempts: list[MessageAttemptReply]


class ResentReply(Reply):
    """The message that goes out now."""

    id: UUID


class MessageTemplateReply(Reply):
    """The words of a message; those of the product (``own`` false, ``version`` 0) are filled from a sample."""

    kind: MessageKind
    channel: MessageChannel
    locale: Locale
    own: bool
    subject: str
    body: str
    version: int


class MessageTemplateListReply(ListReply[MessageTemplateReply]):
    """Every message there is; ``placeholders`` may stand in braces in one's own words."""

    placeholders: list[str]


class MessageButtonReply(Reply):
    """Something to follow."""

    text: str
    url: str


class MessagePreviewReply(Reply):
    """How a message looks; ``html`` where its way has that."""

    subject: str
    text: str
    html: str | None
    buttons: list[MessageButtonReply]


class NoticeSettingsReply(Reply):
    """How the organisation speaks. Secrets are told to nobody again: only whether there are any."""

    sender_name: str | None
    reply_to: str | None
    quiet_from: str | None
    quiet_to: str | None
    has_telegram: bool
    telegram_bot: str | None
    telegram_error: str | None
    sms_provider: SmsProvider | None
    has_sms_key: bool
    sms_sender: str | None
    reviews: bool
    version: int


class BotReply(Reply):
    """The one call that our answer carries for the bot; empty for none."""

    method: str | None = None
    chat_id: int | None = None
    text: str | None = None
