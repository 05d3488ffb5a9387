"""What the tests of messages share."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Self

from kamhub.hub.booking import actions as bookings
from kamhub.hub.booking.actions import HeldBooking
from kamhub.hub.booking.types import Contact
from kamhub.hub.notice import actions, jobs
from kamhub.hub.notice.types import MessageKind
from kamhub.hub.services import Hub
from kamhub.kit.ids import new_id
from kamhub.kit.text import Locale
from kamhub.platform.job.types import Outcome
from kamhub.platform.mail.types import MailMessage
from kamhub.platform.settings import Settings
from tests.builders import Operator, World
from tests.hub.booking.support import DISPATCHER
from tests.work import work_off

BOT_TOKEN = "123456789:AAFakeTokenOfTheTests-abcdefghijklmn"
SMS_KEY = "0A1B2C3D-SECRET-KEY-OF-THE-TESTS"
CHAT = 5_000_000_001


@dataclass
class Outbox:
    """Keeps the mails, or fails the way it is told to."""

    mails: list[MailMessage] = field(default_factory=list)
    failure: Exception | None = None

    async def send(self, message: MailMessage) -> None:
        if self.failure is not None:
            raise self.failure
        self.mails.append(message)


@dataclass
class Context:
    """What the jobs work with."""

    hub: Hub
    mail: Outbox
    settings: Settings

    @classmethod
    def of(cls, hub: Hub, url: str = "http://127.0.0.1:9") -> Self:
        """With both messengers at that address."""
        return cls(hub, Outbox(), Settings(telegram_api_url=url, sms_api_url=url))


async def booked(hub: Hub, world: World, *, locale: Locale = "ru", departure: Any = None) -> HeldBooking:
    """A booking of the operator who takes no online payment: it waits for the operator."""
    departure = departure or world.departure(operator=world.other)
    held = await bookings.hold(hub, departure_id=departure, passengers=2, channel="page")
    contact = Contact("Анна Ёлкина", "+79141234567", "anna@example.org", locale)
    await bookings.book(hub, held.access, contact=contact)
    return held


async def confirmed(hub: Hub, world: World, *, locale: Locale = "en", departure: Any = None) -> HeldBooking:
    """The same, confirmed; nothing of it waits to be sent."""
    held = await booked(hub, world, locale=locale, departure=departure)
    await bookings.decide(hub, held.access, trail=DISPATCHER, confirm=True, message=None)
    forget(world)
    return held


def forget(world: World) -> None:
    """Nothing was told yet."""
    world.execute("DELETE FROM procrastinate_jobs")
    world.execute("DELETE FROM messages")


async def send_all(context: Context, *, crash: bool = False) -> list[Outcome]:
    """What the worker does with the waiting jobs."""
    return await work_off(context.hub.database, jobs.JOBS, context, crash=crash)


async def tell(
    hub: Hub, held: HeldBooking, kind: MessageKind, *, occasion: str = "", facts: dict[str, str] | None = None
) -> None:
    """Write a message of that kind."""
    organisation = held.booking.organisation_id
    async with hub.database.tenant(organisation) as connection:
        await actions.tell(
            connection, organisation_id=organisation, booking_id=held.booking.id, kind=kind, locale="en",
            recipient="anna@example.org", now=hub.clock.now(), occasion=occasion, facts=facts,
        )  # fmt: skip


def with_ways(hub: Hub, world: World, operator: Operator, *, telegram: bool = False, sms: bool = False) -> None:
    """The operator has a bot, a service for short messages, or both."""
    world.execute(
        "INSERT INTO notice_settings (organisation_id, telegram_token, telegram_bot, telegram_channel_id, "
        "telegram_webhook_secret, sms_provider, sms_key, sms_sender) VALUES (%s, %s, 'kamchatka_bot', %s, %s, %s, %s, 'Kamchatour')",
        operator.id,
        hub.keys.encrypt(BOT_TOKEN) if telegram else None,
        new_id(),
        hub.keys.encrypt("the secret of the webhook"),
        "sms_ru" if sms else None,
        hub.keys.encrypt(SMS_KEY) if sms else None,
    )


def with_chat(world: World, held: HeldBooking, chat: int = CHAT) -> None:
    """The traveller has pressed Start."""
    world.execute(
        "INSERT INTO telegram_chats (organisation_id, booking_id, chat_id, linked_at) VALUES (%s, %s, %s, now())",
        held.booking.organisation_id,
        held.booking.id,
        chat,
    )


def rows_of(world: World) -> Sequence[tuple[object, ...]]:
    """``(channel, kind, sent, failed)`` of every message, in the order written."""
    return world.rows("SELECT channel, kind, sent_at IS NOT NULL, failed_at IS NOT NULL FROM messages ORDER BY id")


def tries_of(world: World, channel: str) -> list[object]:
    """How the tries of messages by that way ended."""
    query = (
        "SELECT a.outcome FROM message_attempts a JOIN messages m ON m.id = a.message_id "
        "WHERE m.channel = %s ORDER BY a.id"
    )
    return [row[0] for row in world.rows(query, channel)]
