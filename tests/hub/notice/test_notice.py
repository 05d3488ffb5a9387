"""From a change of a booking to the mail in the traveller's hands."""

from __future__ import annotations

from datetime import timedelta
from urllib.parse import parse_qs, urlsplit
from uuid import UUID, uuid4

import pytest

from kamhub.hub.booking import actions as bookings
from kamhub.hub.booking.actions import HeldBooking
from kamhub.hub.notice import actions
from kamhub.hub.notice.types import MessageKind
from kamhub.hub.services import Hub
from kamhub.kit.clock import ManualClock
from kamhub.platform.job.queue import enqueue
from kamhub.platform.job.types import DONE, GiveUp
from kamhub.platform.mail.types import MailRefused
from tests.builders import World
from tests.hub.booking.support import DISPATCHER
from tests.hub.notice.support import Context, booked, send_all


async def tell(hub: Hub, held: HeldBooking, kind: MessageKind, recipient: str = "anna@example.org") -> None:
    organisation = held.booking.organisation_id
    async with hub.database.tenant(organisation) as connection:
        await actions.tell(
            connection, organisation_id=organisation, booking_id=held.booking.id, kind=kind, locale="ru",
            recipient=recipient, now=hub.clock.now(),
        )  # fmt: skip


async def test_a_request_is_acknowledged_and_the_ticket_follows(context: Context, hub: Hub, world: World) -> None:
    held = await booked(hub, world)
    await send_all(context)
    await bookings.decide(hub, held.access, trail=DISPATCHER, confirm=True, message=None)
    await send_all(context)
    asked, confirmed = context.mail.mails
    code = held.booking.code
    for mail in (asked, confirmed):
        assert mail.recipient == "anna@example.org"
        assert code in mail.subject
        assert mail.html is not None
        assert code in mail.text
        assert code in mail.html
        assert "Место airport → Место springs" in mail.text
        assert "пятница, 27 ноября, 12:00" in mail.text
        assert "UTC+12" in mail.text
    assert asked.attachments == ()
    assert [file.name for file in confirmed.attachments] == [f"{code}.pdf", f"{code}.ics"]
    assert confirmed.attachments[0].content.startswith(b"%PDF")
    assert b"BEGIN:VEVENT" in confirmed.attachments[1].content


async def test_the_link_opens_the_booking(context: Context, hub: Hub, world: World) -> None:
    held = await booked(hub, world)
    await send_all(context)
    [mail] = context.mail.mails
    [link] = [line for line in mail.text.splitlines() if line.startswith("http://hub.test")]
    parts = urlsplit(link)
    assert parts.path == f"/booking/{held.booking.id}"
    access = hub.tokens.open(parse_qs(parts.query)["token"][0], held.booking.id)
    assert access.booking_id == held.booking.id


async def test_each_language_is_spoken(context: Context, hub: Hub, world: World) -> None:
    await booked(hub, world, locale="ru")
    await booked(hub, world, locale="en")
    await send_all(context)
    russian, english = context.mail.mails
    assert english.subject.startswith("We have your request")
    assert "Airport → Springs" in english.text
    assert "Friday, 27 November" in english.text
    assert not any("а" <= letter <= "я" for letter in english.subject)
    assert any("а" <= letter <= "я" for letter in russian.subject)


async def test_the_same_job_twice_sends_one_mail(context: Context, hub: Hub, world: World) -> None:
    await booked(hub, world)
    await send_all(context)
    await send_all(context)
    assert len(context.mail.mails) == 1


async def test_a_crash_before_the_mark_sends_the_same_mail_again(
    context: Context, hub: Hub, world: World, clock: ManualClock
) -> None:
    await booked(hub, world)
    await send_all(context, crash=True)
    assert world.rows("SELECT sent_at FROM messages") == [(None,)], "the mark was rolled back"
    clock.advance(timedelta(hours=1))
    await send_all(context)
    first, second = context.mail.mails
    assert first == second


async def test_a_booking_is_told_of_a_kind_once(hub: Hub, world: World) -> None:
    held = await booked(hub, world)
    await tell(hub, held, "held")
    await tell(hub, held, "confirmed")
    await tell(hub, held, "confirmed")
    assert world.rows("SELECT kind FROM messages ORDER BY id") == [("held",), ("confirmed",)]
    assert world.rows("SELECT DISTINCT lock, queue_name FROM procrastinate_jobs") == [
        (f"booking:{held.booking.id}", "notices")
    ]
    assert world.rows("SELECT count(*) FROM procrastinate_jobs") == [(2,)]


async def test_message_and_job_are_saved_with_what_they_tell_of_or_not_at_all(hub: Hub, world: World) -> None:
    held = await booked(hub, world)
    organisation = held.booking.organisation_id
    with pytest.raises(ZeroDivisionError):
        async with hub.database.tenant(organisation) as connection:
            await actions.tell(
                connection, organisation_id=organisation, booking_id=held.booking.id, kind="confirmed",
                locale="ru", recipient="anna@example.org", now=hub.clock.now(),
            )  # fmt: skip
            raise ZeroDivisionError
    assert world.rows("SELECT kind FROM messages") == [("held",)]
    assert world.rows("SELECT count(*) FROM procrastinate_jobs") == [(1,)]


async def test_what_is_not_true_any_more_is_not_sent(context: Context, hub: Hub, world: World) -> None:
    held = await booked(hub, world)
    await bookings.cancel(hub, held.access, "changed plans")
    await send_all(context)
    [mail] = context.mail.mails
    assert "отмен" in mail.subject.lower()
    assert world.rows("SELECT kind FROM messages") == [("cancelled",)]


async def test_a_rejection_passes_on_the_operators_words(context: Context, hub: Hub, world: World) -> None:
    held = await booked(hub, world, locale="en")
    await bookings.decide(hub, held.access, trail=DISPATCHER, confirm=False, message="The <pass> is closed & snowed in")
    await send_all(context)
    [mail] = context.mail.mails
    assert "The <pass> is closed & snowed in" in mail.text
    assert mail.html is not None
    assert "The &lt;pass&gt; is closed &amp; snowed in" in mail.html
    assert "Nothing was charged." in mail.text


async def test_a_refused_recipient_is_given_up(context: Context, hub: Hub, world: World) -> None:
    await booked(hub, world)
    context.mail.failure = MailRefused("no such mailbox")
    [end] = await send_all(context)
    assert isinstance(end, GiveUp)
    assert end.because == "no such mailbox"
    assert world.rows("SELECT sent_at FROM messages") == [(None,)]


async def test_a_server_that_is_away_leaves_the_message_waiting(context: Context, hub: Hub, world: World) -> None:
    await booked(hub, world)
    context.mail.failure = ConnectionError("away")
    with pytest.raises(ConnectionError):
        await send_all(context)
    context.mail.failure = None
    await send_all(context)
    assert len(context.mail.mails) == 1


async def test_a_message_of_another_organisation_is_not_found(context: Context, hub: Hub, world: World) -> None:
    await booked(hub, world)
    [(message_id,)] = world.rows("SELECT id FROM messages")
    world.execute("DELETE FROM procrastinate_jobs")
    for organisation, number in ((world.main.id, message_id), (UUID(int=5), uuid4())):
        async with hub.database.system() as connection:
            await enqueue(connection, actions.SEND, organisation_id=organisation, message_id=str(number))
    assert await send_all(context) == [DONE, DONE]
    assert context.mail.mails == []
