"""Raising alerts and ending them, and telling of it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from uuid import UUID, uuid5

import structlog

from kamhub.kit.text import Locale
from kamhub.platform.alert import rules, store
from kamhub.platform.alert.types import (
    CHANNELS,
    Alert,
    AlertKind,
    AlertNotSent,
    Channel,
    Moment,
    Recipients,
)
from kamhub.platform.database.pool import Connection
from kamhub.platform.job.queue import enqueue
from kamhub.platform.job.types import Kind, Queue
from kamhub.platform.mail.letter import Letter, to_mail
from kamhub.platform.mail.types import MailTransport
from kamhub.platform.monitoring.masks import mask_text
from kamhub.platform.outbound.client import OutboundClient
from kamhub.platform.outbound.types import AnswerLost, NotReached

TELL = Kind("alert.tell", Queue.NOTICES, "system", frozenset({"kind", "about", "moment", "channel", "at"}), priority=5)
_log = structlog.get_logger("kamhub.alert")
_SPACE = UUID("6f1c1c0e-5a57-4c53-9d1e-0f4d8f3f6f11")  # of the ids of mails
_LONGEST_FACT = 300
_OK = 200


async def raise_alert(connection: Connection, kind: AlertKind, now: datetime, *, about: str = "", **facts: str) -> bool:
    """It is wrong (system scope, in the caller's transaction). Returns whether somebody is told, or it is only counted.

    ``about`` tells alerts of one kind apart; ``facts`` are shown, masked: identifiers and words, never personal data.
    """
    shown = _shown(facts)
    known = await store.lock(connection, kind.name, about)
    told = rules.is_told(known, now)
    if known is None or known.recovered_at is not None:
        await store.raise_anew(connection, kind.name, about, shown, now)
    else:
        await store.count_again(connection, kind.name, about, shown, now if told else None)
    if told:
        _log.error("alert", kind=kind.name, about=about)
        await _enqueue(connection, kind.name, about, "raised", now)
    return told


async def recover(connection: Connection, kind: AlertKind, now: datetime, *, about: str = "", **facts: str) -> bool:
    """It is well (system scope, in the caller's transaction). Returns whether it was wrong before, which is told.

    ``facts`` are those that the sentence of its end needs; those of its beginning are kept.
    """
    known = await store.find(connection, kind.name, about)
    if known is None or known.recovered_at is not None:
        return False
    known = await store.lock(connection, kind.name, about)
    if known is None or known.recovered_at is not None:
        return False
    await store.recover(connection, kind.name, about, {**known.facts, **_shown(facts)}, now)
    _log.info("alert over", kind=kind.name, about=about)
    await _enqueue(connection, kind.name, about, "recovered", now)
    return True


def _shown(facts: Mapping[str, str]) -> dict[str, str]:
    return {name: mask_text(text)[:_LONGEST_FACT] for name, text in facts.items()}


async def _enqueue(connection: Connection, kind: str, about: str, moment: Moment, now: datetime) -> None:
    for channel in CHANNELS:
        await enqueue(
            connection,
            TELL,
            lock=f"alert:{channel}:{kind}:{about}",  # raised is told before recovered
            kind=kind,
            about=about,
            moment=moment,
            channel=channel,
            at=now.isoformat(),
        )


async def tell(
    channel: Channel,
    kind: AlertKind,
    alert: Alert,
    moment: Moment,
    to: Recipients,
    mail: MailTransport,
    *,
    at: datetime,
    public_url: str,
    locale: Locale,
) -> None:
    """Send one alert one way; nothing happens when nobody is to be told that way. ``at`` makes a repeat the same mail.

    Raises ``AlertNotSent``, or what a mail server answers, when trying again may help.
    """
    subject, paragraphs = rules.words(kind, alert, moment, public_url, locale)
    if channel == "telegram":
        await _telegram(to, "\n\n".join((subject, *paragraphs)))
        return
    letter = Letter(subject=f"{subject} · Kamchatour Hub", heading=subject, paragraphs=paragraphs)
    for address in to.mail:
        message_id = uuid5(_SPACE, f"{kind.name}:{alert.about}:{moment}:{at.isoformat()}:{address}")
        await mail.send(to_mail(letter, locale, message_id=message_id, created_at=at, recipient=address))


async def _telegram(to: Recipients, text: str) -> None:
    if to.telegram_token is None or to.telegram_chat is None:
        return
    content = {"chat_id": to.telegram_chat, "text": text, "link_preview_options": {"is_disabled": True}}
    try:
        async with OutboundClient(to.telegram_url) as client:
            answer = await client.post(f"/bot{to.telegram_token}/sendMessage", content=content)
    except (NotReached, AnswerLost) as error:
        # A lost answer may mean two messages: better than none.
        raise AlertNotSent(str(error)) from None
    if answer.status != _OK:
        raise AlertNotSent(f"Telegram answered {answer.status}: {answer.body.get('description', '')}")
