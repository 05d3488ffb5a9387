"""One message on its way out.

Mail is sent at least once: a crash between the server's answer and our mark sends the same mail again, with the same
Message-ID, so that the reader sees one. A messenger has nothing of the kind, and a short message costs money: there a try is
written down before the call, and one whose end nobody knows is never repeated by itself. Nobody is left untold by that: the
mail goes its own way, and what is urgent and did not arrive in a chat goes as a short message.
"""

from __future__ import annotations

import asyncio
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Protocol
from urllib.parse import quote
from uuid import UUID

import structlog

from kamhub.hub.booking.actions import load as load_booking
from kamhub.hub.booking.tokens import BookingAccess
from kamhub.hub.booking.types import Booking, BookingNotFound
from kamhub.hub.notice import rules
from kamhub.hub.notice.actions.telling import tell_by_sms
from kamhub.hub.notice.rendering import render
from kamhub.hub.notice.sms import SmsRefused, sms_service
from kamhub.hub.notice.store import chats, outbox, settings, templates
from kamhub.hub.notice.telegram import TelegramBlocked, TelegramBot, TelegramLater, TelegramRefused
from kamhub.hub.notice.types import AttemptOutcome, Message, Rendered, Template, TemplateKey, Ways
from kamhub.hub.services import Hub
from kamhub.hub.ticket.actions import ticket_ics, ticket_pdf
from kamhub.platform.database.pool import Connection
from kamhub.platform.job.run import Run
from kamhub.platform.job.types import DONE, GiveUp, Outcome, TryAgain
from kamhub.platform.mail.types import Attachment, MailMessage, MailRefused, MailTransport
from kamhub.platform.outbound.client import OutboundClient
from kamhub.platform.outbound.types import AnswerLost, NotReached
from kamhub.platform.service_call.types import Service
from kamhub.platform.settings import Settings

_log = structlog.get_logger("kamhub.notice")

# Tickets are drawn one at a time: drawing needs the processor alone, so two at once are no faster, and every one more takes
# it from the jobs that settle bookings meanwhile.
_press = ThreadPoolExecutor(max_workers=1, thread_name_prefix="press")


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

    @property
    def settings(self) -> Settings:
        """Where other systems are."""
        ...


@dataclass(frozen=True, slots=True)
class _Task:
    """A message with all that is needed to send it."""

    run: Run[NoticeContext]
    message: Message
    booking: Booking
    own: Template | None
    ways: Ways

    @property
    def hub(self) -> Hub:
        return self.run.context.hub

    @property
    def page(self) -> str:
        return f"{self.hub.public_url}/booking/{self.booking.id}"

    def rendered(self, page_url: str) -> Rendered:
        message = self.message
        key = TemplateKey(message.kind, message.channel, message.locale)
        return render(key, self.booking, page_url, message.facts, self.own)


async def send(run: Run[NoticeContext], *, message_id: str) -> Outcome:
    """Send one message and mark it as sent; nothing when it was, or when it is not true any more."""
    hub, organisation = run.context.hub, run.organisation
    async with run.transaction() as connection:
        message = await outbox.load(connection, organisation, UUID(message_id))
        if message is None or message.sent_at is not None:
            return DONE
        key = TemplateKey(message.kind, message.channel, message.locale)
        own = await templates.template(connection, organisation, key)
        ways = await settings.ways(connection, organisation)
    now = hub.clock.now()
    if message.send_after is not None and message.send_after > now:
        return TryAgain(message.send_after, "quiet hours")
    try:
        booking = await load_booking(hub, BookingAccess(organisation, message.booking_id, actor="system"))
    except BookingNotFound:
        return GiveUp("the booking of this message is gone")
    if rules.is_overtaken(message, booking, now):
        _log.info("notice overtaken", kind=message.kind, booking=str(booking.id), status=booking.status)
        async with run.transaction() as connection:
            await outbox.discard(connection, organisation, message.id)
            return await run.finish(connection)
    if rules.waits_for_payment_link(message.kind, booking) and now - message.created_at < rules.LINK_PATIENCE:
        return TryAgain(now + rules.LINK_LOOK, "the payment link is being asked for")
    task = _Task(run, message, booking, own, ways)
    return await (_by_mail(task) if message.channel == "email" else _by_messenger(task))


async def _by_mail(task: _Task) -> Outcome:
    run = task.run
    mail = await asyncio.get_running_loop().run_in_executor(_press, write_mail, task)
    try:
        await run.context.mail.send(mail)
    except MailRefused as error:
        await task.hub.calls.answered(
            run.organisation, "email"
        )  # the server is there; it is this mail it will not take
        await _note(task, "refused", str(error), for_good=True)
        return GiveUp(str(error), error)
    except Exception as error:
        await task.hub.calls.failed(run.organisation, "email", type(error).__name__)
        await _note(task, "failed", type(error).__name__, for_good=_is_last(run))
        raise
    await task.hub.calls.answered(run.organisation, "email")
    async with run.transaction() as connection:
        await outbox.add_attempt(connection, task.message, task.hub.clock.now(), "sent")
        await _mark_sent(task, connection)
        return await run.finish(connection)


