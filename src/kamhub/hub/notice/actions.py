"""Telling the traveller."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from kamhub.hub.notice import store
from kamhub.hub.notice.types import Message, MessageKind
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
) -> None:
    """Write a message and the job that sends it, in the caller's transaction; once a booking and kind.

    ``recipient`` is an e-mail address. Messages of one booking go out in the order they were written.
    """
    message = Message(organisation_id, new_id(), booking_id, kind, locale, recipient, now, None)
    if await store.add(connection, message):
        await enqueue(
            connection,
            SEND,
            organisation_id=organisation_id,
            lock=f"booking:{booking_id}",
            message_id=str(message.id),
        )
