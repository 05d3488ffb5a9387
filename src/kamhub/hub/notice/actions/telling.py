"""Telling the traveller."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from uuid import UUID

from kamhub.hub.notice import rules
from kamhub.hub.notice.store import outbox
from kamhub.hub.notice.types import Message, MessageChannel, MessageKind
from kamhub.kit.ids import new_id
from kamhub.kit.text import Locale
from kamhub.platform.database.pool import Connection
from kamhub.platform.job.queue import enqueue
from kamhub.platform.job.types import Kind, Queue

SEND = Kind("notice.send", Queue.NOTICES, "tenant", frozenset({"message_id"}))


async def tell(
    connection: Connection,
    *,
    organisation_id: UUID,
    booking_id: UUID,
    kind: MessageKind,
    locale: Locale,
    recipient: str,
    now: datetime,
    occasion: str = "",
    facts: Mapping[str, str] | None = None,
    not_before: datetime | None = None,
) -> None:
    """Write a message for each way the traveller can be reached by, and the jobs that send them, in the caller's transaction.

    Once a booking, kind, way and occasion. ``recipient`` is an e-mail address. ``occasion`` tells two messages of one kind
    apart (the id of a move), ``facts`` are what only this message knows (see ``letters.compose``). Mails of one booking go
    out in the order they were written; what waits for the end of quiet hours keeps nothing else waiting. ``not_before``:
    whoever writes hundreds at a time lets them go out when it is done writing.
    """
    reach = await outbox.reach(connection, organisation_id, booking_id)
    if reach is None:
        return
    later = rules.send_after(kind, reach, now)
    for channel, to in rules.ways(kind, recipient, reach):
        message = Message(
            organisation_id, new_id(), booking_id, kind, locale, to, now, None,
            channel=channel, occasion=occasion, facts=dict(facts or {}), send_after=later,
        )  # fmt: skip
        await put(connection, message, not_before)


async def tell_by_sms(connection: Connection, message: Message, now: datetime) -> None:
    """Write what a messenger did not bring as a short message, when it is worth one and the operator has that way."""
    if message.kind not in rules.BY_SMS:
        return
    reach = await outbox.reach(connection, message.organisation_id, message.booking_id)
    if reach is None or reach.phone is None:
        return
    instead = Message(
        message.organisation_id, new_id(), message.booking_id, message.kind, message.locale, reach.phone, now, None,
        channel="sms", occasion=message.occasion, facts=message.facts,
    )  # fmt: skip
    await put(connection, instead)


async def put(connection: Connection, message: Message, not_before: datetime | None = None) -> bool:
    """Write one message and its job; False when that was done before."""
    if not await outbox.add(connection, message):
        return False
    await enqueue(
        connection,
        SEND,
        organisation_id=message.organisation_id,
        lock=_turn(message.channel, message),
        run_at=message.send_after or not_before,
        message_id=str(message.id),
    )
    return True


def _turn(channel: MessageChannel, message: Message) -> str:
    """With what it goes out one after another: no way waits for another one, and nobody for what is put off."""
    if message.send_after is not None:
        return f"message:{message.id}"
    return f"booking:{message.booking_id}" + ("" if channel == "email" else f":{channel}")