def write_mail(task: _Task) -> MailMessage:
    """The mail of a message; with the ticket attached when it tells of one."""
    message, booking, hub = task.message, task.booking, task.hub
    token = hub.tokens.issue(booking.organisation_id, booking.id)
    notice = task.rendered(f"{task.page}?token={quote(token)}")
    attachments: tuple[Attachment, ...] = ()
    if message.kind in {"confirmed", "moved"} and booking.status in {"confirmed", "redeemed"}:
        pdf, ics = ticket_pdf(booking, message.locale, task.page), ticket_ics(booking, message.locale, task.page)
        attachments = (
            Attachment(f"{booking.code}.pdf", "application/pdf", pdf),
            Attachment(f"{booking.code}.ics", "text/calendar; charset=utf-8; method=PUBLISH", ics),
        )
    return MailMessage(
        message_id=message.id,
        created_at=message.created_at,
        recipient=message.recipient,
        subject=notice.subject,
        text=notice.text,
        html=notice.html,
        attachments=attachments,
        sender_name=task.ways.sender_name,
        reply_to=task.ways.reply_to,
    )


async def _by_messenger(task: _Task) -> Outcome:
    """At most once: the try is written down first, and what came of it afterwards."""
    run, message = task.run, task.message
    async with run.transaction() as connection:
        if await outbox.settle_attempt(connection, message, "unknown", "the program ended before the answer came"):
            await outbox.mark_failed(connection, message, task.hub.clock.now())
            await tell_by_sms(connection, message, task.hub.clock.now())
            return await run.finish(connection)
        await outbox.add_attempt(connection, message, task.hub.clock.now(), "started")
    try:
        await _call(task)
    except TelegramLater as later:
        await _note_call(task, later)
        await _settle(task, "postponed", str(later))
        return TryAgain(later.due(task.hub.clock.now()), str(later))
    except (TelegramBlocked, TelegramRefused, SmsRefused) as error:
        await _note_call(task, error)
        return await _end(task, "refused", error)
    except AnswerLost as error:
        await _note_call(task, error)
        return await _end(task, "unknown", error)
    except Exception as error:
        await _note_call(task, error)
        sure = isinstance(error, NotReached)
        await _settle(task, "failed", str(error) if sure else type(error).__name__, for_good=_is_last(run))
        raise
    await _note_call(task, None)
    async with run.transaction() as connection:
        await outbox.settle_attempt(connection, message, "sent")
        await _mark_sent(task, connection)
        return await run.finish(connection)


async def _call(task: _Task) -> None:
    context, ways, keys = task.run.context, task.ways, task.hub.keys
    token = task.hub.tokens.issue(task.booking.organisation_id, task.booking.id)
    notice = task.rendered(f"{task.page}?token={quote(token)}")
    if task.message.channel == "telegram":
        if ways.telegram_token is None:
            raise TelegramRefused("the bot was taken away")
        async with OutboundClient(context.settings.telegram_api_url) as client:
            bot = TelegramBot(client, keys.decrypt(ways.telegram_token))
            await bot.send(int(task.message.recipient), notice.text, notice.html, notice.buttons)
    elif ways.sms_provider is None or ways.sms_key is None:
        raise SmsRefused("the service for short messages was taken away")
    else:
        async with OutboundClient(context.settings.sms_api_url) as client:
            service = sms_service(ways.sms_provider, client, keys.decrypt(ways.sms_key), ways.sms_sender)
            await service.send(task.message.recipient, notice.text)


async def _note_call(task: _Task, error: Exception | None) -> None:
    """How the messenger itself is: one that says no to a chat, or asks to wait, works."""
    service: Service = "telegram" if task.message.channel == "telegram" else "sms"
    if error is None or isinstance(error, TelegramBlocked | TelegramLater):
        await task.hub.calls.answered(task.run.organisation, service)
        return
    said = isinstance(error, TelegramRefused | SmsRefused | AnswerLost | NotReached)
    await task.hub.calls.failed(task.run.organisation, service, str(error) if said else type(error).__name__)


async def _end(task: _Task, outcome: AttemptOutcome, error: Exception) -> Outcome:
    """It does not go out this way. What nobody knows the end of is no dead letter: running it again could send it twice."""
    run, message, now = task.run, task.message, task.hub.clock.now()
    async with run.transaction() as connection:
        await outbox.settle_attempt(connection, message, outcome, str(error))
        await outbox.mark_failed(connection, message, now)
        if message.channel == "telegram":
            if isinstance(error, TelegramBlocked):
                await chats.unlink_chat(connection, message.organisation_id, int(message.recipient))
            await tell_by_sms(connection, message, now)
        if outcome == "unknown" or isinstance(error, TelegramBlocked):
            return await run.finish(connection)
    return GiveUp(str(error), error)


async def _mark_sent(task: _Task, connection: Connection) -> None:
    """What was said is kept without the right to the booking in its links."""
    said = task.rendered(task.page)
    await outbox.mark_sent(connection, task.message, task.hub.clock.now(), said.subject, said.text)


async def _note(task: _Task, outcome: AttemptOutcome, error: str, *, for_good: bool) -> None:
    """Write a try down that did not go well."""
    now = task.hub.clock.now()
    async with task.run.transaction() as connection:
        await outbox.add_attempt(connection, task.message, now, outcome, error)
        if for_good:
            await outbox.mark_failed(connection, task.message, now)


async def _settle(task: _Task, outcome: AttemptOutcome, error: str, *, for_good: bool = False) -> None:
    now = task.hub.clock.now()
    async with task.run.transaction() as connection:
        await outbox.settle_attempt(connection, task.message, outcome, error)
        if for_good:
            await outbox.mark_failed(connection, task.message, now)
            if task.message.channel == "telegram":
                await tell_by_sms(connection, task.message, now)


def _is_last(run: Run[NoticeContext]) -> bool:
    """Whether a failure of this run is the last one its retry rule allows."""
    return run.failures + 1 >= run.job.retry.attempts
