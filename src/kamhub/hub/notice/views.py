"""Messages, words and settings as JSON of the HTTP contract."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import time

from kamhub.hub.notice.types import Attempt, LoggedMessage, NoticeSettings, Rendered, Template, TemplateKey

MESSAGE_COLUMNS = (
    "id",
    "created_at",
    "booking",
    "kind",
    "channel",
    "locale",
    "recipient",
    "status",
    "sent_at",
    "failed_at",
)


def message_json(message: LoggedMessage) -> dict[str, object]:
    """A line of the log."""
    return {
        "id": message.id,
        "booking_id": message.booking_id,
        "booking_code": message.booking_code,
        "kind": message.kind,
        "channel": message.channel,
        "locale": message.locale,
        "recipient": message.recipient,
        "status": message.status,
        "created_at": message.created_at,
        "send_after": message.send_after,
        "sent_at": message.sent_at,
        "failed_at": message.failed_at,
    }


def message_cells(message: LoggedMessage) -> tuple[object, ...]:
    """The same for a spreadsheet, in the order of ``MESSAGE_COLUMNS``."""
    moments = (message.sent_at, message.failed_at)
    sent, failed = (at.isoformat() if at else None for at in moments)
    return (
        message.id, message.created_at.isoformat(), message.booking_code, message.kind, message.channel, message.locale,
        message.recipient, message.status, sent, failed,
    )  # fmt: skip


def detail_json(message: LoggedMessage, tries: Sequence[Attempt], now: Rendered | None) -> dict[str, object]:
    """A message with what it said (or would say now) and every try to send it."""
    return {
        **message_json(message),
        "subject": message.subject if now is None else now.subject,
        "text": message.body if now is None else now.text,
        "attempts": [{"at": one.at, "outcome": one.outcome, "error": one.error} for one in tries],
    }


def template_json(key: TemplateKey, words: Template) -> dict[str, object]:
    """The words of one message."""
    return {
        "kind": key.kind,
        "channel": key.channel,
        "locale": key.locale,
        "own": words.version > 0,
        "subject": words.subject,
        "body": words.body,
        "version": words.version,
    }


def rendered_json(rendered: Rendered) -> dict[str, object]:
    """How a message looks."""
    return {
        "subject": rendered.subject,
        "text": rendered.text,
        "html": rendered.html,
        "buttons": [{"text": button.text, "url": button.url} for button in rendered.buttons],
    }


def settings_json(settings: NoticeSettings) -> dict[str, object]:
    """The settings without the secrets."""
    return {
        "sender_name": settings.sender_name,
        "reply_to": settings.reply_to,
        "quiet_from": _clock(settings.quiet_from),
        "quiet_to": _clock(settings.quiet_to),
        "has_telegram": settings.has_telegram,
        "telegram_bot": settings.telegram_bot,
        "telegram_error": settings.telegram_error,
        "sms_provider": settings.sms_provider,
        "has_sms_key": settings.has_sms_key,
        "sms_sender": settings.sms_sender,
        "reviews": settings.reviews,
        "version": settings.version,
    }


def _clock(at: time | None) -> str | None:
    return None if at is None else f"{at:%H:%M}"
