"""Sending what was written."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import Protocol
from urllib.parse import quote
from uuid import UUID

import structlog

from kamhub.hub.booking.actions import load as load_booking
from kamhub.hub.booking.tokens import BookingAccess
from kamhub.hub.booking.types import Booking, BookingNotFound
from kamhub.hub.notice import rules, store
from kamhub.hub.notice.actions import SEND
from kamhub.hub.notice.types import Message
from kamhub.hub.services import Hub
from kamhub.hub.ticket.actions import ticket_ics, ticket_pdf
from kamhub.platform.job.run import Run
from kamhub.platform.job.types import DONE, GiveUp, Job, Outcome, Retry
from kamhub.platform.mail.letter import as_html, as_text
from kamhub.platform.mail.types import Attachment, MailMessage, MailRefused, MailTransport

_log = structlog.get_logger("kamhub.notice")

_LINK_LOOKS = 4  # a second apart: the payment link is asked for after the hold is saved, and takes a moment


class NoticeContext(Protocol):
    """What the jobs here need."""

    @property
    def hub(self) -> Hub:
        """The services of the hub."""
        ...

    @property
    def mail(self) -> MailTransport:
        """The way out."""
        ...


async def send(run: Run[NoticeContext], *, message_id: str) -> Outcome:
    """Send one message and mark it as sent; nothing when it was, or when it is not true any more.

    A crash between the two sends it again: with the same Message-ID, so that the reader sees one.
    """
    hub, organisation, number = run.context.hub, run.organisation, UUID(message_id)
    async with run.transaction() as connection:
        message = await store.load(connection, organisation, number)
    if message is None or message.sent_at is not None:
        return DONE
    booking = await _booking_of(hub, message)
    if booking is None:
        return GiveUp("the booking of this message is gone")
    if not rules.still_true(message.kind, booking.status):
        _log.info("notice overtaken", kind=message.kind, booking=str(booking.id), status=booking.status)
        async with run.transaction() as connection:
            await store.discard(connection, organisation, number)
            return await run.finish(connection)
    mail = await asyncio.to_thread(write_mail, hub, message, booking)
    try:
        await run.context.mail.send(mail)
    except MailRefused as error:
        return GiveUp(str(error), error)
    async with run.transaction() as connection:
        await store.mark_sent(connection, organisation, number, hub.clock.now())
        return await run.finish(connection)


def write_mail(hub: Hub, message: Message, booking: Booking) -> MailMessage:
    """The mail of a message; with the ticket attached when the booking is confirmed."""
    token = hub.tokens.issue(booking.organisation_id, booking.id)
    page = f"{hub.public_url}/booking/{booking.id}"
    notice = rules.compose(message.kind, booking, message.locale, f"{page}?token={quote(token)}")
    attachments: tuple[Attachment, ...] = ()
    if message.kind == "confirmed":
        pdf, ics = ticket_pdf(booking, message.locale, page), ticket_ics(booking, message.locale, page)
        attachments = (
            Attachment(f"{booking.code}.pdf", "application/pdf", pdf),
            Attachment(f"{booking.code}.ics", "text/calendar; charset=utf-8; method=PUBLISH", ics),
        )
    return MailMessage(
        message_id=message.id,
        created_at=message.created_at,
        recipient=message.recipient,
        subject=notice.subject,
        text=as_text(notice),
        html=as_html(notice, message.locale),
        attachments=attachments,
    )


async def _booking_of(hub: Hub, message: Message) -> Booking | None:
    access = BookingAccess(message.organisation_id, message.booking_id, actor="system")
    try:
        booking = await load_booking(hub, access)
        for _look in range(_LINK_LOOKS):
            if not rules.waits_for_payment_link(message.kind, booking):
                break
            await asyncio.sleep(1)
            booking = await load_booking(hub, access)
    except BookingNotFound:
        return None
    return booking


# A mail server that is down for a night must not cost a traveller the ticket: about nine hours of trying.
JOBS: tuple[Job[NoticeContext], ...] = (
    Job(
        SEND,
        run=send,
        timeout=timedelta(seconds=60),
        retry=Retry(attempts=40, first=timedelta(seconds=2), longest=timedelta(minutes=30)),
        kept=timedelta(days=30),
    ),
)
