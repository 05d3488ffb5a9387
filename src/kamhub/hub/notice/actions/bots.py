"""The operator's bot: making it known to us, and what it tells us."""

from __future__ import annotations

import hmac
from typing import TYPE_CHECKING
from uuid import UUID

from kamhub.hub.booking.tokens import BookingAccess
from kamhub.hub.notice.forms import BotUpdate
from kamhub.hub.notice.store import chats, settings
from kamhub.hub.notice.telegram import TelegramBot, TelegramLater, TelegramRefused, booking_of, start_token
from kamhub.hub.notice.types import Bot, BotUnknown
from kamhub.hub.services import Hub
from kamhub.kit.text import Locale
from kamhub.platform.i18n.catalogue import translator
from kamhub.platform.job.run import Run
from kamhub.platform.job.types import DONE, GiveUp, Kind, Outcome, Queue, TryAgain
from kamhub.platform.outbound.client import OutboundClient
from kamhub.platform.outbound.types import AnswerLost, NotReached

if TYPE_CHECKING:
    from kamhub.hub.notice.sending import NoticeContext

CALL_US = Kind("notice.call_us", Queue.NOTICES, "tenant")
_START, _STOP = "/start", "/stop"
_GONE = frozenset({"kicked", "left"})


async def call_us(run: Run[NoticeContext]) -> Outcome:
    """Ask the bot for its name and have its news sent to us; what it answers stands on the page of settings."""
    hub = run.context.hub
    async with run.transaction() as connection:
        found = await settings.channel_of(connection, run.organisation)
    if found is None:
        return DONE
    channel_id, token, secret = found
    address = f"{hub.public_url}/api/webhooks/telegram/{channel_id}"
    try:
        async with OutboundClient(run.context.settings.telegram_api_url) as client:
            bot = TelegramBot(client, hub.keys.decrypt(token))
            name = await bot.name()
            await bot.call_us_at(address, hub.keys.decrypt(secret))
    except TelegramLater as later:
        return TryAgain(later.due(hub.clock.now()), str(later))
    except TelegramRefused as refused:
        async with run.transaction() as connection:
            await settings.note_bot(connection, run.organisation, token, None, str(refused))
        return GiveUp(str(refused), refused)
    except (NotReached, AnswerLost) as error:
        async with run.transaction() as connection:
            await settings.note_bot(connection, run.organisation, token, None, str(error))
        raise
    async with run.transaction() as connection:
        await settings.note_bot(connection, run.organisation, token, name, None)
        return await run.finish(connection)


async def require_bot(hub: Hub, channel_id: UUID, secret: str) -> Bot:
    """Whose bot speaks. Raises ``BotUnknown``, also for one that is not there, in the same time."""
    async with hub.database.system() as connection:
        bot = await settings.bot_by_channel(connection, channel_id)
    known = hub.keys.decrypt(bot.secret) if bot is not None else ""
    if not hmac.compare_digest(known.encode(), secret.encode()) or bot is None or not known:
        raise BotUnknown
    return bot


async def hear(hub: Hub, bot: Bot, update: BotUpdate) -> dict[str, object]:
    """Do what a traveller asked of the bot; returns the one call that our answer carries, empty for none.

    ``/start`` with the token of a link sends the messages of that booking to the chat, ``/stop`` or blocking the bot ends it.
    May be told of the same twice.
    """
    told = update.my_chat_member
    if told is not None:
        if told.new_chat_member.status in _GONE:
            async with hub.database.tenant(bot.organisation_id) as connection:
                await chats.unlink_chat(connection, bot.organisation_id, told.chat.id)
        return {}
    message = update.message
    if message is None or message.chat.type != "private" or not message.text:
        return {}
    locale: Locale = "en" if message.sender is not None and message.sender.speaks_english else "ru"
    _ = translator(locale).gettext
    word, _blank, token = message.text.strip().partition(" ")
    if word == _STOP:
        async with hub.database.tenant(bot.organisation_id) as connection:
            await chats.unlink_chat(connection, bot.organisation_id, message.chat.id)
        return _say(message.chat.id, _("No more messages come here. They still come by e-mail."))
    if word != _START:
        return _say(
            message.chat.id, _("This bot only brings news of your bookings. To ask something, call the operator.")
        )
    booking = booking_of(hub.keys, bot.organisation_id, token.strip())
    code = None
    if booking is not None:
        async with hub.database.tenant(bot.organisation_id) as connection:
            code = await chats.link(connection, bot.organisation_id, booking, message.chat.id, hub.clock.now())
    if code is None:
        return _say(
            message.chat.id, _("Open the bot by the button on the page of your booking: it tells me which one it is.")
        )
    return _say(message.chat.id, _("News of booking %(code)s come here now. Send /stop to end that.") % {"code": code})


def _say(chat_id: int, text: str) -> dict[str, object]:
    """Telegram carries out one call that the answer to its own call names."""
    return {"method": "sendMessage", "chat_id": chat_id, "text": text}


async def link_of(hub: Hub, access: BookingAccess) -> tuple[str | None, bool]:
    """``(address that opens the bot for this booking, whether a chat is linked)``; None without a bot."""
    async with hub.database.tenant(access.organisation_id) as connection:
        name = await settings.bot_name(connection, access.organisation_id)
        linked = await chats.is_linked(connection, access.organisation_id, access.booking_id)
    if name is None:
        return None, linked
    return f"https://t.me/{name}?start={start_token(hub.keys, access.organisation_id, access.booking_id)}", linked


async def unlink(hub: Hub, access: BookingAccess) -> None:
    """End the messages of this booking in its chat."""
    async with hub.database.tenant(access.organisation_id) as connection:
        await chats.unlink_booking(connection, access.organisation_id, access.booking_id)
