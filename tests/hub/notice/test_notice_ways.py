"""Messages on their way through messengers and real mail servers that are slow, fail, or lose their answers."""

from __future__ import annotations

import asyncio
import logging
from datetime import time, timedelta
from email import policy
from email.message import EmailMessage
from email.parser import BytesParser
from typing import Any

import pytest
from aiosmtpd.smtp import SMTP, Envelope, Session

from kamhub.hub.notice.actions.telling import SEND
from kamhub.hub.services import Hub
from kamhub.kit.clock import ManualClock
from kamhub.platform.job.queue import enqueue
from kamhub.platform.job.types import DONE, GiveUp, TryAgain
from kamhub.platform.mail.smtp import SmtpTransport
from kamhub.platform.mail.types import MailRefused
from kamhub.platform.outbound.client import OutboundClient
from kamhub.platform.outbound.types import NotReached
from tests.builders import World
from tests.hub.notice.messengers import HANG_UP, SLOW, Messengers, Reply, sms_says, telegram_says
from tests.hub.notice.support import (
    BOT_TOKEN,
    CHAT,
    SMS_KEY,
    Context,
    confirmed,
    rows_of,
    send_all,
    tell,
    tries_of,
    with_chat,
    with_ways,
)


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Calls out wait a moment only."""
    patient = OutboundClient.__init__
    monkeypatch.setattr(
        OutboundClient, "__init__", lambda self, url: patient(self, url, timeout_seconds=0.3, connect_seconds=0.3)
    )


async def test_a_linked_chat_is_told_beside_the_mail(
    context: Context, hub: Hub, world: World, services: Messengers
) -> None:
    held = await confirmed(hub, world)
    with_ways(hub, world, world.other, telegram=True, sms=True)
    with_chat(world, held)
    await tell(hub, held, "moved", facts={"old_departs_at": "2026-11-26T00:00:00+00:00"})
    await send_all(context)
    assert rows_of(world) == [("email", "moved", True, False), ("telegram", "moved", True, False)]
    [sent] = services.of("/sendMessage")
    assert sent["chat_id"] == CHAT
    assert sent["parse_mode"] == "HTML"
    assert sent["text"].startswith("<b>You travel on another departure</b>")
    assert held.booking.code in sent["text"]
    [[button]] = sent["reply_markup"]["inline_keyboard"]
    assert button["url"].startswith(f"http://hub.test/booking/{held.booking.id}?token=")
    assert services.calls[0].path == f"/bot{BOT_TOKEN}/sendMessage"
    assert tries_of(world, "telegram") == ["sent"]
    [mail] = context.mail.mails
    assert [file.name for file in mail.attachments] == [f"{held.booking.code}.pdf", f"{held.booking.code}.ics"]


async def test_what_is_urgent_goes_by_sms_where_there_is_no_chat(
    context: Context, hub: Hub, world: World, services: Messengers
) -> None:
    held = await confirmed(hub, world)
    with_ways(hub, world, world.other, telegram=True, sms=True)
    await tell(hub, held, "disrupted", facts={"weather": "1"})
    await tell(hub, held, "changed")
    await send_all(context)
    assert [row[:2] for row in rows_of(world)] == [("email", "disrupted"), ("sms", "disrupted"), ("email", "changed")]
    [sent] = services.of("/sms/send")
    assert sent["to"] == "79141234567"
    assert sent["api_id"] == SMS_KEY
    assert sent["from"] == "Kamchatour"
    assert sent["msg"].startswith("Your departure is cancelled because of the weather")
    assert f"/booking/{held.booking.id}/choice?token=" in sent["msg"]


async def test_nothing_goes_by_a_way_the_operator_has_not(
    context: Context, hub: Hub, world: World, services: Messengers
) -> None:
    held = await confirmed(hub, world)
    with_ways(hub, world, world.other)
    with_chat(world, held)
    await tell(hub, held, "disrupted")
    await send_all(context)
    assert rows_of(world) == [("email", "disrupted", True, False)]
    assert services.calls == []


async def test_too_many_messages_wait_as_long_as_asked(
    context: Context, hub: Hub, world: World, services: Messengers, clock: ManualClock
) -> None:
    held = await confirmed(hub, world)
    with_ways(hub, world, world.other, telegram=True)
    with_chat(world, held)
    await tell(hub, held, "changed")
    services.told = [telegram_says(429, "Too Many Requests: retry after 17", retry_after=17), Reply(429)]
    first = await send_all(context)
    assert TryAgain(clock.now() + timedelta(seconds=17), "Telegram asks to wait 17 s") in first
    [again] = await send_all(context)
    assert isinstance(again, TryAgain)
    assert again.at == clock.now() + timedelta(seconds=30), "who does not say how long is given half a minute"
    assert await send_all(context) == [DONE]
    assert tries_of(world, "telegram") == ["postponed", "postponed", "sent"]


async def test_marks_that_telegram_cannot_read_go_as_plain_text(
    context: Context, hub: Hub, world: World, services: Messengers
) -> None:
    held = await confirmed(hub, world)
    with_ways(hub, world, world.other, telegram=True)
    with_chat(world, held)
    await tell(hub, held, "changed", facts={"reason": "A <b>bridge & a road"})
    services.told = [telegram_says(400, "Bad Request: can't parse entities")]
    await send_all(context)
    rich, plain = services.of("/sendMessage")
    assert "A &lt;b&gt;bridge &amp; a road" in rich["text"]
    assert "A <b>bridge & a road" in plain["text"]
    assert "parse_mode" not in plain
    assert "reply_markup" not in plain
    assert f"/booking/{held.booking.id}?token=" in plain["text"]
    assert tries_of(world, "telegram") == ["sent"]


async def test_who_blocks_the_bot_is_written_to_no_more(
    context: Context, hub: Hub, world: World, services: Messengers
) -> None:
    held = await confirmed(hub, world)
    with_ways(hub, world, world.other, telegram=True, sms=True)
    with_chat(world, held)
    await tell(hub, held, "moved")
    services.told = [telegram_says(403, "Forbidden: bot was blocked by the user")]
    await send_all(context)
    assert world.rows("SELECT count(*) FROM telegram_chats") == [(0,)]
    await send_all(context)
    assert rows_of(world) == [
        ("email", "moved", True, False), ("telegram", "moved", False, True), ("sms", "moved", True, False),
    ]  # fmt: skip
    assert tries_of(world, "telegram") == ["refused"]


async def test_what_telegram_refuses_is_a_dead_letter_and_goes_by_sms_if_urgent(
    context: Context, hub: Hub, world: World, services: Messengers
) -> None:
    held = await confirmed(hub, world)
    with_ways(hub, world, world.other, telegram=True, sms=True)
    with_chat(world, held)
    await tell(hub, held, "disrupted")
    services.told = [telegram_says(400, "Bad Request: chat not found")] * 2
    ends = await send_all(context)
    assert [end.because for end in ends if isinstance(end, GiveUp)] == ["Bad Request: chat not found"]
    assert rows_of(world)[-1] == ("sms", "disrupted", False, False)


@pytest.mark.usefixtures("impatient")
@pytest.mark.parametrize("answer", [SLOW, HANG_UP, Reply(200, b"<html>a wall</html>"), Reply(200, b"x" * 300_000)])
async def test_a_lost_answer_is_never_asked_for_twice(
    context: Context, hub: Hub, world: World, services: Messengers, answer: Any
) -> None:
    held = await confirmed(hub, world)
    with_ways(hub, world, world.other, sms=True)
    await tell(hub, held, "payment_link", facts={})
    world.execute(
        "UPDATE bookings SET status = 'on_hold', expires_at = now() + interval '100 years' WHERE id = %s",
        held.booking.id,
    )
    world.execute("UPDATE messages SET created_at = created_at - interval '1 minute'")
    services.told = [answer]
    await send_all(context)
    await send_all(context)
    assert len(services.of("/sms/send")) == 1
    assert tries_of(world, "sms") == ["unknown"]
    assert ("sms", "payment_link", False, True) in rows_of(world)


@pytest.mark.usefixtures("impatient")
async def test_a_lost_answer_of_telegram_is_made_up_for_by_sms_if_urgent(
    context: Context, hub: Hub, world: World, services: Messengers
) -> None:
    held = await confirmed(hub, world)
    with_ways(hub, world, world.other, telegram=True, sms=True)
    with_chat(world, held)
    await tell(hub, held, "reminder_soon")
    services.told = [HANG_UP]
    await send_all(context)
    await send_all(context)
    assert rows_of(world) == [
        ("email", "reminder_soon", True, False),
        ("telegram", "reminder_soon", False, True),
        ("sms", "reminder_soon", True, False),
    ]


@pytest.mark.parametrize("channel", ["telegram", "sms"])
async def test_a_worker_killed_after_the_call_does_not_send_it_again(
    context: Context, hub: Hub, world: World, services: Messengers, channel: str
) -> None:
    held = await confirmed(hub, world)
    with_ways(hub, world, world.other, telegram=channel == "telegram", sms=channel == "sms")
    if channel == "telegram":
        with_chat(world, held)
    await tell(hub, held, "moved")
    await send_all(context, crash=True)
    assert tries_of(world, channel) == ["started"]
    assert len(services.calls) == 1
    await send_all(context)
    await send_all(context)
    assert len(services.calls) == 1
    assert tries_of(world, channel) == ["unknown"]
    assert (channel, "moved", False, True) in rows_of(world)


async def test_the_control_a_try_that_is_not_written_down_is_sent_twice(
    context: Context, hub: Hub, world: World, services: Messengers
) -> None:
    """What the line written before the call is good for."""
    held = await confirmed(hub, world)
    with_ways(hub, world, world.other, sms=True)
    await tell(hub, held, "moved")
    await send_all(context, crash=True)
    world.execute("DELETE FROM message_attempts")
    await send_all(context)
    assert len(services.calls) == 2


@pytest.mark.parametrize("answer", [Reply(503), sms_says(220), sms_says(201), sms_says(500, of_phone=True)])
async def test_what_surely_was_not_sent_is_tried_again(
    context: Context, hub: Hub, world: World, services: Messengers, answer: Reply
) -> None:
    held = await confirmed(hub, world)
    with_ways(hub, world, world.other, sms=True)
    await tell(hub, held, "moved")
    services.told = [answer]
    with pytest.raises(NotReached):
        await send_all(context)
    await send_all(context)
    assert tries_of(world, "sms") == ["failed", "sent"]
    assert ("sms", "moved", True, False) in rows_of(world)


@pytest.mark.parametrize("answer", [sms_says(200), sms_says(202, of_phone=True), sms_says(204)])
async def test_what_the_service_refuses_is_a_dead_letter(
    context: Context, hub: Hub, world: World, services: Messengers, answer: Reply
) -> None:
    held = await confirmed(hub, world)
    with_ways(hub, world, world.other, sms=True)
    await tell(hub, held, "moved")
    services.told = [answer]
    _mail, end = await send_all(context)
    assert isinstance(end, GiveUp)
    assert end.because.startswith("SMS.ru refused it (20")
    assert tries_of(world, "sms") == ["refused"]
    await send_all(context)
    assert ("sms", "moved", True, False) in rows_of(world), "a person may have it run again"


async def test_nobody_is_reached_at_a_closed_port(hub: Hub, world: World) -> None:
    context = Context.of(hub)
    held = await confirmed(hub, world)
    with_ways(hub, world, world.other, telegram=True)
    with_chat(world, held)
    await tell(hub, held, "changed")
    with pytest.raises(NotReached, match=r"^127\.0\.0\.1:9: ConnectError$"):
        await send_all(context)
    assert tries_of(world, "telegram") == ["failed"]


@pytest.mark.parametrize("channel", ["telegram", "sms"])
async def test_a_way_that_was_taken_away_is_given_up(
    context: Context, hub: Hub, world: World, services: Messengers, channel: str
) -> None:
    held = await confirmed(hub, world)
    with_ways(hub, world, world.other, telegram=channel == "telegram", sms=channel == "sms")
    if channel == "telegram":
        with_chat(world, held)
    await tell(hub, held, "moved")
    world.execute("DELETE FROM notice_settings")
    ends = await send_all(context)
    assert [type(end) for end in ends] == [type(DONE), GiveUp]
    assert services.calls == []


async def test_no_secret_gets_into_errors_logs_or_tries(
    hub: Hub, world: World, services: Messengers, caplog: pytest.LogCaptureFixture
) -> None:
    context = Context.of(hub, services.url)
    held = await confirmed(hub, world)
    with_ways(hub, world, world.other, telegram=True, sms=True)
    with_chat(world, held)
    await tell(hub, held, "moved")
    logging.getLogger("httpx").setLevel(logging.WARNING)  # as ``configure_logging`` has it
    services.told = [Reply(500), telegram_says(400, "Bad Request: chat not found"), Reply(404)]
    with caplog.at_level(logging.DEBUG), pytest.raises(NotReached) as failed:
        await send_all(context)
    await send_all(context)
    seen = caplog.text + repr(failed.value) + str(world.rows("SELECT error FROM message_attempts"))
    assert BOT_TOKEN not in seen
    assert SMS_KEY not in seen
    assert "chat not found" not in str(failed.value)


async def test_the_last_failure_marks_the_message_and_a_later_success_takes_that_back(
    context: Context, hub: Hub, world: World
) -> None:
    held = await confirmed(hub, world)
    await tell(hub, held, "changed")
    context.mail.failure = MailRefused("no such mailbox")
    await send_all(context)
    assert rows_of(world) == [("email", "changed", False, True)]
    context.mail.failure = None
    await send_all(context)
    assert rows_of(world) == [("email", "changed", True, False)]
    assert tries_of(world, "email") == ["refused", "sent"]


async def test_quiet_hours_keep_only_what_is_patient(
    context: Context, hub: Hub, world: World, clock: ManualClock
) -> None:
    held = await confirmed(hub, world)
    # The clock stands at noon of Kamchatka.
    world.execute(
        "INSERT INTO notice_settings (organisation_id, quiet_from, quiet_to) VALUES (%s, %s, %s)",
        world.other.id, time(11), time(13),
    )  # fmt: skip
    await tell(hub, held, "changed")
    await tell(hub, held, "moved")
    first, second = await send_all(context)
    assert first == TryAgain(clock.now() + timedelta(hours=1), "quiet hours")
    assert second == DONE
    assert [mail.subject.partition(" ·")[0] for mail in context.mail.mails] == ["You travel on another departure"]
    locks = [str(row[0]) for row in world.rows("SELECT lock FROM procrastinate_jobs ORDER BY id")]
    assert [lock.partition(":")[0] for lock in locks] == ["message"], "what waits keeps nothing else waiting"
    clock.advance(timedelta(hours=1))
    assert await send_all(context) == [DONE]


async def test_a_message_waits_for_its_link_without_keeping_a_worker(
    context: Context, hub: Hub, world: World, clock: ManualClock
) -> None:
    held = await confirmed(hub, world)
    world.execute(
        "UPDATE bookings SET status = 'on_hold', expires_at = %s WHERE id = %s",
        clock.now() + timedelta(hours=1),
        held.booking.id,
    )
    await tell(hub, held, "payment_link")
    [wait] = await send_all(context)
    assert wait == TryAgain(clock.now() + timedelta(seconds=1), "the payment link is being asked for")
    clock.advance(timedelta(seconds=15))
    assert await send_all(context) == [DONE]
    assert len(context.mail.mails) == 1


async def test_an_operators_own_words_go_out(context: Context, hub: Hub, world: World, services: Messengers) -> None:
    held = await confirmed(hub, world)
    with_ways(hub, world, world.other, telegram=True)
    with_chat(world, held)
    for channel in ("email", "telegram"):
        world.execute(
            "INSERT INTO message_templates (organisation_id, kind, channel, locale, subject, body) VALUES (%s, 'changed', %s, 'en', %s, %s)",
            world.other.id, channel, "News, {name}", "Dear {name}!\n\n{reason} {{as is}} {pay_url}",
        )  # fmt: skip
    await tell(hub, held, "changed", facts={"reason": "The <pass> {code}"})
    await send_all(context)
    [mail] = context.mail.mails
    assert mail.subject == "News, Анна Ёлкина"
    assert "Dear Анна Ёлкина!" in mail.text
    assert "The <pass> {code} {as is}" in mail.text, "what comes in by a value is text"
    assert "Open the booking" in mail.text
    assert mail.html is not None
    assert "The &lt;pass&gt; {code}" in mail.html
    [sent] = services.of("/sendMessage")
    assert sent["text"].startswith("<b>News, Анна Ёлкина</b>\n\nDear Анна Ёлкина!")
    kept = world.rows("SELECT subject, body FROM messages WHERE channel = 'email'")
    assert kept[0][0] == "News, Анна Ёлкина"
    assert "token=" not in str(kept), "what is kept gives nobody a right to the booking"


class Letterbox:
    """Keeps what a real SMTP server took."""

    def __init__(self) -> None:
        self.mails: list[EmailMessage] = []

    async def handle_DATA(self, _server: SMTP, _session: Session, envelope: Envelope) -> str:
        parser: BytesParser[EmailMessage] = BytesParser(_class=EmailMessage, policy=policy.default)
        self.mails.append(parser.parsebytes(envelope.original_content or b""))
        return "250 taken"


async def test_a_real_mail_server_gets_the_operators_name_and_the_same_id_twice(
    context: Context, hub: Hub, world: World
) -> None:
    held = await confirmed(hub, world)
    world.execute(
        "INSERT INTO notice_settings (organisation_id, sender_name, reply_to) VALUES (%s, 'Вулкан Тур', 'help@volcano.example')",
        world.other.id,
    )
    await tell(hub, held, "changed")
    letterbox = Letterbox()
    server = await asyncio.get_running_loop().create_server(
        lambda: SMTP(letterbox, enable_SMTPUTF8=True), "127.0.0.1", 0
    )
    try:
        port = server.sockets[0].getsockname()[1]
        transport = SmtpTransport(f"smtp://127.0.0.1:{port}", "Kamchatour Hub <noreply@hub.example>")
        real: Any = Context(hub, transport, context.settings)  # type: ignore[arg-type]
        await send_all(real, crash=True)
        await send_all(real)
        await send_all(real)
    finally:
        server.close()
    first, second = letterbox.mails
    assert first["From"] == "Вулкан Тур <noreply@hub.example>"
    assert first["Reply-To"] == "help@volcano.example"
    assert first["Message-ID"] == second["Message-ID"], "the reader sees one"


async def test_a_job_of_a_message_whose_booking_is_gone_is_given_up(context: Context, hub: Hub, world: World) -> None:
    held = await confirmed(hub, world)
    await tell(hub, held, "changed")
    organisation = held.booking.organisation_id
    world.execute("ALTER TABLE messages DROP CONSTRAINT messages_organisation_id_booking_id_fkey")
    world.execute("UPDATE messages SET booking_id = %s", world.main.id)
    world.execute("DELETE FROM procrastinate_jobs")
    [(message_id,)] = world.rows("SELECT id FROM messages")
    async with hub.database.system() as connection:
        await enqueue(connection, SEND, organisation_id=organisation, message_id=str(message_id))
    assert await send_all(context) == [GiveUp("the booking of this message is gone")]
